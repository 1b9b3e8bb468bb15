//! What a WGSL expression stands for while it is lowered.

use std::rc::Rc;

use crate::ir::{MemoryId, Type, Value};

use super::environment::Slot;
use super::shape::{Layout, Shape};

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

    /// A `u32`.
    pub(super) const fn word(bits: u32) -> Self {
        Self::Const {
            ty: Type::U32,
            bits,
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

/// A value of any type: its leaves. A scalar is a composite of one leaf.
#[derive(Clone, Debug)]
pub(super) struct Composite {
    pub(super) shape: Shape,
    pub(super) terms: Rc<[Term]>,
}

impl Composite {
    /// A value of one scalar.
    pub(super) fn scalar(term: Term) -> Self {
        Self {
            shape: Shape::Scalar(term.ty()),
            terms: Rc::new([term]),
        }
    }

    /// A scalar if there is one term, else a vector; all of one type.
    pub(super) fn scalar_or_vector(terms: Vec<Term>) -> Option<Self> {
        let element = terms.first()?.ty();
        Some(Self {
            shape: match terms.len() {
                1 => Shape::Scalar(element),
                len => Shape::Vector {
                    element,
                    len: u32::try_from(len).ok()?,
                },
            },
            terms: terms.into(),
        })
    }

    /// The zero value of a shape.
    pub(super) fn zero(shape: Shape) -> Self {
        let mut terms = Vec::with_capacity(shape.leaves());
        shape.for_each_leaf(Layout::Dense, 0, &mut |ty, _| terms.push(Term::zero(ty)));
        Self {
            shape,
            terms: terms.into(),
        }
    }

    /// The one term of a scalar.
    pub(super) fn as_scalar(&self) -> Option<Term> {
        match (&self.shape, &*self.terms) {
            (Shape::Scalar(_), &[term]) => Some(term),
            _ => None,
        }
    }

    /// The part at a constant index.
    pub(super) fn part(&self, at: u32) -> Option<Self> {
        let part = self.shape.part(at, Layout::Dense)?;
        let end = part.leaf.checked_add(part.shape.leaves())?;
        Some(Self {
            terms: self.terms.get(part.leaf..end)?.into(),
            shape: part.shape,
        })
    }
}

/// The value of an expression.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// A value.
    Value(Composite),
    /// A reference or pointer to memory or to variables.
    Place(Place),
}

impl From<Composite> for Operand {
    fn from(composite: Composite) -> Self {
        Self::Value(composite)
    }
}

impl From<Term> for Operand {
    fn from(term: Term) -> Self {
        Self::Value(Composite::scalar(term))
    }
}

/// What a WGSL reference refers to.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Variables that are values: a slot for each leaf.
    Slots {
        /// The first leaf's slot.
        first: Slot,
        /// What is there.
        shape: Shape,
    },
    /// A component, chosen at run time, of a vector in slots.
    Lane {
        /// The first component's slot.
        first: Slot,
        /// Components.
        len: u32,
        /// Which, `u32`.
        index: Term,
    },
    /// A variable whose parts are in different places.
    Parts {
        /// A place for each member or element.
        parts: Rc<[Self]>,
        /// What is there.
        shape: Shape,
    },
    /// A variable, or a part of one, that always holds this value.
    Fixed(Composite),
    /// Words of memory.
    Memory {
        /// Where.
        memory: MemoryId,
        /// How the leaves lie; a `bool` is stored as 0 or 1.
        layout: Layout,
        /// What is there.
        shape: Shape,
        /// The first word.
        address: Address,
    },
}

/// A word of a memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Address {
    /// The part that is known at run time, `u32`.
    pub(super) base: Option<Term>,
    /// The part that is constant, in words.
    pub(super) offset: u32,
    /// Whether every index on the way was in bounds. An access traps where it is false.
    pub(super) guard: Option<Term>,
}
