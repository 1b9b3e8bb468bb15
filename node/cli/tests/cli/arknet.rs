//! Running the binary, and job folders to run it on.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What one run of the binary left.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `arknet` with these arguments.
pub(crate) fn arknet<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_arknet"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    Outcome {
        code: output.status.code().expect("it exits by itself"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

impl Outcome {
    /// Checks the exit code, and that a failure is a short message and no panic.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        assert!(!self.stderr.contains("RUST_BACKTRACE"), "{self:#?}");
        assert_eq!(code == 0, self.stderr.is_empty(), "{self:#?}");
        assert!(self.stderr.len() < 4096, "{self:#?}");
        self
    }

    /// Checks that the message has all of these in it.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "no `{part}` in {self:#?}");
        }
        self
    }
}

/// The folder of an example in the repository.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name)
}

/// Whether a Vulkan driver for tests is there (`ci/install-mesa` unpacks one).
pub(crate) fn has_gpu_driver() -> bool {
    cfg!(feature = "gpu") && std::env::var_os("VK_DRIVER_FILES").is_some()
}

/// The backends to test.
pub(crate) fn backends() -> &'static [&'static str] {
    if has_gpu_driver() {
        &["cpu", "wgpu"]
    } else {
        &["cpu"]
    }
}

/// A job folder that lasts as long as the value.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// A folder with `kernel.wgsl` and the given `job.toml`.
    pub(crate) fn new(wgsl: impl AsRef<[u8]>, job: impl AsRef<[u8]>) -> Self {
        let folder = Self(tempfile::tempdir().expect("a temporary folder"));
        folder.write("kernel.wgsl", wgsl);
        folder.write("job.toml", job);
        folder
    }

    /// A job that runs `wgsl`, whose one buffer is `data`, read and written, with `words` zero words.
    pub(crate) fn with_data(wgsl: &str, workgroups: u32, words: u32) -> Self {
        let size = 4 * words;
        Self::new(
            wgsl,
            format!(
                "workload = \"kernel.wgsl\"\nworkgroups = [{workgroups}, 1, 1]\n\
                 [limits]\nsteps = 1000\nmemory = \"1MiB\"\ntime = \"30s\"\n\
                 [[buffer]]\nname = \"data\"\nsize = {size}\noutput = \"data.out\"\n"
            ),
        )
    }

    /// A copy of an example without outputs of earlier runs.
    pub(crate) fn copy_of(name: &str) -> Self {
        let folder = Self(tempfile::tempdir().expect("a temporary folder"));
        for entry in fs::read_dir(example(name)).expect("the example is there") {
            let path = entry.expect("a readable folder").path();
            let extension = path.extension().and_then(OsStr::to_str);
            if matches!(extension, Some("wgsl" | "toml" | "bin")) {
                let name = path.file_name().expect("a file has a name");
                fs::copy(&path, folder.path().join(name)).expect("a copy");
            }
        }
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.file(name), contents).expect("a writable folder");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).expect("a file")
    }

    /// A file's little-endian words.
    pub(crate) fn words(&self, name: &str) -> Vec<u32> {
        let bytes = self.read(name);
        let (words, []) = bytes.as_chunks::<4>() else {
            panic!("{name} is not whole words");
        };
        words.iter().map(|word| u32::from_le_bytes(*word)).collect()
    }

    /// Runs one verb on the folder.
    pub(crate) fn run(&self, verb: &str, more: &[&str]) -> Outcome {
        let mut arguments = vec![verb, self.path().to_str().expect("a plain path")];
        arguments.extend(more);
        arknet(arguments)
    }
}
