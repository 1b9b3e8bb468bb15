//! What a WGSL expression stands for while it is lowered.

use std::rc::Rc;

use crate::ir::{MemoryId, Type, Value};

use super::environment::Slot;

/// A scalar. Constants stay terms until an instruction needs them, so each block gets its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// A constant's bits.
    Const {
        /// Its type.
        ty: Type,
        /// 0 or 1 for a `bool`.
        bits: u32,
    },
    /// A value of the program.
    Value {
        /// Its type.
        ty: Type,
        /// Which.
        value: Value,
    },
}

impl Term {
    /// Its type.
    pub(super) fn ty(self) -> Type {
        match self {
            Self::Const { ty, .. } | Self::Value { ty, .. } => ty,
        }
    }

    /// Zero, or `false`.
    pub(super) const fn zero(ty: Type) -> Self {
        Self::Const { ty, bits: 0 }
    }

    /// A truth value.
    pub(super) const fn truth(value: bool) -> Self {
        Self::Const {
            ty: Type::Bool,
            bits: value as u32,
        }
    }

    /// The bits of a constant.
    pub(super) fn constant(self) -> Option<u32> {
        match self {
            Self::Const { bits, .. } => Some(bits),
            Self::Value { .. } => None,
        }
    }
}

/// The value of an expression.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// A scalar.
    Scalar(Term),
    /// An array of scalars.
    Array(Rc<[Term]>),
    /// The components of an id vector, or the members of a struct.
    Composite(Rc<[Self]>),
    /// A reference to memory or to variables.
    Place(Place),
}

/// What a WGSL reference refers to.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A scalar variable.
    Slot(Slot),
    /// An array variable that is only indexed by constants.
    Slots {
        /// The first element's slot.
        first: Slot,
        /// Elements.
        len: usize,
    },
    /// An array variable that always holds this constant.
    Constant(Rc<[Term]>),
    /// An element of such a variable.
    Element(Term),
    /// An array in memory.
    Array {
        /// Where.
        memory: MemoryId,
        /// Type of an element; a `bool` is stored as 0 or 1.
        element: Type,
        /// Elements, unless the buffer decides.
        len: Option<u32>,
    },
    /// A scalar, or a struct of scalars, that is a whole buffer.
    Buffer {
        /// Where.
        memory: MemoryId,
        /// Its type.
        ty: naga::Handle<naga::Type>,
    },
    /// A word of memory.
    Word {
        /// Where.
        memory: MemoryId,
        /// Type of the word; a `bool` is stored as 0 or 1.
        element: Type,
        /// Which word, `u32`.
        index: Term,
    },
}
