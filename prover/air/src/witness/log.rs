//! The layout of what execution logs: a row of words for each visit to a block.
//!
//! `[invocation, clock, slots…, entries…]`, one entry for each access of the block.

use crate::lower::MemoryPlan;
use crate::machine::Machine;

/// Positions in an access's entry.
pub(super) mod entry {
    /// The word that the access reads; for an update, the one that it replaces.
    pub(crate) const READ: usize = 0;
    /// Order of the state that it finds.
    pub(crate) const ORDER: usize = 1;
    /// The word that it finds.
    pub(crate) const VALUE: usize = 2;
    /// Whether the word is the invocation's alone.
    pub(crate) const OWN: usize = 3;
    /// Words of an entry where barriers order nothing.
    pub(crate) const SHORT: usize = 4;
    /// Whether the word changes hands.
    pub(crate) const CHANGES: usize = 4;
    /// Party of the state that it finds.
    pub(crate) const PARTY: usize = 5;
    /// Phase of that state.
    pub(crate) const PHASE: usize = 6;
    /// Whether the word is that of no workgroup.
    pub(crate) const GLOBAL: usize = 7;
    /// Words of an entry.
    pub(crate) const LONG: usize = 8;
}

/// What an access logs; the end is cut off where barriers order nothing.
pub(super) type Entry = [u32; entry::LONG];

/// The entry of an access that does not take place. A state that is not taken changes hands freely.
pub(super) const ABSENT: Entry = {
    let mut absent = [0; entry::LONG];
    absent[entry::CHANGES] = 1;
    absent
};

/// Where things are in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LogLayout {
    slots: usize,
    /// Words of an entry.
    pub(super) entry: usize,
}

impl LogLayout {
    pub(super) fn new(machine: &Machine) -> Self {
        let is_phased = machine.plans.contains(&MemoryPlan::Phased);
        Self {
            slots: machine.control.slot_count,
            entry: if is_phased { entry::LONG } else { entry::SHORT },
        }
    }

    /// Where an access's entry begins.
    pub(super) fn access(self, access: usize) -> usize {
        2 + self.slots + self.entry * access
    }
}

/// The visits to a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Visits {
    pub(super) log: Vec<u32>,
    pub(super) stride: usize,
}

impl Visits {
    pub(super) fn rows(&self) -> usize {
        self.log.len() / self.stride
    }
}
