//! The exact result of each two-operand operation: the one definition behind the interpreter, the constant
//! folder and the prover's witness.

use crate::ir::{AtomicFamily, BinaryOp, Type};

/// The result of an operation on operands of type `ty` (the left operand's for shifts, whose amount is
/// `u32`). Words are their bits; truth values are 0 and 1. Every operation has a result for all operands.
#[inline(always)]
pub fn evaluate_binary(op: BinaryOp, ty: Type, lhs: u32, rhs: u32) -> u32 {
    let signed = ty == Type::I32;
    let (signed_lhs, signed_rhs) = (lhs as i32, rhs as i32);
    let less = if signed {
        signed_lhs < signed_rhs
    } else {
        lhs < rhs
    };
    match op {
        BinaryOp::Add => lhs.wrapping_add(rhs),
        BinaryOp::Sub => lhs.wrapping_sub(rhs),
        BinaryOp::Mul => lhs.wrapping_mul(rhs),
        BinaryOp::Div if rhs == 0 => lhs,
        BinaryOp::Div if signed => signed_lhs.wrapping_div(signed_rhs) as u32,
        BinaryOp::Div => lhs / rhs,
        BinaryOp::Rem if rhs == 0 => 0,
        BinaryOp::Rem if signed => signed_lhs.wrapping_rem(signed_rhs) as u32,
        BinaryOp::Rem => lhs % rhs,
        BinaryOp::And => lhs & rhs,
        BinaryOp::Or => lhs | rhs,
        BinaryOp::Xor => lhs ^ rhs,
        BinaryOp::Shl => lhs.wrapping_shl(rhs),
        BinaryOp::Shr if signed => signed_lhs.wrapping_shr(rhs) as u32,
        BinaryOp::Shr => lhs.wrapping_shr(rhs),
        BinaryOp::Eq => u32::from(lhs == rhs),
        BinaryOp::Ne => u32::from(lhs != rhs),
        BinaryOp::Lt => u32::from(less),
        BinaryOp::Le => u32::from(less || lhs == rhs),
        BinaryOp::Min if less => lhs,
        BinaryOp::Min => rhs,
        BinaryOp::Max if less => rhs,
        BinaryOp::Max => lhs,
    }
}

/// The result of a conversion between types.
#[inline(always)]
pub fn evaluate_cast(to: Type, operand: u32) -> u32 {
    match to {
        Type::U32 | Type::I32 => operand,
        Type::Bool => u32::from(operand != 0),
    }
}

/// The word that an atomic leaves where `old` was.
#[inline(always)]
pub fn evaluate_atomic(family: AtomicFamily, old: u32, value: u32) -> u32 {
    let (op, ty) = match family {
        AtomicFamily::Add => (BinaryOp::Add, Type::U32),
        AtomicFamily::MinU => (BinaryOp::Min, Type::U32),
        AtomicFamily::MinI => (BinaryOp::Min, Type::I32),
        AtomicFamily::MaxU => (BinaryOp::Max, Type::U32),
        AtomicFamily::MaxI => (BinaryOp::Max, Type::I32),
        AtomicFamily::And => (BinaryOp::And, Type::U32),
        AtomicFamily::Or => (BinaryOp::Or, Type::U32),
        AtomicFamily::Xor => (BinaryOp::Xor, Type::U32),
    };
    evaluate_binary(op, ty, old, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGES: [u32; 16] = [
        0,
        1,
        2,
        3,
        7,
        31,
        32,
        33,
        63,
        65_535,
        65_536,
        0x7fff_ffff,
        0x8000_0000,
        0x8000_0001,
        0xffff_fffe,
        u32::MAX,
    ];

    /// Exact arithmetic on 64 bits, reduced at the end.
    fn expected(op: BinaryOp, ty: Type, lhs: u32, rhs: u32) -> u32 {
        let value = |bits: u32| match ty {
            Type::I32 => i64::from(bits as i32),
            Type::U32 | Type::Bool => i64::from(bits),
        };
        let (a, b) = (value(lhs), value(rhs));
        let amount = rhs % 32;
        let exact = match op {
            BinaryOp::Add => a + b,
            BinaryOp::Sub => a - b,
            BinaryOp::Mul => ((i128::from(a) * i128::from(b)) & 0xffff_ffff) as i64,
            BinaryOp::Div if b == 0 => a,
            BinaryOp::Div => a / b,
            BinaryOp::Rem if b == 0 => 0,
            BinaryOp::Rem => a % b,
            BinaryOp::And => a & b,
            BinaryOp::Or => a | b,
            BinaryOp::Xor => a ^ b,
            BinaryOp::Shl => a << amount,
            BinaryOp::Shr => a >> amount,
            BinaryOp::Eq => i64::from(a == b),
            BinaryOp::Ne => i64::from(a != b),
            BinaryOp::Lt => i64::from(a < b),
            BinaryOp::Le => i64::from(a <= b),
            BinaryOp::Min => a.min(b),
            BinaryOp::Max => a.max(b),
        };
        exact as u32
    }

    #[test]
    fn every_operation_agrees_with_wide_arithmetic_at_the_edges() {
        for op in BinaryOp::ALL {
            for ty in [Type::U32, Type::I32] {
                for lhs in EDGES {
                    for rhs in EDGES {
                        assert_eq!(
                            evaluate_binary(op, ty, lhs, rhs),
                            expected(op, ty, lhs, rhs),
                            "{op:?} {ty} {lhs:#x} {rhs:#x}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn truth_values_stay_truth_values() {
        use BinaryOp::{And, Eq, Ne, Or, Xor};
        for (op, table) in [
            (And, [0, 0, 0, 1]),
            (Or, [0, 1, 1, 1]),
            (Xor, [0, 1, 1, 0]),
            (Eq, [1, 0, 0, 1]),
            (Ne, [0, 1, 1, 0]),
        ] {
            let got = [(0, 0), (0, 1), (1, 0), (1, 1)]
                .map(|(lhs, rhs)| evaluate_binary(op, Type::Bool, lhs, rhs));
            assert_eq!(got, table, "{op:?}");
        }
    }

    #[test]
    fn the_cases_without_a_mathematical_result_are_pinned() {
        const MIN: u32 = i32::MIN as u32;
        let i32 = |op, lhs, rhs| evaluate_binary(op, Type::I32, lhs, rhs);
        let u32 = |op, lhs, rhs| evaluate_binary(op, Type::U32, lhs, rhs);
        assert_eq!(i32(BinaryOp::Div, MIN, u32::MAX), MIN);
        assert_eq!(i32(BinaryOp::Rem, MIN, u32::MAX), 0);
        assert_eq!(i32(BinaryOp::Div, MIN, 0), MIN);
        assert_eq!(i32(BinaryOp::Rem, MIN, 0), 0);
        assert_eq!(u32(BinaryOp::Div, 7, 0), 7);
        assert_eq!(u32(BinaryOp::Rem, 7, 0), 0);
        assert_eq!(i32(BinaryOp::Div, -7i32 as u32, 2), -3i32 as u32);
        assert_eq!(i32(BinaryOp::Rem, -7i32 as u32, 2), -1i32 as u32);
        assert_eq!(u32(BinaryOp::Shl, 3, 32), 3);
        assert_eq!(u32(BinaryOp::Shl, 3, 33), 6);
        assert_eq!(u32(BinaryOp::Shr, MIN, 31), 1);
        assert_eq!(i32(BinaryOp::Shr, MIN, 31), u32::MAX);
        assert_eq!(i32(BinaryOp::Shr, MIN, 32), MIN);
        assert_eq!(u32(BinaryOp::Add, u32::MAX, 1), 0);
        assert_eq!(i32(BinaryOp::Sub, MIN, 1), 0x7fff_ffff);
        assert_eq!(i32(BinaryOp::Mul, MIN, u32::MAX), MIN);
    }

    #[test]
    fn casts_keep_bits_or_test_for_zero() {
        assert_eq!(evaluate_cast(Type::I32, 0x8000_0000), 0x8000_0000);
        assert_eq!(evaluate_cast(Type::U32, 1), 1);
        assert_eq!(evaluate_cast(Type::Bool, 0), 0);
        assert_eq!(evaluate_cast(Type::Bool, 0x8000_0000), 1);
    }
}
