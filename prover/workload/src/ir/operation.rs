//! Names and types of the operations and built-ins: the one table that the checker, the text form, the
//! canonical bytes and the generators share.

use super::{AtomicOp, Axis, BarrierScope, BinaryOp, Builtin, Type};

impl BinaryOp {
    /// Every operation, in declaration order; the canonical bytes name one by its position here.
    pub const ALL: [Self; 16] = [
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::Rem,
        Self::And,
        Self::Or,
        Self::Xor,
        Self::Shl,
        Self::Shr,
        Self::Eq,
        Self::Ne,
        Self::Lt,
        Self::Le,
        Self::Min,
        Self::Max,
    ];

    /// Its name in the text form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Sub => "sub",
            Self::Mul => "mul",
            Self::Div => "div",
            Self::Rem => "rem",
            Self::And => "and",
            Self::Or => "or",
            Self::Xor => "xor",
            Self::Shl => "shl",
            Self::Shr => "shr",
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    /// The type of the result on operands of these types; `None` where the operation does not take them.
    pub fn result_type(self, lhs: Type, rhs: Type) -> Option<Type> {
        match self {
            Self::Add | Self::Sub | Self::Mul | Self::Div | Self::Rem | Self::Min | Self::Max => {
                (lhs == rhs && lhs.is_word()).then_some(lhs)
            }
            Self::And | Self::Or | Self::Xor => (lhs == rhs).then_some(lhs),
            Self::Shl | Self::Shr => (lhs.is_word() && rhs == Type::U32).then_some(lhs),
            Self::Eq | Self::Ne => (lhs == rhs).then_some(Type::Bool),
            Self::Lt | Self::Le => (lhs == rhs && lhs.is_word()).then_some(Type::Bool),
        }
    }
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

impl Builtin {
    /// Every built-in; the canonical bytes name one by its position here.
    pub const ALL: [Self; 13] = [
        Self::GlobalInvocationId(Axis::X),
        Self::GlobalInvocationId(Axis::Y),
        Self::GlobalInvocationId(Axis::Z),
        Self::LocalInvocationId(Axis::X),
        Self::LocalInvocationId(Axis::Y),
        Self::LocalInvocationId(Axis::Z),
        Self::LocalInvocationIndex,
        Self::WorkgroupId(Axis::X),
        Self::WorkgroupId(Axis::Y),
        Self::WorkgroupId(Axis::Z),
        Self::NumWorkgroups(Axis::X),
        Self::NumWorkgroups(Axis::Y),
        Self::NumWorkgroups(Axis::Z),
    ];

    /// Its name in the text form, which is WGSL's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GlobalInvocationId(Axis::X) => "global_invocation_id.x",
            Self::GlobalInvocationId(Axis::Y) => "global_invocation_id.y",
            Self::GlobalInvocationId(Axis::Z) => "global_invocation_id.z",
            Self::LocalInvocationId(Axis::X) => "local_invocation_id.x",
            Self::LocalInvocationId(Axis::Y) => "local_invocation_id.y",
            Self::LocalInvocationId(Axis::Z) => "local_invocation_id.z",
            Self::LocalInvocationIndex => "local_invocation_index",
            Self::WorkgroupId(Axis::X) => "workgroup_id.x",
            Self::WorkgroupId(Axis::Y) => "workgroup_id.y",
            Self::WorkgroupId(Axis::Z) => "workgroup_id.z",
            Self::NumWorkgroups(Axis::X) => "num_workgroups.x",
            Self::NumWorkgroups(Axis::Y) => "num_workgroups.y",
            Self::NumWorkgroups(Axis::Z) => "num_workgroups.z",
        }
    }
}
