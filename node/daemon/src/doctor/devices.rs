//! What the node computes with: each device runs a small kernel and is held against the reference interpreter, and the
//! walls around the process that does are named.

use std::time::Duration;

use arknet_sandbox::{
    Backend, BackendError, Selection, StartError, WallState, Walls, Worker, WorkerSettings,
};
use arknet_workload::interpreter;
use arknet_workload::job::{Job, Limits};
use arknet_workload::wgsl::{self, FrontEndLimits};

use super::finding::Finding;

const DEVICE: &str = "device";
const SANDBOX: &str = "sandbox";

const KERNEL: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var x = data[id.x] + id.x;
    for (var i = 0u; i < 32u; i++) {
        x = (x * 1664525u + 1013904223u) ^ (x >> 7u);
        if (x % 5u == 0u) { x = x / 3u - 1u; }
    }
    data[id.x] = x;
}";
const WORDS: usize = 256;

/// Tries the backends. What is not there is no fault: a node can do with its processor.
pub(super) fn check() -> Vec<Finding> {
    let job = match job() {
        Ok(job) => job,
        Err(reason) => return vec![broken(&reason)],
    };
    let expected = match interpreter::run(&job) {
        Ok(execution) => execution.buffers,
        Err(error) => return vec![broken(&error.to_string())],
    };
    let mut findings = vec![Finding::good(
        DEVICE,
        "cpu: the reference interpreter ran a kernel",
    )];
    for (name, backend) in [("wgpu", Backend::Wgpu), ("cuda", Backend::Cuda)] {
        findings.extend(try_backend(name, backend, &job, &expected));
    }
    findings
}

fn broken(reason: &str) -> Finding {
    Finding::bad(
        DEVICE,
        format!("cpu: the reference interpreter does not run a kernel: {reason}"),
        "this is a defect of arknet; please report it",
    )
}

fn job() -> Result<Job, String> {
    let workload = wgsl::compile(KERNEL, "main", &FrontEndLimits::default())
        .map_err(|refusal| refusal.to_string())?;
    let limits = Limits {
        steps: 64,
        memory: 1 << 20,
        time: Duration::from_secs(30),
    };
    let words = (0..WORDS as u32).map(|n| n.wrapping_mul(0x9e37_79b9));
    Job::new(
        workload,
        [WORDS as u32 / 64, 1, 1],
        vec![words.collect()],
        limits,
    )
    .map_err(|error| error.to_string())
}

fn try_backend(name: &str, backend: Backend, job: &Job, expected: &[Vec<u32>]) -> Vec<Finding> {
    let started = Worker::start(&WorkerSettings {
        backend,
        selection: Selection::Auto,
        memory: job.memory_bytes(),
        ..WorkerSettings::default()
    });
    let mut worker = match started {
        Ok(worker) => worker,
        Err(StartError::Backend(
            error @ (BackendError::NoAdapter { .. } | BackendError::NoCuda { .. }),
        )) => {
            return vec![Finding::good(
                DEVICE,
                format!("{name}: none, and none is needed ({error})"),
            )];
        }
        Err(error @ StartError::Weak { .. }) => {
            return vec![Finding::bad(
                SANDBOX,
                format!("{name}: {error}"),
                "use Linux 6.2 or later with Landlock and seccomp, or leave this device out; `docs/sandbox.md` says what \
                 each wall stops",
            )];
        }
        Err(error) => {
            return vec![Finding::bad(
                DEVICE,
                format!("{name}: {error}"),
                "mend its driver, or leave this device out of the configuration",
            )];
        }
    };
    let adapter = worker.adapter().to_string();
    let mut findings = walls(name, worker.walls());
    findings.push(match worker.run(job) {
        Ok(ran) if ran.execution.buffers == expected => Finding::good(
            DEVICE,
            format!("{name}: {adapter} computes what the interpreter does"),
        ),
        Ok(_) => Finding::bad(
            DEVICE,
            format!("{name}: {adapter} computes something else than the interpreter"),
            "do not use it: its driver or the device is broken; try another version of the driver",
        ),
        Err(error) => Finding::bad(
            DEVICE,
            format!("{name}: {adapter} does not run a kernel: {error}"),
            "mend its driver, or leave this device out of the configuration",
        ),
    });
    findings
}

/// The walls that are missing. A wall that strangers' jobs need is never missing here: the worker would not have started.
fn walls(name: &str, walls: &Walls) -> Vec<Finding> {
    let missing: Vec<Finding> = walls
        .iter()
        .filter_map(|(wall, state)| match state {
            WallState::Up(_) => None,
            WallState::Missing(reason) => Some(Finding::warning(
                SANDBOX,
                format!("{name}: the wall `{wall}` is missing: {reason}"),
                "`docs/sandbox.md` says what it stops and what holds in its place",
            )),
        })
        .collect();
    if missing.is_empty() {
        vec![Finding::good(SANDBOX, format!("{name}: every wall stands"))]
    } else {
        missing
    }
}
