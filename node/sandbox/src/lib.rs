//! Runs jobs on GPUs, each in a process that is locked in.
//!
//! ```text
//!  parent (CLI, daemon)                            worker (one process, one job)
//!  [`Pool`] ── [`Worker`] ── [`protocol`] ═══════ [`worker`] ── lock-down ── [`WgpuRunner`] ── driver
//! ```
//!
//! What reaches the driver is never the text that somebody sent but what [`arknet_workload::emit`] prints from the checked
//! program: every access compared with the true length, every loop metered, no early way out. wgpu's own checks stay
//! on beneath. Before anything is compiled the job is held against the adapter's limits and against the sizes that
//! drivers are known to choke on.
//!
//! Drivers have faults all the same, and a kernel that finds one must not find more than a worker: [`Wall`] lists what a
//! worker cannot do, `docs/sandbox.md` why that is enough. [`WgpuRunner`] runs jobs in the calling process, without any
//! wall; it is what a worker uses, and for trusted kernels such as those of tests.
#![deny(unsafe_code)]

#[cfg(not(unix))]
compile_error!("the sandbox needs Unix sockets; build `arknet` with `--no-default-features`");

mod adapter;
mod confine;
pub mod cuda;
mod death;
mod device;
mod environment;
mod error;
mod faults;
mod fit;
mod lockdown;
mod pass;
pub mod protocol;
mod reference;
mod runner;
mod supervisor;
mod trap;
mod wall;
pub mod worker;

pub use adapter::{AdapterInfo, AdapterKind, Selection, adapters};
pub use confine::Confinement;
pub use death::Death;
pub use environment::{MARK as PART_VARIABLE, for_worker as driver_environment};
pub use error::{BackendError, RunError};
pub use fit::CompileLimits;
pub use protocol::Backend;
pub use reference::{Difference, Reference};
pub use runner::{GpuExecution, WgpuRunner};
pub use supervisor::{
    Delegation, MemoryGroup, Pool, PoolSettings, Program, Reuse, StartError, Worker,
    WorkerSettings, start_process,
};
pub use wall::{Wall, WallState, Walls};
