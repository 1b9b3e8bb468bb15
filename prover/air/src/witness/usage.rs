//! How the invocations of a run use a word, which decides how its accesses are proven.

use arknet_workload::ir::AtomicFamily;

/// What has been done to a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Touch {
    pub(super) loaded: bool,
    pub(super) stored: bool,
    /// A bit for each family of updates.
    families: u16,
}

/// How accesses to a word are proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    /// Nobody writes it: by lookups.
    Viewed,
    /// Updated by operations of one family alone: in any order.
    Updated,
    /// One invocation's, or one workgroup's where barriers order the memory.
    Owned,
}

impl Touch {
    pub(super) fn update(&mut self, family: AtomicFamily) {
        self.families |= 1 << family as u16;
    }

    pub(super) fn is_written(self) -> bool {
        self.stored || self.families != 0
    }

    pub(super) fn add(&mut self, other: Self) {
        self.loaded |= other.loaded;
        self.stored |= other.stored;
        self.families |= other.families;
    }

    /// The usage of a word to which this is all that was done.
    pub(super) fn usage(self) -> Usage {
        match (self.loaded, self.stored, self.families.count_ones()) {
            (_, false, 0) => Usage::Viewed,
            (false, false, 1) => Usage::Updated,
            _ => Usage::Owned,
        }
    }
}
