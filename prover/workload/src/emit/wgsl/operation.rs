//! The value of an operation as a WGSL expression.
//!
//! WGSL defines all of these, but drivers err at the edges: zero divisors and `INT_MIN / -1` are
//! undefined in the languages underneath, so the divisor is replaced before the division, by 1, which
//! gives the defined result (`x / 1 = x`, `x % 1 = 0`). Shift amounts are reduced for the same reason.
//! Conditions are joined by `|` and `&`: `||` and `&&` are branches.

use crate::ir::{BinaryOp, Type};

/// A constant.
pub(super) fn constant(ty: Type, bits: u32) -> String {
    match ty {
        Type::U32 => format!("{bits}u"),
        // `-2147483648i` would negate a literal that is out of range.
        Type::I32 => format!("i32({})", bits.cast_signed()),
        Type::Bool => (bits != 0).to_string(),
    }
}

/// A two-operand operation on operands of type `ty`. `a` and `b` are names, safe to repeat.
pub(super) fn binary(op: BinaryOp, ty: Type, a: &str, b: &str) -> String {
    match op {
        BinaryOp::Add => format!("{a} + {b}"),
        BinaryOp::Sub => format!("{a} - {b}"),
        BinaryOp::Mul => format!("{a} * {b}"),
        BinaryOp::Div => format!("{a} / {}", divisor(ty, a, b)),
        BinaryOp::Rem if ty == Type::U32 => format!("{a} % {}", divisor(ty, a, b)),
        // Remainders of negative numbers are another thing that drivers disagree on.
        BinaryOp::Rem => {
            let divisor = divisor(ty, a, b);
            format!("{a} - ({a} / {divisor}) * {divisor}")
        }
        BinaryOp::And => format!("{a} & {b}"),
        BinaryOp::Or => format!("{a} | {b}"),
        BinaryOp::Xor if ty == Type::Bool => format!("{a} != {b}"),
        BinaryOp::Xor => format!("{a} ^ {b}"),
        BinaryOp::Shl => format!("{a} << ({b} & 31u)"),
        BinaryOp::Shr => format!("{a} >> ({b} & 31u)"),
        BinaryOp::Eq => format!("{a} == {b}"),
        BinaryOp::Ne => format!("{a} != {b}"),
        BinaryOp::Lt => format!("{a} < {b}"),
        BinaryOp::Le => format!("{a} <= {b}"),
        BinaryOp::Min => format!("min({a}, {b})"),
        BinaryOp::Max => format!("max({a}, {b})"),
    }
}

/// `b`, or 1 where dividing `a` by it has no mathematical result in the type.
fn divisor(ty: Type, a: &str, b: &str) -> String {
    if ty == Type::I32 {
        format!("select({b}, 1i, ({b} == 0i) | (({b} == -1i) & ({a} == i32(-2147483648))))")
    } else {
        format!("select({b}, 1u, {b} == 0u)")
    }
}

/// A conversion.
pub(super) fn cast(from: Type, to: Type, operand: &str) -> String {
    match (from, to) {
        (Type::U32, Type::U32) | (Type::I32, Type::I32) | (Type::Bool, Type::Bool) => {
            operand.to_owned()
        }
        (Type::U32, Type::I32) => format!("bitcast<i32>({operand})"),
        (Type::I32, Type::U32) => format!("bitcast<u32>({operand})"),
        (Type::Bool, Type::U32) => format!("select(0u, 1u, {operand})"),
        (Type::Bool, Type::I32) => format!("select(0i, 1i, {operand})"),
        (Type::U32, Type::Bool) => format!("{operand} != 0u"),
        (Type::I32, Type::Bool) => format!("{operand} != 0i"),
    }
}
