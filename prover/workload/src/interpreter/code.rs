//! The flat form that a workload runs in: register operations with jumps.
//!
//! Every SSA value has a register of its own, so constants and whatever else is the same for the whole
//! dispatch are written there once, before the first invocation.

use crate::ir::{AtomicFamily, BarrierScope, Builtin, MemoryId, Span};

/// Index of a register.
pub(super) type Register = u32;

/// Registers of a two-operand operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operands {
    pub(super) to: Register,
    pub(super) lhs: Register,
    pub(super) rhs: Register,
}

/// One operation. Those whose result depends on signedness come in two forms.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Add(Operands),
    Sub(Operands),
    Mul(Operands),
    DivU(Operands),
    DivI(Operands),
    RemU(Operands),
    RemI(Operands),
    And(Operands),
    Or(Operands),
    Xor(Operands),
    Shl(Operands),
    ShrU(Operands),
    ShrI(Operands),
    Eq(Operands),
    Ne(Operands),
    LtU(Operands),
    LtI(Operands),
    LeU(Operands),
    LeI(Operands),
    MinU(Operands),
    MinI(Operands),
    MaxU(Operands),
    MaxI(Operands),
    /// `accept` where `condition` is not zero, else `reject`.
    Select {
        to: Register,
        condition: Register,
        accept: Register,
        reject: Register,
    },
    /// Whether a word is not zero.
    Test {
        to: Register,
        from: Register,
    },
    Move {
        to: Register,
        from: Register,
    },
    /// From an input buffer or constant table.
    LoadTable {
        to: Register,
        table: u32,
        index: Register,
    },
    LoadOutput {
        to: Register,
        output: u32,
        index: Register,
    },
    StoreOutput {
        output: u32,
        index: Register,
        value: Register,
    },
    LoadShared {
        to: Register,
        array: u32,
        index: Register,
    },
    StoreShared {
        array: u32,
        index: Register,
        value: Register,
    },
    /// The numbers of memories fit in a byte, which keeps operations small.
    AtomicOutput {
        family: AtomicFamily,
        output: u8,
        index: Register,
        value: Register,
    },
    AtomicShared {
        family: AtomicFamily,
        array: u8,
        index: Register,
        value: Register,
    },
    LoadPrivate {
        to: Register,
        array: u32,
        index: Register,
    },
    StorePrivate {
        array: u32,
        index: Register,
        value: Register,
    },
    Jump {
        target: u32,
    },
    /// Jumps where the condition is zero.
    JumpUnless {
        condition: Register,
        target: u32,
    },
    /// The start of a loop's body, which has `work` operations.
    Step {
        work: u32,
    },
    /// Steps of unrolled loops.
    Meter {
        steps: u32,
    },
    /// Waits for the workgroup.
    Barrier {
        scope: BarrierScope,
    },
    /// The end of the invocation.
    Return,
}

/// A compiled workload, for one dispatch and one set of buffer lengths.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) ops: Vec<Op>,
    /// The place in the source of each operation.
    pub(super) spans: Vec<Span>,
    /// Registers before the first invocation: what is constant over the dispatch is there already.
    pub(super) registers: Vec<u32>,
    /// Registers to fill at the start of each invocation.
    pub(super) builtins: Vec<(Register, Builtin)>,
    /// The input buffers and constant tables, as [`Op::LoadTable`] counts them.
    pub(super) tables: Vec<MemoryId>,
    /// The output buffers, as [`Op::LoadOutput`] and [`Op::StoreOutput`] count them.
    pub(super) outputs: Vec<MemoryId>,
    /// The shared arrays, as [`Op::LoadShared`] and others count them.
    pub(super) shareds: Vec<Array>,
    /// The private arrays, as [`Op::LoadPrivate`] and [`Op::StorePrivate`] count them.
    pub(super) privates: Vec<Array>,
    /// Which barriers there are.
    pub(super) barriers: Barriers,
    /// What an invocation needs again after a barrier; empty where there is none.
    pub(super) carried: Vec<Register>,
}

impl Code {
    /// Whether invocations of a workgroup have anything in common that others have not, so that workgroups
    /// run as a whole.
    pub(super) fn works_in_groups(&self) -> bool {
        self.barriers.any() || !self.shareds.is_empty()
    }
}

/// A shared or private array.
#[derive(Clone, Copy, Debug)]
pub(super) struct Array {
    pub(super) memory: MemoryId,
    pub(super) words: u32,
    /// Where it starts among all arrays of its kind, laid end to end.
    pub(super) start: u32,
}

impl Array {
    /// Its words where all arrays of its kind lie end to end from `base`.
    #[inline(always)]
    pub(super) fn range(self, base: usize) -> std::ops::Range<usize> {
        let start = base + self.start as usize;
        start..start + self.words as usize
    }

    /// Words of all arrays of a kind.
    pub(super) fn total(arrays: &[Self]) -> usize {
        arrays.iter().map(|array| array.words as usize).sum()
    }
}

/// The scopes of the barriers in a kernel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Barriers {
    pub(super) workgroup: bool,
    pub(super) storage: bool,
}

impl Barriers {
    pub(super) fn any(self) -> bool {
        self.workgroup || self.storage
    }
}
