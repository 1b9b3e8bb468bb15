//! One attempt at a job, in a process of its own.
//!
//! ```text
//!  node ── [`perform`] ── spec on stdin ─▶ child ── confines itself ── folder/ (read) ── folder/out/ (write)
//!               ◀── progress, one result on stdout ──┘        └── a sandbox worker, where a GPU runs the kernel
//! ```
//!
//! A stranger's kernel is parsed, interpreted, proven and verified in a child, never in the node: a crash, a defect or
//! a lack of memory there is an outcome of that attempt and of nothing else. The child is this program
//! ([`enter_if_asked`]), has the job's folder and nothing more ([`arknet_sandbox::Confinement`]), and is taken for
//! hostile once it has read the job: what it says is bounded, checked against what the node knows, and shown as text
//! only. What it made is checked by a second child ([`Act::Verify`]) before anybody else sees it.
//!
//! The child is killed with everything in its process group when the attempt is cancelled, over its time, says what it
//! should not, or when the future that waits for it is dropped; the kernel kills it when the node dies.

mod child;
mod ended;
mod message;
mod process;
mod spec;
mod supervise;

pub use child::enter_if_asked;
pub use ended::{Ended, Failure, FailureKind};
pub use message::{Done, Progress, Refusal, RefusalKind, device_name};
pub use process::Program;
pub use spec::{Act, Deadlines, Placement, RECEIPT, TaskSpec, WRITABLE, output_file};
pub use supervise::perform;
