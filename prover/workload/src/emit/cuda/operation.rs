//! The value of an operation as a C++ expression.
//!
//! Signed overflow is undefined in C++, so words are added, subtracted, multiplied and shifted left as
//! `u32`; a conversion between the two word types keeps the bits. Divisors without a result are replaced by
//! 1, which gives the defined one (`x / 1 = x`, `x % 1 = 0`), and shift amounts are reduced. Truth values
//! are joined by `|` and `&`: `||` and `&&` are branches.

use crate::ir::{BinaryOp, Type};

/// A constant.
pub(super) fn constant(ty: Type, bits: u32) -> String {
    match ty {
        Type::U32 => format!("{bits}u"),
        // The least `i32` is a literal of a wider type.
        Type::I32 => format!("i32({})", bits.cast_signed()),
        Type::Bool => (bits != 0).to_string(),
    }
}

/// A two-operand operation on operands of type `ty`. `a` and `b` are names, safe to repeat.
pub(super) fn binary(op: BinaryOp, ty: Type, a: &str, b: &str) -> String {
    let signed = ty == Type::I32;
    let modular = |operator: &str| match signed {
        true => format!("i32(u32({a}) {operator} u32({b}))"),
        false => format!("{a} {operator} {b}"),
    };
    match op {
        BinaryOp::Add => modular("+"),
        BinaryOp::Sub => modular("-"),
        BinaryOp::Mul => modular("*"),
        BinaryOp::Div => format!("{a} / {}", divisor(ty, a, b)),
        BinaryOp::Rem => format!("{a} % {}", divisor(ty, a, b)),
        BinaryOp::And => format!("{a} & {b}"),
        BinaryOp::Or => format!("{a} | {b}"),
        BinaryOp::Xor if ty == Type::Bool => format!("{a} != {b}"),
        BinaryOp::Xor => format!("{a} ^ {b}"),
        BinaryOp::Shl if signed => format!("i32(u32({a}) << ({b} & 31u))"),
        BinaryOp::Shl => format!("{a} << ({b} & 31u)"),
        BinaryOp::Shr => format!("{a} >> ({b} & 31u)"),
        BinaryOp::Eq => format!("{a} == {b}"),
        BinaryOp::Ne => format!("{a} != {b}"),
        BinaryOp::Lt => format!("{a} < {b}"),
        BinaryOp::Le => format!("{a} <= {b}"),
        BinaryOp::Min => format!("{a} < {b} ? {a} : {b}"),
        BinaryOp::Max => format!("{a} < {b} ? {b} : {a}"),
    }
}

/// `b`, or 1 where dividing `a` by it has no mathematical result in the type.
fn divisor(ty: Type, a: &str, b: &str) -> String {
    if ty == Type::I32 {
        format!("(({b} == 0) | (({b} == -1) & ({a} == i32(-2147483648))) ? 1 : {b})")
    } else {
        format!("({b} == 0u ? 1u : {b})")
    }
}

/// A conversion.
pub(super) fn cast(from: Type, to: Type, operand: &str) -> String {
    match (from, to) {
        (Type::U32, Type::U32) | (Type::I32, Type::I32) | (Type::Bool, Type::Bool) => {
            operand.to_owned()
        }
        (Type::U32 | Type::Bool, Type::I32) => format!("i32({operand})"),
        (Type::I32 | Type::Bool, Type::U32) => format!("u32({operand})"),
        (Type::U32 | Type::I32, Type::Bool) => format!("{operand} != 0"),
    }
}
