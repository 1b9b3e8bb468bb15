//! The memory that invocations have in common, as a run sees it.

use super::touch::Action;
use crate::ir::{AtomicFamily, BarrierScope};
use crate::job::{Access, Invocation};

/// A word of memory that invocations have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Word {
    pub(super) space: Common,
    /// Number of the memory among those of its space.
    pub(super) memory: u32,
    pub(super) index: u32,
}

impl Word {
    pub(super) fn new(space: Common, memory: u32, index: u32) -> Self {
        Self {
            space,
            memory,
            index,
        }
    }
}

/// The spaces whose words several invocations may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Common {
    Output,
    Shared,
}

/// Who makes an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) invocation: Invocation,
    /// Place in the code.
    pub(super) op: usize,
}

/// Why an access was refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The index is past the end.
    OutOfBounds,
    /// The invocation must not go on: it met another's access.
    Conflict,
}

/// The common memory that a thread runs invocations on.
pub(super) trait CommonMemory {
    /// Loads a word.
    fn load(&mut self, word: Word, origin: Origin) -> Result<u32, Fault>;

    /// Stores a word.
    fn store(&mut self, word: Word, value: u32, origin: Origin) -> Result<(), Fault>;

    /// Combines a word with a value.
    fn update(
        &mut self,
        word: Word,
        family: AtomicFamily,
        value: u32,
        origin: Origin,
    ) -> Result<(), Fault>;

    /// Turns to a workgroup. Its shared memory is all zeros.
    fn enter(&mut self, group: u32);

    /// All invocations of the workgroup have come to a barrier, or to their end. Gives whether going on has a
    /// meaning.
    fn goes_on(&mut self) -> bool;

    /// All invocations pass a barrier.
    fn pass(&mut self, scope: BarrierScope);
}

impl Action {
    /// As errors name it.
    pub(super) fn access(self) -> Access {
        match self {
            Self::Read => Access::Read,
            Self::Write => Access::Write,
            Self::Update(_) => Access::Update,
        }
    }
}
