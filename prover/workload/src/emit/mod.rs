//! Prints a workload for a GPU compiler, with everything in it that keeps a run inside its limits: as WGSL
//! for wgpu, as CUDA C++ for NVRTC.
//!
//! The printed kernel computes what the [IR](crate::ir) says and nothing else, whatever the workload:
//!
//! * every access that could be out of bounds is compared with the true length first; one that is, traps;
//! * every loop round takes a step off the invocation's budget; a round past the limit traps;
//! * a trap never branches out of the kernel: it is noted, the load gives zero, the store goes
//!   nowhere and the invocation goes on. Once the steps are used up every loop ends at its next start, so the kernel
//!   ends within a bounded number of operations for any input;
//! * a barrier is passed by all invocations of a workgroup or by none, whatever trapped before it;
//! * operations that drivers disagree on (division, remainders, shifts) are printed so that no operand
//!   reaches the disagreement.
//!
//! Limits and lengths arrive as parameters and traps leave in a report buffer, so one compiled kernel
//! serves every job of a workload. [`report`] is the host's side of both. Buffers and private memories
//! are arrays of `u32` whatever their WGSL element type was.

mod access;
mod cuda;
mod dialect;
mod layout;
mod metering;
mod printer;
pub mod report;
mod sharing;
#[cfg(test)]
mod tests;
mod wgsl;

use crate::ir::{MemoryId, Span, Workload};
use crate::job::Access;

pub use layout::{Layout, Role};

/// A workload as text for a compiler, with what the host must know to run it.
#[derive(Clone, Debug)]
pub struct Emitted {
    /// The module. Its one entry point is [`Emitted::ENTRY_POINT`].
    pub source: String,
    /// What the entry point binds.
    pub layout: Layout,
    /// The instructions that can trap, in the order of the program's text.
    pub sites: Vec<Site>,
    /// How much a driver has to compile.
    pub size: Size,
}

impl Emitted {
    /// Name of the entry point.
    pub const ENTRY_POINT: &'static str = "run";
}

/// An instruction that can trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Where it comes from.
    pub span: Span,
    /// Which trap it is.
    pub kind: SiteKind,
}

/// What can go wrong at a [`Site`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteKind {
    /// An index at or past the end of a memory.
    Bounds {
        /// The memory.
        memory: MemoryId,
        /// Read or write.
        access: Access,
    },
    /// Steps past the limit.
    Steps,
}

/// Measures of a kernel that decide how long drivers take to compile it, and whether they survive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Instructions, all blocks together.
    pub instructions: usize,
    /// Loops.
    pub loops: usize,
    /// Blocks printed within blocks, at the deepest place. Less than in the program: where one arm of an
    /// `if` leaves for a loop, the other is printed behind it instead of inside it.
    pub nesting: usize,
    /// Words of the largest private array.
    pub private_words: u32,
}

/// Prints a workload as WGSL, with checks and metering.
pub fn wgsl(workload: &Workload) -> Emitted {
    printer::print(workload.program(), &wgsl::Wgsl)
}

/// Prints a workload as CUDA C++, with checks and metering.
///
/// The entry point takes a parameter for each binding of the layout: a pointer to the buffer's words, but
/// the words of [`report::parameters`] by value. It is launched with one-dimensional blocks of as many
/// threads as a workgroup has invocations, and a grid of the dispatch's workgroups.
pub fn cuda(workload: &Workload) -> Emitted {
    printer::print(workload.program(), &cuda::Cuda)
}
