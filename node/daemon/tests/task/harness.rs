//! Job folders, and children to run them.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use arknet_node::task::{
    Act, Deadlines, Ended, Failure, FailureKind, Program, Progress, TaskSpec, perform,
};
use tempfile::TempDir;

/// Counts down from each word to 1 by the rule of Collatz.
pub(crate) const COLLATZ: &str =
    "@group(0) @binding(0) var<storage, read_write> values: array<u32>;
@compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var n = values[id.x];
    var steps = 0u;
    while n > 1u {
        if n % 2u == 0u { n = n / 2u; } else { n = 3u * n + 1u; }
        steps = steps + 1u;
    }
    values[id.x] = steps;
}";

/// Takes as many steps as it may.
pub(crate) const SLOW: &str = "@group(0) @binding(0) var<storage, read_write> values: array<u32>;
@compute @workgroup_size(1) fn main() {
    var n = values[0];
    for (var i = 0u; i < 4000000000u; i++) { n = n * 5u + i; }
    values[0] = n;
}";

/// A job folder.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// A job with the words 1, 2, 3, … in its one buffer.
    pub(crate) fn of(wgsl: &str, workgroups: u32, words: u32, limits: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("kernel.wgsl"), wgsl).unwrap();
        let input: Vec<u8> = (1..=words).flat_map(u32::to_le_bytes).collect();
        fs::write(path.join("values.bin"), input).unwrap();
        let job = format!(
            "workload = \"kernel.wgsl\"\nworkgroups = [{workgroups}, 1, 1]\n[limits]\n{limits}\n[[buffer]]\n\
             name = \"values\"\ninput = \"values.bin\"\n"
        );
        fs::write(path.join("job.toml"), job).unwrap();
        fs::create_dir(path.join("out")).unwrap();
        Self(folder)
    }

    pub(crate) fn collatz() -> Self {
        Self::of(
            COLLATZ,
            4,
            16,
            "steps = 1000\nmemory = \"64KiB\"\ntime = \"60s\"",
        )
    }

    pub(crate) fn slow() -> Self {
        Self::of(
            SLOW,
            1,
            1,
            "steps = 4000000001\nmemory = \"64KiB\"\ntime = \"24h\"",
        )
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn words(&self) -> Vec<u32> {
        let bytes = fs::read(self.path().join("out/buffer-values")).unwrap();
        let words = bytes.chunks_exact(4);
        words
            .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
            .collect()
    }

    pub(crate) fn spec(&self, act: Act) -> TaskSpec {
        let minute = Duration::from_secs(60);
        TaskSpec {
            act,
            folder: self.path().to_owned(),
            memory_bytes: 4 << 30,
            file_bytes: 64 << 20,
            deadlines: Deadlines {
                starting: minute,
                executing: minute,
                proving: minute,
                verifying: minute,
            },
            allow_weak: false,
        }
    }

    /// A program that is no child of ours, but says what a script says.
    pub(crate) fn script(&self, body: &str) -> Program {
        use std::os::unix::fs::PermissionsExt;
        let path: PathBuf = self.path().join("script");
        fs::write(&path, format!("#!/bin/bash\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Program::at(path)
    }
}

/// The program whose children are looked at.
pub(crate) fn program() -> Program {
    Program::at(env!("CARGO_BIN_EXE_arknet-node-child"))
}

/// Performs it to its end.
pub(crate) async fn end(program: &Program, spec: &TaskSpec) -> Ended {
    perform(program, spec, &mut |_| {}, std::future::pending()).await
}

/// Performs it until it is called off.
pub(crate) async fn end_or(
    program: &Program,
    spec: &TaskSpec,
    progress: &mut (dyn FnMut(Progress) + Send),
    cancelled: impl Future<Output = ()>,
) -> Ended {
    perform(program, spec, progress, cancelled).await
}

pub(crate) fn failure(ended: Ended) -> Failure {
    match ended {
        Ended::Failed(failure) => failure,
        other => panic!("it should have failed: {other:?}"),
    }
}

pub(crate) fn kind(ended: Ended) -> FailureKind {
    failure(ended).kind
}
