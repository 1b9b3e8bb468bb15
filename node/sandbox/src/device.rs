//! What a worker runs kernels on: a device of one of the backends.

use arknet_workload::job::Job;

use crate::cuda::CudaRunner;
use crate::protocol::{Backend, Start};
use crate::runner::Ran;
use crate::{AdapterInfo, BackendError, GpuExecution, RunError, WgpuRunner};

/// An open device.
pub(crate) enum Device {
    /// Through wgpu.
    Wgpu(WgpuRunner),
    /// Through CUDA.
    Cuda(CudaRunner),
}

impl Device {
    /// Opens what a worker is to run kernels on.
    pub(crate) fn open(start: &Start) -> Result<Self, BackendError> {
        let limits = start.compile_limits;
        Ok(match start.backend {
            Backend::Wgpu => {
                Self::Wgpu(WgpuRunner::new(start.selection)?.with_compile_limits(limits))
            }
            Backend::Cuda => Self::Cuda(CudaRunner::new()?.with_compile_limits(limits)),
        })
    }

    pub(crate) fn adapter(&self) -> &AdapterInfo {
        match self {
            Self::Wgpu(runner) => runner.adapter(),
            Self::Cuda(runner) => runner.adapter(),
        }
    }

    /// Runs a job, and leaves what a trap means to whoever knows the source.
    pub(crate) fn attempt(&self, job: &Job) -> Result<Ran, RunError> {
        match self {
            Self::Wgpu(runner) => runner.attempt(job),
            Self::Cuda(runner) => runner.attempt(job),
        }
    }

    /// Runs a job of this process's own.
    pub(crate) fn run(&self, job: &Job) -> Result<GpuExecution, RunError> {
        self.attempt(job)?.explain(self.adapter(), job)
    }
}
