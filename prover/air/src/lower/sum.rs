//! Unreduced sums: words modulo 2^32 as two expressions with bounds.

use arknet_workload::ir::BinaryOp;

use super::bits::BitFunction;
use super::row::{Hint, RowBuilder};
use crate::graph::{NodeId, Op};
use crate::table::{Expr, MAX_DEGREE};

/// Every part of a sum stays below this in absolute value, so its carry has at most [`CARRY_BITS`] bits.
const BOUND: i64 = 1 << 28;
/// Bits of the largest carry. Both sides of `limb + 2^16·carry = sum` then lie in an interval shorter than
/// `2^30 + 2^29 + 2^18 < p`, so the equation holds over the integers. With 15 bits, the carry and the limb could go
/// once round the field.
const CARRY_BITS: u32 = 14;
/// Largest constant factor that scales a sum in place.
const MAX_FACTOR: i64 = 1 << 12;
/// Carries of up to this many bits are columns of one bit each; longer ones are looked up.
const MAX_CARRY_BITS: u32 = 6;

/// The word congruent to `limbs[0] + 2^16·limbs[1]` modulo 2^32, with integer bounds of each part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum {
    pub(super) limbs: [Expr; 2],
    pub(super) min: [i64; 2],
    pub(super) max: [i64; 2],
}

impl Sum {
    /// Normalised limbs as a sum.
    fn of_limbs(limbs: [Expr; 2]) -> Self {
        Self {
            limbs,
            min: [0; 2],
            max: [0xffff; 2],
        }
    }

    fn is_within_bounds(&self) -> bool {
        self.min
            .iter()
            .chain(&self.max)
            .all(|bound| bound.abs() < BOUND)
    }
}

impl RowBuilder {
    /// The word as an unreduced sum. Takes no column where its operands have forms.
    pub(super) fn sum(&mut self, node: NodeId) -> Sum {
        if let Some(limbs) = self.forms(node).limbs {
            return Sum::of_limbs(limbs);
        }
        let in_bits = self.forms(node).bits.is_some() || self.wants_bits.contains(&node);
        if in_bits && self.block.as_constant(node).is_none() {
            return self.sum_of_bits(node);
        }
        if let Some(sum) = self.forms(node).sum {
            return sum;
        }
        let sum = self
            .lazy_sum(node)
            .unwrap_or_else(|| Sum::of_limbs(self.limbs(node)));
        self.forms(node).sum = Some(sum);
        sum
    }

    /// The sum of an operation's result from those of its operands; none where the operation has no such form.
    /// Sums, differences, products and selections always have one.
    pub(super) fn lazy_sum(&mut self, node: NodeId) -> Option<Sum> {
        let range = self.block.range(node);
        if self.is_exact_primary(node)
            && range.max < 1 << 20
            && let Some(exact) = self.exact(node)
        {
            return Some(Sum {
                limbs: [exact, self.exprs.constant(0)],
                min: [i64::from(range.min), 0],
                max: [i64::from(range.max), 0],
            });
        }
        match self.block.node(node).op {
            Op::Binary(BinaryOp::Add, _, a, b) => Some(self.add_sums(a, b, 1)),
            Op::Binary(BinaryOp::Sub, _, a, b) => Some(self.add_sums(a, b, -1)),
            Op::Binary(BinaryOp::Mul, _, a, b) => match self.factor(b) {
                Some(factor) => Some(self.scaled(a, factor)),
                None => Some(self.product(a, b)),
            },
            Op::Select(condition, a, b) => Some(self.choose_sums(condition, a, b)),
            Op::Binary(BinaryOp::Shl, _, a, b) => match self.block.as_constant(b) {
                Some(amount) if amount <= 12 => Some(self.scaled(a, 1 << amount)),
                _ => None,
            },
            _ => None,
        }
    }

    /// A constant factor, negative where that is shorter.
    fn factor(&self, node: NodeId) -> Option<i64> {
        let bits = self.block.as_constant(node)?;
        let signed = i64::from(bits as i32);
        (signed.abs() <= MAX_FACTOR).then_some(signed)
    }

    fn add_sums(&mut self, a: NodeId, b: NodeId, sign: i64) -> Sum {
        let (a, b) = (self.summand(a), self.summand(b));
        let mut sum = a;
        for i in 0..2 {
            let (min, max) = if sign > 0 {
                (b.min[i], b.max[i])
            } else {
                (-b.max[i], -b.min[i])
            };
            sum.limbs[i] = if sign > 0 {
                self.exprs.add(a.limbs[i], b.limbs[i])
            } else {
                self.exprs.sub(a.limbs[i], b.limbs[i])
            };
            sum.limbs[i] = self.compact(sum.limbs[i]);
            sum.min[i] = a.min[i] + min;
            sum.max[i] = a.max[i] + max;
        }
        sum
    }

    /// A sum with room to grow: reduced first where its bounds are already large.
    fn summand(&mut self, node: NodeId) -> Sum {
        let sum = self.sum(node);
        let large = sum
            .min
            .iter()
            .chain(&sum.max)
            .any(|bound| bound.abs() >= BOUND / 2);
        if large {
            Sum::of_limbs(self.limbs(node))
        } else {
            sum
        }
    }

    /// Within bounds, since `2^16` times the largest factor is.
    fn scaled(&mut self, node: NodeId, factor: i64) -> Sum {
        let scale = |row: &mut Self, sum: Sum| {
            let mut scaled = sum;
            for i in 0..2 {
                scaled.limbs[i] = row.exprs.scale(sum.limbs[i], factor);
                let ends = [sum.min[i] * factor, sum.max[i] * factor];
                scaled.min[i] = ends[0].min(ends[1]);
                scaled.max[i] = ends[0].max(ends[1]);
            }
            scaled
        };
        let sum = self.sum(node);
        let scaled = scale(self, sum);
        if scaled.is_within_bounds() {
            return scaled;
        }
        let limbs = Sum::of_limbs(self.limbs(node));
        scale(self, limbs)
    }

    fn choose_sums(&mut self, condition: NodeId, a: NodeId, b: NodeId) -> Sum {
        let condition = self.truth(condition);
        let mut parts = [self.sum(a), self.sum(b)];
        for (part, node) in parts.iter_mut().zip([a, b]) {
            let degree = part.limbs.iter().map(|&limb| self.exprs.degree(limb)).max();
            if usize::from(degree.unwrap_or(0)) + 1 > MAX_DEGREE {
                *part = Sum::of_limbs(self.limbs(node));
            }
        }
        let [a, b] = parts;
        let mut sum = a;
        for i in 0..2 {
            sum.limbs[i] = self.choose(condition, a.limbs[i], b.limbs[i]);
            sum.min[i] = a.min[i].min(b.min[i]);
            sum.max[i] = a.max[i].max(b.max[i]);
        }
        sum
    }

    fn sum_of_bits(&mut self, node: NodeId) -> Sum {
        let bits = self.bits(node);
        let mut exprs = Vec::with_capacity(32);
        for function in bits {
            exprs.push(self.bit(function));
        }
        Sum::of_limbs([&exprs[..16], &exprs[16..]].map(|half| self.exprs.compose(half)))
    }

    /// The node's limbs from a sum of it: `limb + 2^16·carry = sum` for each half, where the carry has as
    /// many bits as the bounds ask for. Division with remainder makes the limbs unique.
    pub(super) fn reduce(&mut self, node: NodeId, sum: Sum) -> [Expr; 2] {
        if sum.min == [0; 2] && sum.max.iter().all(|&max| max <= 0xffff) {
            return sum.limbs.map(|limb| self.linear(limb));
        }
        let limbs = self.checked_limbs(node);
        self.carry(sum, limbs);
        limbs
    }

    /// The node's bits from a sum of it.
    pub(super) fn reduce_to_bits(&mut self, node: NodeId, sum: Sum) -> Vec<BitFunction> {
        let columns: Vec<Expr> = (0..32)
            .map(|shift| {
                self.boolean_column(Hint::Node {
                    node,
                    shift,
                    bits: 1,
                })
            })
            .collect();
        let limbs = [&columns[..16], &columns[16..]].map(|half| self.exprs.compose(half));
        self.carry(sum, limbs);
        columns.into_iter().map(BitFunction::atom).collect()
    }

    /// Constrains normalised limbs to be a sum's word.
    fn carry(&mut self, sum: Sum, limbs: [Expr; 2]) {
        let low = self.carry_out(sum.limbs[0], sum.min[0], sum.max[0], limbs[0]);
        let (carry, carry_min, carry_max) = low;
        let high = self.exprs.add(sum.limbs[1], carry);
        self.carry_out(
            high,
            sum.min[1] + carry_min,
            sum.max[1] + carry_max,
            limbs[1],
        );
    }

    /// Constrains `limb + 2^16·carry = value` and returns the carry with its bounds.
    fn carry_out(&mut self, value: Expr, min: i64, max: i64, limb: Expr) -> (Expr, i64, i64) {
        let (carry_min, carry_max) = (min >> 16, max >> 16);
        let count = carry_max - carry_min;
        if count == 0 {
            let carry = self.exprs.constant(carry_min);
            let shifted = self.exprs.constant(carry_min << 16);
            let sum = self.exprs.add(limb, shifted);
            self.assert_equal(sum, value);
            return (carry, carry_min, carry_max);
        }
        if count <= 2 && self.exprs.degree(value) <= 1 && self.exprs.degree(limb) <= 1 {
            // The carry is linear in what is there already.
            let difference = self.exprs.sub(value, limb);
            let carry = self.exprs.divide_by_power(difference, 16);
            let mut product = self.exprs.constant(1);
            for k in carry_min..=carry_max {
                let k = self.exprs.constant(k);
                let factor = self.exprs.sub(carry, k);
                product = self.exprs.mul(product, factor);
            }
            self.assert_zero(product);
            return (carry, carry_min, carry_max);
        }
        let bits = 64 - (count as u64).leading_zeros();
        if bits > CARRY_BITS {
            // Sums within bounds have shorter carries; one that could go round the field is none.
            self.refuse();
        }
        let offset = -(carry_min << 16);
        let digits = if bits <= MAX_CARRY_BITS {
            let columns: Vec<Expr> = (0..bits)
                .map(|i| {
                    let shift = 16 + i;
                    self.boolean_column(Hint::Digit {
                        expr: value,
                        offset,
                        shift,
                        bits: 1,
                    })
                })
                .collect();
            self.exprs.compose(&columns)
        } else {
            // Below 2^16 as it is, and below 2^bits when scaled up: both in the table of 16-bit numbers.
            let digits = self.column(Hint::Digit {
                expr: value,
                offset,
                shift: 16,
                bits,
            });
            self.range_check(digits);
            let scaled = self.exprs.scale(digits, 1 << (16 - bits));
            self.range_check(scaled);
            digits
        };
        let base = self.exprs.constant(carry_min);
        let carry = self.exprs.add(digits, base);
        let shifted = self.exprs.scale(carry, 1 << 16);
        let sum = self.exprs.add(limb, shifted);
        self.assert_equal(sum, value);
        (carry, carry_min, carry_min + (1 << bits) - 1)
    }
}
