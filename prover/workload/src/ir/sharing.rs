//! What invocations that share memory do together: atomics and barriers.

use super::{BinaryOp, Type};

/// What an [`InstKind::Atomic`](super::InstKind::Atomic) does to a word. Each commutes with itself, so the result of several does
/// not depend on their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AtomicOp {
    /// Sum modulo 2^32.
    Add,
    /// The smaller, as numbers of the type of `value`.
    Min,
    /// The larger, as numbers of the type of `value`.
    Max,
    /// Bitwise.
    And,
    /// Bitwise.
    Or,
    /// Bitwise.
    Xor,
}

/// The memory that an [`InstKind::Barrier`](super::InstKind::Barrier) orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BarrierScope {
    /// `Shared` memory: `workgroupBarrier`.
    Workgroup,
    /// `Output` memory, among the invocations of one workgroup: `storageBarrier`.
    Storage,
}

impl AtomicOp {
    /// Every operation, in declaration order; the canonical bytes name one by its position here.
    pub const ALL: [Self; 6] = [
        Self::Add,
        Self::Min,
        Self::Max,
        Self::And,
        Self::Or,
        Self::Xor,
    ];

    /// Its name in the text form: that of [`Self::binary`].
    pub const fn name(self) -> &'static str {
        self.binary().name()
    }

    /// The operation that gives the new word from the old one and the value.
    pub const fn binary(self) -> BinaryOp {
        match self {
            Self::Add => BinaryOp::Add,
            Self::Min => BinaryOp::Min,
            Self::Max => BinaryOp::Max,
            Self::And => BinaryOp::And,
            Self::Or => BinaryOp::Or,
            Self::Xor => BinaryOp::Xor,
        }
    }

    /// The family of an atomic on values of this type. Atomics of one family may meet on a word, those of
    /// two may not.
    pub const fn family(self, value: Type) -> AtomicFamily {
        match (self, value) {
            (Self::Add, _) => AtomicFamily::Add,
            (Self::Min, Type::I32) => AtomicFamily::MinI,
            (Self::Min, _) => AtomicFamily::MinU,
            (Self::Max, Type::I32) => AtomicFamily::MaxI,
            (Self::Max, _) => AtomicFamily::MaxU,
            (Self::And, _) => AtomicFamily::And,
            (Self::Or, _) => AtomicFamily::Or,
            (Self::Xor, _) => AtomicFamily::Xor,
        }
    }
}

/// Atomics that commute with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AtomicFamily {
    /// Sums.
    Add,
    /// Minima of `u32`.
    MinU,
    /// Minima of `i32`.
    MinI,
    /// Maxima of `u32`.
    MaxU,
    /// Maxima of `i32`.
    MaxI,
    /// Bitwise.
    And,
    /// Bitwise.
    Or,
    /// Bitwise.
    Xor,
}

impl BarrierScope {
    /// Every scope, in declaration order; the canonical bytes name one by its position here.
    pub const ALL: [Self; 2] = [Self::Workgroup, Self::Storage];

    /// Its name in the text form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Workgroup => "workgroup",
            Self::Storage => "storage",
        }
    }
}
