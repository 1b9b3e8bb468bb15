//! Checks that turn a [`Program`] into a [`Workload`].
//!
//! One walk over the tree checks types, scoping and the ends of blocks. The walk descends no deeper than
//! [`Workload::MAX_DEPTH`], so every later recursive walk over a workload is safe too: first of all those that
//! check that barriers stand in uniform control flow and that little is alive across them.

mod body;
mod interface;
mod scope;
#[cfg(test)]
mod tests;

use super::Program;
use super::canonical;
use super::carried;
use super::identity::WorkloadId;
use super::invalid::InvalidProgram;
use super::renumber::renumber;
use super::uniformity;

/// A program that was checked, its values numbered in the order of the text form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload(Program);

impl Workload {
    /// Invocations of one workgroup.
    pub const MAX_WORKGROUP_INVOCATIONS: u32 = 1024;
    /// Blocks within blocks, the kernel's body not counted.
    pub const MAX_DEPTH: usize = 128;
    /// Values of a program.
    pub const MAX_VALUES: usize = 1 << 20;
    /// Instructions of a program, all blocks together.
    pub const MAX_INSTS: usize = 1 << 20;
    /// Memories of a program.
    pub const MAX_MEMORIES: usize = 64;
    /// Bytes of a memory's name.
    pub const MAX_NAME_BYTES: usize = 256;
    /// Words of all constant tables together.
    pub const MAX_CONSTANT_WORDS: u64 = 1 << 20;
    /// Words of all private arrays together.
    pub const MAX_PRIVATE_WORDS: u64 = 1 << 14;
    /// Words of all shared arrays together: the 16 KiB that every WebGPU adapter has.
    pub const MAX_SHARED_WORDS: u64 = 1 << 12;
    /// Values that are defined before a barrier and used after it: what has to be kept for each invocation
    /// of a workgroup while the others catch up.
    pub const MAX_CARRIED_VALUES: u64 = 1 << 12;

    /// Checks a program and numbers its values in the order of the text form: the results of an `if` or
    /// `loop` before what is inside it. Entries of [`Program::values`] that nothing defines are dropped.
    pub fn new(mut program: Program) -> Result<Self, InvalidProgram> {
        interface::check(&program)?;
        let values = program.values.len() as u64;
        at_most("values", values, Self::MAX_VALUES as u64)?;
        body::check(&program)?;
        uniformity::check(&program)?;
        let carried = carried::across_barriers(&program).len();
        at_most(
            "values that are needed across a barrier",
            carried as u64,
            Self::MAX_CARRIED_VALUES,
        )?;
        renumber(&mut program);
        Ok(Self(program))
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.0
    }

    /// The workload's identity; the same for programs that differ in spans and value numbers only.
    pub fn id(&self) -> WorkloadId {
        WorkloadId::of(&canonical::encode(self))
    }
}

fn at_most(what: &'static str, got: u64, limit: u64) -> Result<(), InvalidProgram> {
    if got > limit {
        return Err(InvalidProgram::TooMany { what, got, limit });
    }
    Ok(())
}
