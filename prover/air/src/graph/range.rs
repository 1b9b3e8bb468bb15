//! Unsigned intervals that contain a word.

use arknet_workload::interpreter::evaluate_binary;
use arknet_workload::ir::{BinaryOp, Type};

/// The words from `min` to `max`, both included. Truth values are 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) min: u32,
    pub(crate) max: u32,
}

impl Range {
    pub(crate) const FULL: Self = Self {
        min: 0,
        max: u32::MAX,
    };
    pub(crate) const BOOL: Self = Self { min: 0, max: 1 };

    pub(crate) const fn constant(value: u32) -> Self {
        Self {
            min: value,
            max: value,
        }
    }

    pub(crate) const fn up_to(max: u32) -> Self {
        Self { min: 0, max }
    }

    pub(crate) fn of_type(ty: Type) -> Self {
        if ty == Type::Bool {
            Self::BOOL
        } else {
            Self::FULL
        }
    }

    pub(crate) fn join(self, other: Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }

    /// The range of a word that is known to be no larger than this besides.
    pub(crate) fn at_most(self, max: u32) -> Self {
        Self {
            min: self.min.min(max),
            max: self.max.min(max),
        }
    }

    pub(crate) fn as_constant(self) -> Option<u32> {
        (self.min == self.max).then_some(self.min)
    }

    /// Whether the word is not negative as an `i32`.
    pub(crate) fn is_non_negative(self) -> bool {
        self.max <= i32::MAX as u32
    }

    /// Interval of an operation's result.
    pub(crate) fn binary(op: BinaryOp, ty: Type, a: Self, b: Self) -> Self {
        if let (Some(a), Some(b)) = (a.as_constant(), b.as_constant()) {
            return Self::constant(evaluate_binary(op, ty, a, b));
        }
        if ty == Type::Bool {
            return Self::BOOL;
        }
        let signed = ty == Type::I32 && !(a.is_non_negative() && b.is_non_negative());
        let wide = |min: u64, max: u64| match (u32::try_from(min), u32::try_from(max)) {
            (Ok(min), Ok(max)) => Self { min, max },
            _ => Self::FULL,
        };
        let (a_min, a_max) = (u64::from(a.min), u64::from(a.max));
        let (b_min, b_max) = (u64::from(b.min), u64::from(b.max));
        match op {
            BinaryOp::Add => wide(a_min + b_min, a_max + b_max),
            BinaryOp::Sub if a.min >= b.max => wide(a_min - b_max, a_max - b_min),
            BinaryOp::Sub => Self::FULL,
            BinaryOp::Mul => wide(a_min * b_min, a_max.saturating_mul(b_max)),
            BinaryOp::Div if !signed => {
                // A zero divisor gives the dividend.
                let min = if b.min == 0 { 0 } else { a.min / b.max };
                Self {
                    min,
                    max: a.max / b.min.max(1),
                }
            }
            BinaryOp::Rem if !signed => Self::up_to(a.max.min(b.max.saturating_sub(1))),
            BinaryOp::And => Self::up_to(a.max.min(b.max)),
            BinaryOp::Or | BinaryOp::Xor => {
                let bits = 32 - (a.max | b.max).leading_zeros();
                Self::up_to(((1u64 << bits) - 1) as u32)
            }
            BinaryOp::Shl => match b.as_constant() {
                Some(amount) => wide(a_min << (amount % 32), a_max << (amount % 32)),
                None => Self::FULL,
            },
            BinaryOp::Shr if ty == Type::U32 || a.is_non_negative() => match b.as_constant() {
                Some(amount) => Self {
                    min: a.min >> (amount % 32),
                    max: a.max >> (amount % 32),
                },
                None => Self::up_to(a.max),
            },
            BinaryOp::Min if !signed => Self {
                min: a.min.min(b.min),
                max: a.max.min(b.max),
            },
            BinaryOp::Max if !signed => Self {
                min: a.min.max(b.min),
                max: a.max.max(b.max),
            },
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le => Self::BOOL,
            BinaryOp::Div | BinaryOp::Rem | BinaryOp::Shr | BinaryOp::Min | BinaryOp::Max => {
                Self::FULL
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPS: [BinaryOp; 16] = [
        BinaryOp::Add,
        BinaryOp::Sub,
        BinaryOp::Mul,
        BinaryOp::Div,
        BinaryOp::Rem,
        BinaryOp::And,
        BinaryOp::Or,
        BinaryOp::Xor,
        BinaryOp::Shl,
        BinaryOp::Shr,
        BinaryOp::Eq,
        BinaryOp::Ne,
        BinaryOp::Lt,
        BinaryOp::Le,
        BinaryOp::Min,
        BinaryOp::Max,
    ];

    /// Every pair of words of every pair of small and edgy intervals gives a result inside.
    #[test]
    fn intervals_contain_every_result() {
        let points = [
            0,
            1,
            2,
            3,
            7,
            31,
            32,
            33,
            65_535,
            65_536,
            1 << 30,
            i32::MAX as u32,
        ];
        let high = [1 << 31, (1 << 31) + 1, u32::MAX - 1, u32::MAX];
        let all: Vec<u32> = points.into_iter().chain(high).collect();
        for ty in [Type::U32, Type::I32] {
            for op in OPS {
                for (i, &a_min) in all.iter().enumerate() {
                    for &a_max in &all[i..] {
                        for (j, &b_min) in all.iter().enumerate() {
                            for &b_max in &all[j..] {
                                let a = Range {
                                    min: a_min,
                                    max: a_max,
                                };
                                let b = Range {
                                    min: b_min,
                                    max: b_max,
                                };
                                let result = Range::binary(op, ty, a, b);
                                for x in [a_min, a_max] {
                                    for y in [b_min, b_max] {
                                        let value = evaluate_binary(op, ty, x, y);
                                        assert!(
                                            result.min <= value && value <= result.max,
                                            "{op:?} {ty} {a:?} {b:?}: {x} {y} gives {value}, not in {result:?}"
                                        );
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
