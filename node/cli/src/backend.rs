//! What runs a kernel: the reference interpreter, or a GPU.
//!
//! A backend that the user names runs the job or the command fails. Only `auto` chooses, and then the answer
//! says what ran and why a GPU was passed over. A GPU is only ever used from a process that is locked in. It does not
//! look for races; where they are to be found, the interpreter runs the job as well.

use std::thread;
use std::time::{Duration, Instant};

use arknet_workload::interpreter;
use arknet_workload::job::Execution;

use crate::arguments::{Backend, RunArguments};
use crate::error::CliError;
use crate::job::OpenJob;
use crate::memory::Memory;

/// A finished run and what ran it.
pub(crate) struct Ran {
    pub(crate) execution: Execution,
    pub(crate) backend: &'static str,
    pub(crate) device: String,
    pub(crate) elapsed: Duration,
    /// Whether a race would have been found.
    pub(crate) races_checked: bool,
    /// Why `auto` did not take a GPU.
    pub(crate) passed_over: Option<String>,
    /// The walls around the process that ran it, where there was one.
    pub(crate) sandbox: Option<Sandbox>,
}

/// What a job was kept in.
pub(crate) struct Sandbox {
    /// The walls that are missing, or that none is.
    pub(crate) summary: String,
    pub(crate) walls: Vec<WallReport>,
}

/// One restriction of the process that ran the job.
pub(crate) struct WallReport {
    pub(crate) name: &'static str,
    pub(crate) stands: bool,
    /// What it is made of, or why it is missing.
    pub(crate) detail: String,
}

/// How a GPU is used, and the CPU beside it or in its place.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(feature = "gpu"),
    expect(dead_code, reason = "without GPU support nobody asks")
)]
struct Use {
    /// Also where the system lacks walls.
    allow_weak: bool,
    /// With the interpreter beside it.
    check_races: bool,
    /// What the interpreter may take.
    memory: Memory,
}

/// Runs a job as the command line asks for.
pub(crate) fn run(open: &OpenJob, arguments: &RunArguments) -> Result<Ran, CliError> {
    let how = Use {
        allow_weak: arguments.allow_weak_sandbox,
        check_races: arguments.check_races,
        memory: Memory::new(arguments.max_memory),
    };
    let cpu = |passed_over| cpu(open, how.memory, passed_over);
    match arguments.backend {
        Backend::Cpu => cpu(None),
        Backend::Wgpu => gpu::run_wgpu(open, how),
        Backend::Cuda => gpu::run_cuda(open, how),
        Backend::Auto => gpu::run_if_real(open, how)?.or_else(|reason| cpu(Some(reason))),
    }
}

fn cpu(open: &OpenJob, memory: Memory, passed_over: Option<String>) -> Result<Ran, CliError> {
    memory.check_run(open.job())?;
    let start = Instant::now();
    let execution = interpreter::run(open.job()).map_err(|error| open.failed_run(error))?;
    let threads = thread::available_parallelism().map_or(1, usize::from);
    Ok(Ran {
        execution,
        backend: "cpu",
        device: format!("reference interpreter on {threads} threads"),
        elapsed: start.elapsed(),
        races_checked: true,
        passed_over,
        sandbox: None,
    })
}

#[cfg(feature = "gpu")]
mod gpu {
    use arknet_sandbox::{
        Backend, BackendError, Difference, Reference, RunError, Selection, StartError, WallState,
        Walls, Worker, WorkerSettings,
    };
    use arknet_workload::interpreter;

    use super::{CliError, Instant, OpenJob, Ran, Sandbox, Use, WallReport};
    use crate::memory::Memory;

    /// Runs on any adapter, or fails.
    pub(super) fn run_wgpu(open: &OpenJob, how: Use) -> Result<Ran, CliError> {
        run_or_fail(open, Backend::Wgpu, Selection::Any, how)
    }

    /// Runs on an NVIDIA GPU through CUDA, or fails.
    pub(super) fn run_cuda(open: &OpenJob, how: Use) -> Result<Ran, CliError> {
        run_or_fail(open, Backend::Cuda, Selection::Auto, how)
    }

    fn run_or_fail(
        open: &OpenJob,
        backend: Backend,
        selection: Selection,
        how: Use,
    ) -> Result<Ran, CliError> {
        let worker = start(open, backend, selection, how.allow_weak)
            .map_err(|error| CliError::Backend(explain(&error)))?;
        run_on(worker, backend, open, how)?.map_err(CliError::Backend)
    }

    /// Runs on a real GPU, or says why the CPU must.
    pub(super) fn run_if_real(open: &OpenJob, how: Use) -> Result<Result<Ran, String>, CliError> {
        match start(open, Backend::Wgpu, Selection::Auto, how.allow_weak) {
            Ok(worker) => run_on(worker, Backend::Wgpu, open, how),
            // The usual case, which needs no list of what was looked at.
            Err(StartError::Backend(BackendError::NoAdapter { .. })) => {
                Ok(Err("there is no GPU".to_owned()))
            }
            Err(error) => Ok(Err(explain(&error))),
        }
    }

    fn start(
        open: &OpenJob,
        backend: Backend,
        selection: Selection,
        allow_weak: bool,
    ) -> Result<Worker, StartError> {
        Worker::start(&WorkerSettings {
            backend,
            selection,
            memory: open.job().memory_bytes(),
            allow_weak,
            ..WorkerSettings::default()
        })
    }

    fn explain(error: &StartError) -> String {
        match error {
            StartError::Weak { .. } => format!("{error} (`--allow-weak-sandbox`)"),
            _ => error.to_string(),
        }
    }

    /// The outer error is the job's, the inner one the backend's.
    fn run_on(
        mut worker: Worker,
        backend: Backend,
        open: &OpenJob,
        how: Use,
    ) -> Result<Result<Ran, String>, CliError> {
        // The worker is there already, so that a backend that is missing is known before a long check.
        let reference = how
            .check_races
            .then(|| reference(open, how.memory))
            .transpose()?;
        let differs = |worker: &Worker, difference| CliError::Differs {
            device: worker.adapter().to_string(),
            difference,
        };
        let start = Instant::now();
        match worker.run(open.job()) {
            Ok(ran) => {
                let elapsed = start.elapsed();
                if let Some(reference) = &reference {
                    reference
                        .compare(open.job(), &ran.execution)
                        .map_err(|difference| differs(&worker, difference))?;
                }
                Ok(Ok(Ran {
                    execution: ran.execution,
                    backend: match backend {
                        Backend::Wgpu => "wgpu",
                        Backend::Cuda => "cuda",
                    },
                    device: ran.adapter.to_string(),
                    elapsed,
                    races_checked: reference.is_some(),
                    passed_over: None,
                    sandbox: Some(describe(worker.walls())),
                }))
            }
            Err(RunError::Trap(trap)) if reference.is_some() => {
                Err(differs(&worker, Difference::Trap(trap)))
            }
            Err(RunError::Unrepeatable { invocation }) if reference.is_some() => {
                Err(differs(&worker, Difference::Unsteady(invocation)))
            }
            Err(RunError::Trap(trap)) => Err(open.trapped(&trap)),
            Err(error @ RunError::Unrepeatable { .. }) => Err(CliError::Trapped(error.to_string())),
            Err(error @ RunError::OverTime { .. }) => Err(CliError::OverLimit(error.to_string())),
            Err(
                error @ (RunError::OverAdapter { .. }
                | RunError::TooComplex { .. }
                | RunError::OutOfMemory { .. }
                | RunError::DeviceLost { .. }
                | RunError::Driver { .. }
                | RunError::OverWorker { .. }
                | RunError::Died(_)
                | RunError::Protocol(_)
                | RunError::Start(_)),
            ) => Ok(Err(error.to_string())),
        }
    }

    /// What the job means, by the interpreter, in this memory. A trap is the error of the command.
    fn reference(open: &OpenJob, memory: Memory) -> Result<Reference, CliError> {
        memory.check_run(open.job())?;
        Reference::of(open.job()).map_err(|error| match error {
            interpreter::RunError::OverTime { .. } => CliError::OverLimit(format!(
                "{error}: the interpreter, which `--check-races` runs beside the device"
            )),
            error => open.failed_run(error),
        })
    }

    fn describe(walls: &Walls) -> Sandbox {
        Sandbox {
            summary: walls.to_string(),
            walls: walls
                .iter()
                .map(|(wall, state)| WallReport {
                    name: wall.name(),
                    stands: state.is_up(),
                    detail: match state {
                        WallState::Up(detail) => detail.clone(),
                        WallState::Missing(reason) => reason.clone(),
                    },
                })
                .collect(),
        }
    }
}

#[cfg(not(feature = "gpu"))]
mod gpu {
    use super::{CliError, OpenJob, Ran, Use};

    const ABSENT: &str = "this build of arknet has no GPU support";

    pub(super) fn run_wgpu(_: &OpenJob, _: Use) -> Result<Ran, CliError> {
        Err(CliError::Backend(ABSENT.to_owned()))
    }

    pub(super) fn run_cuda(open: &OpenJob, how: Use) -> Result<Ran, CliError> {
        run_wgpu(open, how)
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "the same signature as with GPU support"
    )]
    pub(super) fn run_if_real(_: &OpenJob, _: Use) -> Result<Result<Ran, String>, CliError> {
        Ok(Err(ABSENT.to_owned()))
    }
}
