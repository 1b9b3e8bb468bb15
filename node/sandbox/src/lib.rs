//! Runs jobs on GPUs through wgpu.
//!
//! What reaches the driver is never the text that somebody sent but what
//! [`arknet_workload::emit`] prints from the checked program: every access compared with the true length,
//! every loop metered, no early way out. wgpu's own checks stay on beneath. Before anything is compiled
//! the job is held against the adapter's limits and against the sizes that drivers are known to choke on.
//!
//! Jobs run in the calling process. The driver compiles and runs them there, so a fault in the driver is a
//! fault of this process; whoever runs strangers' jobs must add a process boundary of their own.
#![forbid(unsafe_code)]

mod adapter;
mod error;
mod faults;
mod fit;
mod pass;
mod runner;

pub use adapter::{AdapterInfo, AdapterKind, Selection, adapters};
pub use error::{BackendError, RunError};
pub use fit::CompileLimits;
pub use runner::{GpuExecution, WgpuRunner};
