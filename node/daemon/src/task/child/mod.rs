//! The child's side: a process that confines itself, does what it is told with one job, and ends.
//!
//! Nothing of the job is read before the walls stand. What goes wrong is told as a sentence: about the job, for its
//! client, or about this machine, for its operator.

mod load;
mod prove;
mod run;
mod say;
mod verify;

use std::io::{self, Read};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process;
use std::thread;

use arknet_sandbox::{Confinement, PART_VARIABLE};

use super::message::{Done, Message, Refusal, RefusalKind, Trouble};
use super::process::{PART, Told};
use super::spec::{Act, TaskSpec, WRITABLE};

/// How a child ends that nobody talks to properly.
const MISUSED: i32 = 2;
/// Bytes of addresses for a thread: the stack of one that proves, and of one that does not.
const THREAD: u64 = (64 + 8) << 20;
/// Bytes for everything that does not grow with the job.
const BASE: u64 = 512 << 20;
/// Seconds of processor time beside those of the phases.
const SPARE_SECONDS: u64 = 30;

/// Turns the process into a child where it was started as one; then it does not return. Must come before anything else
/// that `main` does, but for the sandbox worker's entry.
pub fn enter_if_asked() {
    if std::env::var_os(PART_VARIABLE).is_some_and(|part| part == PART) {
        process::exit(live());
    }
}

/// Why there is no result.
enum Stop {
    /// The job's fault.
    Refused(Refusal),
    /// Not the job's fault.
    Failed(Trouble, String),
}

impl Stop {
    fn refused(kind: RefusalKind, reason: impl ToString) -> Self {
        let reason = reason.to_string();
        Self::Refused(Refusal { kind, reason })
    }

    fn failed(trouble: Trouble, reason: impl ToString) -> Self {
        Self::Failed(trouble, reason.to_string())
    }
}

/// The life of a child. Gives its exit code.
fn live() -> i32 {
    let mut told = Vec::new();
    let heard = io::stdin().take(TaskSpec::MAX_BYTES).read_to_end(&mut told);
    let Told { node, spec } = match heard.map(|_| serde_json::from_slice(&told)) {
        Ok(Ok(told)) => told,
        Ok(Err(_)) | Err(_) => {
            eprintln!("this is a part of arknet that arknet starts by itself");
            return MISUSED;
        }
    };
    let confinement = confinement(&spec);
    let walls = confinement.enter();
    // From here on it dies with its node. One that died before is nobody's parent now.
    if rustix::process::getppid().map(|parent| parent.as_raw_nonzero().get().cast_unsigned())
        != Some(node)
    {
        return MISUSED;
    }
    let result = match confinement.gap(&walls) {
        Some((wall, reason)) if !spec.allow_weak => Err(Stop::failed(
            Trouble::Weak,
            format!(
                "this system cannot confine a child (no {wall}: {reason}); use a kernel that has what is missing, or \
                 allow a weak sandbox for jobs that you trust"
            ),
        )),
        _ => guarded(&spec),
    };
    say::message(&match result {
        Ok(done) => Message::Done(done),
        Err(Stop::Refused(refusal)) => Message::Refused(refusal),
        Err(Stop::Failed(trouble, reason)) => Message::Failed { trouble, reason },
    });
    0
}

fn confinement(spec: &TaskSpec) -> Confinement {
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let (workers, writes) = match spec.act {
        Act::Run { on, .. } => (on.is_gpu(), true),
        Act::Prove { .. } => (false, true),
        Act::Verify => (false, false),
    };
    let seconds = spec.deadlines.total().as_secs();
    Confinement {
        readable: vec![spec.folder.clone()],
        writable: if writes {
            vec![spec.folder.join(WRITABLE)]
        } else {
            Vec::new()
        },
        workers,
        memory_bytes: spec
            .memory_bytes
            .saturating_add(BASE)
            // The pool that proves, the one that interprets, and a few threads beside them.
            .saturating_add((2 * threads + 4).saturating_mul(THREAD)),
        file_bytes: spec.file_bytes,
        processor_seconds: seconds
            .saturating_add(SPARE_SECONDS)
            .saturating_mul(threads),
    }
}

/// Does what it is told; a panic is a defect, and its message the reason.
fn guarded(spec: &TaskSpec) -> Result<Done, Stop> {
    panic::catch_unwind(AssertUnwindSafe(|| act(spec))).unwrap_or_else(|_| {
        Err(Stop::failed(
            Trouble::Defect,
            "a defect of arknet; standard error has its place",
        ))
    })
}

fn act(spec: &TaskSpec) -> Result<Done, Stop> {
    let loaded = load::Loaded::open(Path::new("job.toml"))?;
    match spec.act {
        Act::Run { on, reference } => run::run(&loaded, on, reference, spec),
        Act::Prove { preset } => prove::prove(&loaded, preset, spec),
        Act::Verify => verify::verify(&loaded),
    }
}
