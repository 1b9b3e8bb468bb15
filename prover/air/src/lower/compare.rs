//! Comparisons of words.

use arknet_workload::ir::{BinaryOp, Type};

use super::row::{Hint, RowBuilder};
use crate::graph::NodeId;
use crate::table::Expr;

impl RowBuilder {
    /// `a = b`, as an expression of degree one. With `d` the difference, `z·d = 0` and `d·i = 1 − z` have
    /// exactly one solution `z`.
    pub(super) fn equal(&mut self, node: NodeId, a: NodeId, b: NodeId) -> Expr {
        if let (Some(bits), 1) = (self.block.as_constant(b), self.block.range(a).max)
            && let Some(exact) = self.exact(a)
        {
            // A flag must be a bit in any row; the range says so only for rows that an invocation visits.
            self.assert_boolean(exact);
            let one = self.exprs.constant(1);
            return match bits {
                0 => self.exprs.sub(one, exact),
                1 => exact,
                _ => self.exprs.constant(0),
            };
        }
        let exact = (self.exact(a), self.exact(b));
        let differences = match exact {
            // Below 2^30, so a difference of zero in the field is one of integers.
            (Some(a), Some(b)) => vec![self.exprs.sub(a, b)],
            _ => {
                let (a, b) = (self.limbs(a), self.limbs(b));
                vec![self.exprs.sub(a[0], b[0]), self.exprs.sub(a[1], b[1])]
            }
        };
        let differences: Vec<Expr> = differences
            .into_iter()
            .filter(|&d| self.exprs.as_constant(d) != Some(Default::default()))
            .collect();
        let z = self.column(Hint::Node {
            node,
            shift: 0,
            bits: 1,
        });
        let one = self.exprs.constant(1);
        let mut witnessed = self.exprs.sub(one, z);
        let mut earlier = self.exprs.constant(0);
        for (i, &difference) in differences.iter().enumerate() {
            let product = self.exprs.mul(z, difference);
            self.assert_zero(product);
            // The first difference that is not zero carries the inverse of the whole.
            let inverse = if i == 0 {
                self.column(Hint::Inverse(difference))
            } else {
                self.column(Hint::InverseUnless {
                    expr: difference,
                    unless: earlier,
                })
            };
            let part = self.exprs.mul(difference, inverse);
            witnessed = self.exprs.sub(witnessed, part);
            earlier = self.exprs.add(earlier, part);
        }
        self.assert_zero(witnessed);
        z
    }

    /// `a < b`, as an expression of degree one.
    pub(super) fn less(&mut self, node: NodeId, ty: Type, a: NodeId, b: NodeId) -> Expr {
        let (a_range, b_range) = (self.block.range(a), self.block.range(b));
        let signed = ty == Type::I32 && !(a_range.is_non_negative() && b_range.is_non_negative());
        if !signed {
            if a_range.max < b_range.min {
                return self.exprs.constant(1);
            }
            if a_range.min >= b_range.max {
                return self.exprs.constant(0);
            }
            if a_range.max <= 0xffff
                && b_range.max <= 0xffff
                && let (Some(a), Some(b)) = (self.exact(a), self.exact(b))
            {
                let less = self.boolean_column(Hint::Node {
                    node,
                    shift: 0,
                    bits: 1,
                });
                self.check_borrow(a, b, less);
                return less;
            }
        }
        if !signed && let Some(less) = self.less_by_shift(a, b) {
            return less;
        }
        if signed && self.block.as_constant(b) == Some(0) {
            return self.sign(a);
        }
        let (mut x, mut y) = (self.limbs(a), self.limbs(b));
        if signed {
            // Two's complement order is unsigned order with the sign bit flipped.
            x[1] = self.flip_sign(a, x[1]);
            y[1] = self.flip_sign(b, y[1]);
        }
        let less = self.boolean_column(Hint::Node {
            node,
            shift: 0,
            bits: 1,
        });
        self.assert_less(x, y, less);
        less
    }

    /// Against a power of two, where the row has the other word shifted right by its exponent already:
    /// `2^k − 1 < x` is `x >> k ≠ 0`, and `x < 2^k` is `x >> k = 0`. Zero needs no shift.
    fn less_by_shift(&mut self, a: NodeId, b: NodeId) -> Option<Expr> {
        let (word, exponent, is_above) =
            match (self.block.as_constant(a), self.block.as_constant(b)) {
                (Some(bound), None) => (b, log2(bound.checked_add(1)?)?, true),
                (None, Some(bound)) => (a, log2(bound)?, false),
                _ => return None,
            };
        let shifted = if exponent == 0 {
            word
        } else {
            self.block.shifted_right(word, exponent)?
        };
        let zero = self.block.constant(0, Type::U32);
        let is_zero = self.block.binary(BinaryOp::Eq, Type::U32, shifted, zero);
        let is_zero = self.truth(is_zero);
        let one = self.exprs.constant(1);
        Some(if is_above {
            self.exprs.sub(one, is_zero)
        } else {
            is_zero
        })
    }

    /// Constrains a boolean `less` to be `x < y`, both normalised limbs.
    pub(super) fn assert_less(&mut self, x: [Expr; 2], y: [Expr; 2], less: Expr) {
        let low = self.exprs.sub(x[0], y[0]);
        let borrow = self.boolean_column(Hint::Digit {
            expr: low,
            offset: 0,
            shift: 16,
            bits: 1,
        });
        self.check_borrow(x[0], y[0], borrow);
        let taken = self.exprs.add(y[1], borrow);
        self.check_borrow(x[1], taken, less);
    }

    /// Checks `a − b + 2^16·borrow` to be a 16-bit number: of a boolean `borrow`, only the right one passes.
    fn check_borrow(&mut self, a: Expr, b: Expr, borrow: Expr) {
        let difference = self.exprs.sub(a, b);
        let shifted = self.exprs.scale(borrow, 1 << 16);
        let sum = self.exprs.add(difference, shifted);
        self.range_check(sum);
    }

    /// The high limb with its top bit flipped: `high + 2^15 − 2^16·sign`.
    fn flip_sign(&mut self, node: NodeId, high: Expr) -> Expr {
        let sign = self.sign(node);
        let half = self.exprs.constant(1 << 15);
        let shifted = self.exprs.scale(sign, 1 << 16);
        let sum = self.exprs.add(high, half);
        self.exprs.sub(sum, shifted)
    }
}

fn log2(value: u32) -> Option<u32> {
    value.is_power_of_two().then(|| value.trailing_zeros())
}
