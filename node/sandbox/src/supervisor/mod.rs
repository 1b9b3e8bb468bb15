//! The parent's side: starting workers, handing them jobs, and ending them.
//!
//! Everything that comes from a worker is held against what the parent knows ([`protocol`](crate::protocol)), every wait
//! has an end, and whatever goes wrong with a worker ends that worker and nothing else.

mod allowance;
mod delegation;
mod error;
mod memory_group;
mod pool;
mod program;
mod spawn;
mod timed;
mod worker;

pub use delegation::Delegation;
pub use error::StartError;
pub use memory_group::MemoryGroup;
pub use pool::{Pool, PoolSettings, Reuse};
pub use program::Program;
pub use spawn::spawn as start_process;
pub use worker::{Worker, WorkerSettings};
