//! Names and types of the operations and built-ins: the one table that the checker, the text form, the
//! canonical bytes and the generators share.

use super::{Axis, BinaryOp, Builtin, Type};

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
