//! Why a backend cannot be had, or a run gave no result.

use std::time::Duration;

use arknet_workload::job::{Invocation, Trap};

use crate::protocol::ProtocolError;
use crate::{Death, StartError};

/// Why there is no device to run on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// No adapter, or none that may be used.
    #[error(
        "no usable GPU{}: {}; install a GPU driver with Vulkan, Metal or DirectX 12 support, or use the cpu \
         backend",
        if *software_allowed { " or software driver" } else { "" },
        if refused.is_empty() { "there is no adapter at all".to_owned() } else { refused.join("; ") }
    )]
    NoAdapter {
        /// Whether software drivers would have done.
        software_allowed: bool,
        /// The adapters that are there, each with the reason it was passed over.
        refused: Vec<String>,
    },
    /// The driver would not open the device.
    #[error("{adapter} cannot be opened: {message}")]
    Device {
        /// The adapter.
        adapter: String,
        /// What the driver says.
        message: String,
    },
    /// No NVIDIA GPU, or something of CUDA is missing.
    #[error("there is no CUDA here: {reason}; use the wgpu or the cpu backend")]
    NoCuda {
        /// What is missing.
        reason: String,
    },
}

/// Why a run gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The job trapped.
    #[error(transparent)]
    Trap(#[from] Trap),
    /// The run took longer than the job allows.
    #[error("the run took longer than the declared limit of {limit:?} (`limits.time`)")]
    OverTime {
        /// The declared limit.
        limit: Duration,
    },
    /// The job needs more than the adapter offers.
    #[error("the job needs {needed} {what}, but {adapter} offers {limit}; use the cpu backend")]
    OverAdapter {
        /// What of.
        what: String,
        /// What the job needs.
        needed: u64,
        /// What the adapter offers.
        limit: u64,
        /// The adapter.
        adapter: String,
    },
    /// The kernel is larger than a driver is trusted to compile.
    #[error("the kernel has {got} {what}; at most {limit} are given to a GPU driver")]
    TooComplex {
        /// What of.
        what: String,
        /// What the kernel has.
        got: u64,
        /// The limit in [`CompileLimits`](crate::CompileLimits).
        limit: u64,
    },
    /// The device has no memory left for the job's buffers.
    #[error("{adapter} is out of memory; the job's buffers take {bytes} bytes")]
    OutOfMemory {
        /// The adapter.
        adapter: String,
        /// Bytes of the job's buffers.
        bytes: u64,
    },
    /// The device is gone, or still busy with an earlier job that went over its time.
    #[error("{adapter} is lost: {message}; open it anew")]
    DeviceLost {
        /// The adapter.
        adapter: String,
        /// What is known.
        message: String,
    },
    /// An invocation trapped in one run of the job and not in the next.
    #[error(
        "invocation {} trapped in one run but not in the next, so the kernel has a data race; the cpu \
         backend finds it",
        invocation.0
    )]
    Unrepeatable {
        /// The invocation.
        invocation: Invocation,
    },
    /// The driver or wgpu refused something that it should not have.
    #[error("{adapter}: {message}")]
    Driver {
        /// The adapter.
        adapter: String,
        /// What it says.
        message: String,
    },
    /// The job has more bytes than workers are started for.
    #[error("the job's buffers take {bytes} bytes, and workers take at most {limit}")]
    OverWorker {
        /// Bytes of the job's buffers.
        bytes: u64,
        /// What the worker takes.
        limit: u64,
    },
    /// The worker process ended before it answered.
    #[error("the worker process that ran the job ended: {0}")]
    Died(Death),
    /// The worker process said something that it should not have.
    #[error("the worker process that ran the job is not to be believed: {0}")]
    Protocol(ProtocolError),
    /// The next job needs a worker, and none can be started.
    #[error(transparent)]
    Start(#[from] StartError),
}
