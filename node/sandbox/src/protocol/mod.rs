//! What a parent and its worker say to each other, over a socket that only the two have.
//!
//! The worker must be taken for hostile: a kernel may have broken the driver and speak in its place. So nothing that
//! it says is believed further than it can be checked. Sizes are the parent's own (it knows how many words each
//! output has), text is short and plain, numbers are held against the job, and a message that is not exactly as
//! described here ends the worker. Reading is strict in both directions: each message has one encoding.
//!
//! ```text
//! message  = kind:u8 head_bytes:u32 words:u64 head… word…
//!
//! parent → worker
//!   1 start    = "arknet-worker\0" version:u16 backend:u8 selection:u8 memory:u64
//!                instructions:u64 loops:u64 nesting:u64 private_words:u32
//!   2 job      = number:u64 workgroups:u32×3 steps:u32 memory:u64 seconds:u64 nanoseconds:u32
//!                program:(u32, canonical bytes…) buffers:u32 (words:u64)…        words: the buffers' contents
//! worker → parent
//!   129 ready   = version:u16 adapter walls
//!   130 unready = version:u16 (0 refused:u8 text… | 1 adapter:text message:text
//!                | 2 reason:text)
//!   131 done    = number:u64 steps:u32 compile_ns:u64 run_ns:u64                 words: the writable buffers'
//!   132 trapped = number:u64 report:u32×4
//!   133 failed  = number:u64 failure
//! text     = length:u16, UTF-8 without control characters
//! ```
//!
//! Integers are little-endian and of fixed width. `start` comes first and is answered by `ready` or `unready`; each
//! `job` is answered by `done`, `trapped` or `failed`. A worker that speaks unasked is ended.

mod answer;
mod codec;
mod error;
mod frame;
mod job;
mod ready;
mod start;
#[cfg(test)]
mod tests;

pub(crate) use answer::outputs;
pub use answer::{Answer, Done, Expected, Failure};
pub use codec::plain;
pub use error::ProtocolError;
pub use job::JobMessage;
pub use ready::{Ready, Unready};
pub use start::{Backend, Start};

/// The version this code speaks, and the only one it understands.
pub const VERSION: u16 = 1;

/// First byte of each message.
mod kind {
    pub(super) const START: u8 = 1;
    pub(super) const JOB: u8 = 2;
    pub(super) const READY: u8 = 129;
    pub(super) const UNREADY: u8 = 130;
    pub(super) const DONE: u8 = 131;
    pub(super) const TRAPPED: u8 = 132;
    pub(super) const FAILED: u8 = 133;
}
