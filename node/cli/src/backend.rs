//! What runs a kernel: the reference interpreter, or a GPU.
//!
//! A backend that the user names runs the job or the command fails. Only `auto` chooses, and then the answer
//! says what ran and why a GPU was passed over.

use std::thread;
use std::time::{Duration, Instant};

use arknet_workload::interpreter;
use arknet_workload::job::Execution;

use crate::arguments::Backend;
use crate::error::CliError;
use crate::job::OpenJob;

/// A finished run and what ran it.
pub(crate) struct Ran {
    pub(crate) execution: Execution,
    pub(crate) backend: &'static str,
    pub(crate) device: String,
    pub(crate) elapsed: Duration,
    /// Why `auto` did not take a GPU.
    pub(crate) passed_over: Option<String>,
}

/// Runs a job.
pub(crate) fn run(open: &OpenJob, backend: Backend) -> Result<Ran, CliError> {
    match backend {
        Backend::Cpu => cpu(open, None),
        Backend::Wgpu => gpu::run(open),
        Backend::Auto => gpu::run_if_real(open)?.or_else(|reason| cpu(open, Some(reason))),
    }
}

fn cpu(open: &OpenJob, passed_over: Option<String>) -> Result<Ran, CliError> {
    let start = Instant::now();
    let execution = interpreter::run(open.job()).map_err(|error| open.failed_run(error))?;
    let threads = thread::available_parallelism().map_or(1, usize::from);
    Ok(Ran {
        execution,
        backend: "cpu",
        device: format!("reference interpreter on {threads} threads"),
        elapsed: start.elapsed(),
        passed_over,
    })
}

#[cfg(feature = "gpu")]
mod gpu {
    use arknet_sandbox::{BackendError, RunError, Selection, WgpuRunner};

    use super::{CliError, Instant, OpenJob, Ran};

    /// Runs on any adapter, or fails.
    pub(super) fn run(open: &OpenJob) -> Result<Ran, CliError> {
        let runner = WgpuRunner::new(Selection::Any)
            .map_err(|error| CliError::Backend(error.to_string()))?;
        run_on(&runner, open)?.map_err(CliError::Backend)
    }

    /// Runs on a real GPU, or says why the CPU must.
    pub(super) fn run_if_real(open: &OpenJob) -> Result<Result<Ran, String>, CliError> {
        match WgpuRunner::new(Selection::Auto) {
            Ok(runner) => run_on(&runner, open),
            // The usual case, which needs no list of what was looked at.
            Err(BackendError::NoAdapter { .. }) => Ok(Err("there is no GPU".to_owned())),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// The outer error is the job's, the inner one the backend's.
    fn run_on(runner: &WgpuRunner, open: &OpenJob) -> Result<Result<Ran, String>, CliError> {
        let start = Instant::now();
        match runner.run(open.job()) {
            Ok(ran) => Ok(Ok(Ran {
                execution: ran.execution,
                backend: "wgpu",
                device: ran.adapter.to_string(),
                elapsed: start.elapsed(),
                passed_over: None,
            })),
            Err(RunError::Trap(trap)) => Err(open.trapped(&trap)),
            Err(error @ RunError::Unrepeatable { .. }) => Err(CliError::Trapped(error.to_string())),
            Err(error @ RunError::OverTime { .. }) => Err(CliError::OverLimit(error.to_string())),
            Err(
                error @ (RunError::OverAdapter { .. }
                | RunError::TooComplex { .. }
                | RunError::OutOfMemory { .. }
                | RunError::DeviceLost { .. }
                | RunError::Driver { .. }),
            ) => Ok(Err(error.to_string())),
        }
    }
}

#[cfg(not(feature = "gpu"))]
mod gpu {
    use super::{CliError, OpenJob, Ran};

    const ABSENT: &str = "this build of arknet has no GPU support";

    pub(super) fn run(_: &OpenJob) -> Result<Ran, CliError> {
        Err(CliError::Backend(ABSENT.to_owned()))
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "the same signature as with GPU support"
    )]
    pub(super) fn run_if_real(_: &OpenJob) -> Result<Result<Ran, String>, CliError> {
        Ok(Err(ABSENT.to_owned()))
    }
}
