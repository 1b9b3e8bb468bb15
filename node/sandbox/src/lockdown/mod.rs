//! How a worker locks itself in, before it sees a job.
//!
//! The order matters. What holds for a process or is handed down to new threads comes first, then Landlock, which holds
//! for the thread that asks for it and those it starts later; so the driver, which starts threads, comes after. Then the
//! driver runs a kernel, so that all it opens and starts is opened and started, and seccomp closes the door behind it,
//! for all threads at once. From there on a worker can compute, use memory up to its limits, and talk to its parent.
//!
//! A wall that cannot be built is reported and the worker goes on: whether that is good enough is for the parent to
//! decide.

#[cfg(not(target_os = "linux"))]
mod absent;
#[cfg(target_os = "linux")]
mod confined_calls;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod system_calls;

/// How a driver reaches what it computes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    /// Not at all: it computes on the processor.
    Software,
    /// Through device files that it opens and controls while jobs run.
    Hardware,
}

#[cfg(not(target_os = "linux"))]
pub(crate) use absent::{
    Reachable, close_confined, close_confined_calls, close_files, close_files_but, close_process,
    close_system_calls,
};
#[cfg(target_os = "linux")]
pub(crate) use confined_calls::close_confined_calls;
#[cfg(target_os = "linux")]
pub(crate) use files::{Reachable, close_files, close_files_but};
#[cfg(target_os = "linux")]
pub(crate) use process::{close_confined, close_process};
#[cfg(target_os = "linux")]
pub(crate) use system_calls::close_system_calls;
