//! What messages about memory look like, so that the tables of blocks and of memories agree.

/// Tags that keep the messages of a bus apart.
pub(crate) mod tag {
    use arknet_workload::ir::MemoryId;

    /// `(x, y, 0, 0)`: two bytes.
    pub(crate) const BYTE_PAIR: i64 = 1;
    /// `(x, y, x & y, 0)`: bytes.
    pub(crate) const BYTE_AND: i64 = 2;

    const FIRST_MEMORY: i64 = 16;
    const PER_MEMORY: i64 = 4;

    const fn of(memory: MemoryId, which: i64) -> i64 {
        FIRST_MEMORY + PER_MEMORY * memory.0 as i64 + which
    }

    /// `(address, 0, low, high)`: a word that nobody writes.
    pub(crate) const fn view(memory: MemoryId) -> i64 {
        of(memory, 0)
    }

    /// `(address, owner, low, high)`: the initial word, for its owner.
    pub(crate) const fn owned(memory: MemoryId) -> i64 {
        of(memory, 1)
    }

    /// `(address, owner, low, high)`: the only write of a word.
    pub(crate) const fn store(memory: MemoryId) -> i64 {
        of(memory, 2)
    }

    /// `(address, party, low, high, order)` on the state bus, and `(…, phase, home)` where barriers order the memory.
    pub(crate) const fn state(memory: MemoryId) -> i64 {
        of(memory, 3)
    }
}

/// Fields of a data message.
pub(crate) const DATA_WIDTH: usize = 5;

/// Who a word's state belongs to: nobody but the members of the party may move it.
pub(crate) mod party {
    use arknet_workload::ir::AtomicFamily;

    /// Anybody who reads.
    pub(crate) const READERS: u32 = 0;
    /// One more than the last party that is not an invocation.
    pub(crate) const FIRST_OWNER: u32 = 16;

    /// Anybody who updates by an operation of the family.
    pub(crate) const fn updaters(family: AtomicFamily) -> u32 {
        1 + family as u32
    }

    /// One invocation.
    pub(crate) const fn owner(invocation: u32) -> u32 {
        FIRST_OWNER + invocation
    }
}
