//! Shifts, and words cut at a bit.

use arknet_workload::ir::{BinaryOp, Type};

use super::bits::BitFunction;
use super::row::{Hint, RowBuilder};
use crate::graph::NodeId;
use crate::table::Expr;

/// Parts of a limb of up to this many bits are columns of one bit each.
const MAX_BIT_COLUMNS: u32 = 4;

impl RowBuilder {
    /// A limb (by its node and half) as `low + 2^at·high` with `low < 2^at` and `high < 2^(16−at)`.
    fn cut(&mut self, node: NodeId, half: usize, at: u32) -> (Expr, Expr) {
        let limb = self.limbs(node)[half];
        if at == 0 {
            return (self.exprs.constant(0), limb);
        }
        if at == 16 {
            return (limb, self.exprs.constant(0));
        }
        if let Some(value) = self.exprs.as_constant(limb) {
            use p3_field::PrimeField32;
            let value = i64::from(value.as_canonical_u32());
            return (
                self.exprs.constant(value & ((1 << at) - 1)),
                self.exprs.constant(value >> at),
            );
        }
        if let Some(&cut) = self.cuts.get(&(limb, at)) {
            return cut;
        }
        let first = 16 * half as u32;
        let bit_columns = |row: &mut Self, from: u32, count: u32| {
            let bits: Vec<Expr> = (0..count)
                .map(|i| {
                    row.boolean_column(Hint::Node {
                        node,
                        shift: from + i,
                        bits: 1,
                    })
                })
                .collect();
            row.exprs.compose(&bits)
        };
        let cut = if at <= MAX_BIT_COLUMNS {
            // `high` is looked up, so it is an integer and `2^at·high < 2^20` does not wrap.
            let low = bit_columns(self, first, at);
            let high = self.rest(limb, low, at);
            (low, high)
        } else if 16 - at <= MAX_BIT_COLUMNS {
            // `low` is a difference of small integers; scaled by at most 2^4 it does not wrap, so being in
            // the table means `0 ≤ low < 2^at`.
            let high = bit_columns(self, first + at, 16 - at);
            let shifted = self.exprs.scale(high, 1 << at);
            let low = self.exprs.sub(limb, shifted);
            let scaled = self.exprs.scale(low, 1 << (16 - at));
            self.range_check(scaled);
            (low, high)
        } else {
            // `low` is looked up as it is, hence an integer, and scaled by at most 2^11 without wrapping,
            // hence below 2^at. `high` is an integer and `2^at·high < 2^27` does not wrap.
            let low = self.column(Hint::Node {
                node,
                shift: first,
                bits: at,
            });
            self.range_check(low);
            let scaled = self.exprs.scale(low, 1 << (16 - at));
            self.range_check(scaled);
            let high = self.rest(limb, low, at);
            (low, high)
        };
        self.cuts.insert((limb, at), cut);
        cut
    }

    /// `(limb − low) / 2^at`, looked up.
    fn rest(&mut self, limb: Expr, low: Expr, at: u32) -> Expr {
        let difference = self.exprs.sub(limb, low);
        let high = self.exprs.divide_by_power(difference, at);
        self.range_check(high);
        high
    }

    /// Limbs of the lowest `count` bits, `1 ≤ count < 32`.
    pub(super) fn low_bits(&mut self, node: NodeId, count: u32) -> [Expr; 2] {
        let zero = self.exprs.constant(0);
        if count <= 16 {
            [self.cut(node, 0, count).0, zero]
        } else {
            [self.limbs(node)[0], self.cut(node, 1, count - 16).0]
        }
    }

    /// Limbs of a shift by a constant, or of any shift through bits.
    pub(super) fn shift_limbs(
        &mut self,
        node: NodeId,
        op: BinaryOp,
        ty: Type,
        a: NodeId,
        b: NodeId,
    ) -> [Expr; 2] {
        let Some(amount) = self.block.as_constant(b) else {
            let bits = self.shift_bits(op, ty, a, b);
            self.forms(node).bits = Some(bits);
            return self.limbs(node);
        };
        match op {
            BinaryOp::Shl if amount <= 12 => self.reduced(node),
            BinaryOp::Shl => self.shift_left(a, amount),
            _ => self.shift_right(a, amount, ty),
        }
    }

    /// `a · 2^amount` by moving limb parts, `12 < amount < 32`.
    fn shift_left(&mut self, a: NodeId, amount: u32) -> [Expr; 2] {
        let zero = self.exprs.constant(0);
        if amount >= 16 {
            let (low, _) = self.cut(a, 0, 32 - amount);
            return [zero, self.exprs.scale(low, 1 << (amount - 16))];
        }
        let (low, carried) = self.cut(a, 0, 16 - amount);
        let (high, _) = self.cut(a, 1, 16 - amount);
        let low = self.exprs.scale(low, 1 << amount);
        let high = self.exprs.scale(high, 1 << amount);
        [low, self.exprs.add(high, carried)]
    }

    /// `a / 2^amount`, rounded down, filling with the sign on `i32`; `0 < amount < 32`.
    fn shift_right(&mut self, a: NodeId, amount: u32, ty: Type) -> [Expr; 2] {
        let zero = self.exprs.constant(0);
        let mut limbs = if amount >= 16 {
            [self.cut(a, 1, amount - 16).1, zero]
        } else {
            let (_, low) = self.cut(a, 0, amount);
            let (carried, high) = self.cut(a, 1, amount);
            let carried = self.exprs.scale(carried, 1 << (16 - amount));
            [self.exprs.add(low, carried), high]
        };
        if ty == Type::I32 {
            // The vacated bits, `2^32 − 2^(32−amount)`, where the sign is set; they were zero.
            let sign = self.sign(a);
            let fill = u32::MAX << (32 - amount);
            for (limb, part) in limbs.iter_mut().zip([fill & 0xffff, fill >> 16]) {
                let filled = self.exprs.scale(sign, i64::from(part));
                *limb = self.exprs.add(*limb, filled);
            }
        }
        limbs
    }

    /// The top bit: the sign of an `i32`.
    pub(super) fn sign(&mut self, node: NodeId) -> Expr {
        let range = self.block.range(node);
        if range.is_non_negative() {
            return self.exprs.constant(0);
        }
        if let Some(bits) = self.block.as_constant(node) {
            return self.exprs.constant(i64::from(bits >> 31));
        }
        if let Some(sign) = self.forms(node).sign {
            return sign;
        }
        let sign = if self.wants_bits.contains(&node) || self.forms(node).bits.is_some() {
            let top = self.bits(node)[31];
            let top = self.bit(top);
            self.linear(top)
        } else {
            self.cut(node, 1, 15).1
        };
        self.forms(node).sign = Some(sign);
        sign
    }

    /// Bits of a shift: a renaming where the amount is constant, else one selection for each of the five
    /// bits of the amount.
    pub(super) fn shift_bits(
        &mut self,
        op: BinaryOp,
        ty: Type,
        a: NodeId,
        b: NodeId,
    ) -> Vec<BitFunction> {
        let mut bits = self.bits(a);
        let fill = if ty == Type::I32 && op == BinaryOp::Shr {
            bits[31]
        } else {
            BitFunction::ZERO
        };
        if let Some(amount) = self.block.as_constant(b) {
            return moved(&bits, op, amount % 32, fill);
        }
        let amount = self.bits(b);
        for (stage, &condition) in amount.iter().take(5).enumerate() {
            let shifted = moved(&bits, op, 1 << stage, fill);
            let mut next = Vec::with_capacity(32);
            for (accept, reject) in shifted.into_iter().zip(bits) {
                let chosen = self.select_bit(condition, accept, reject);
                next.push(self.as_atom(chosen));
            }
            bits = next;
        }
        bits
    }
}

fn moved(bits: &[BitFunction], op: BinaryOp, amount: u32, fill: BitFunction) -> Vec<BitFunction> {
    (0..32u32)
        .map(|i| match op {
            BinaryOp::Shl => i
                .checked_sub(amount)
                .map_or(fill, |from| bits[from as usize]),
            _ => bits.get((i + amount) as usize).copied().unwrap_or(fill),
        })
        .collect()
}
