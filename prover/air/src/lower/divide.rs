//! Division with remainder.

use arknet_workload::ir::{BinaryOp, Type};

use super::row::{Hint, RowBuilder};
use super::word::EXACT;
use crate::graph::{NodeId, Op};
use crate::table::Expr;

impl RowBuilder {
    /// Limbs of a quotient or a remainder.
    pub(super) fn divide_limbs(
        &mut self,
        op: BinaryOp,
        ty: Type,
        a: NodeId,
        b: NodeId,
    ) -> [Expr; 2] {
        let non_negative =
            self.block.range(a).is_non_negative() && self.block.range(b).is_non_negative();
        if ty == Type::I32 && !non_negative {
            let result = self.signed_division(op, a, b);
            return self.limbs(result);
        }
        let quotient = self.block.binary(BinaryOp::Div, Type::U32, a, b);
        let remainder = self.block.binary(BinaryOp::Rem, Type::U32, a, b);
        let wanted = if op == BinaryOp::Div {
            quotient
        } else {
            remainder
        };
        let is_division = |row: &Self, node| {
            matches!(
                row.block.node(node).op,
                Op::Binary(BinaryOp::Div | BinaryOp::Rem, ..)
            )
        };
        // Folding may have turned a power of two into a shift or a mask.
        if is_division(self, quotient) && is_division(self, remainder) {
            self.divide(quotient, remainder, a, b);
        }
        self.limbs(wanted)
    }

    /// Signed division from the unsigned one of the magnitudes: the quotient is negative where the signs
    /// differ, the remainder where the dividend is. A zero divisor has sign 0 and magnitude 0, which gives
    /// the dividend and 0; `INT_MIN / −1` gives the magnitude 2^31, which is `INT_MIN` again.
    fn signed_division(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
        let zero = self.block.constant(0, Type::U32);
        let mut magnitude = |node: NodeId| {
            let negative = self.block.binary(BinaryOp::Lt, Type::I32, node, zero);
            let negated = self.block.binary(BinaryOp::Sub, Type::U32, zero, node);
            (negative, self.block.select(negative, negated, node))
        };
        let (a_negative, a) = magnitude(a);
        let (b_negative, b) = magnitude(b);
        let result = self.block.binary(op, Type::U32, a, b);
        let negative = match op {
            BinaryOp::Div => self
                .block
                .binary(BinaryOp::Xor, Type::Bool, a_negative, b_negative),
            _ => a_negative,
        };
        let negated = self.block.binary(BinaryOp::Sub, Type::U32, zero, result);
        self.block.select(negative, negated, result)
    }

    /// Constrains `quotient` and `remainder` (nodes of the unsigned operations on `a` and `b`) and makes
    /// their limbs.
    fn divide(&mut self, quotient: NodeId, remainder: NodeId, a: NodeId, b: NodeId) {
        if self.forms(quotient).limbs.is_some() {
            return;
        }
        if !self.divide_exact(quotient, remainder, a, b) {
            self.divide_bytes(quotient, remainder, a, b);
        }
    }

    /// By a constant `d < 2^14` where the dividend is below 2^30 and the quotient below 2^16:
    /// `q·d + r = a` with `q < 2^16` and `r < d`, all below 2^30, so the equation is one of integers.
    fn divide_exact(&mut self, quotient: NodeId, remainder: NodeId, a: NodeId, b: NodeId) -> bool {
        let (Some(divisor), range) = (self.block.as_constant(b), self.block.range(a)) else {
            return false;
        };
        if divisor == 0 || divisor >= 1 << 14 || range.max >= EXACT || range.max / divisor > 0xffff
        {
            return false;
        }
        let Some(dividend) = self.exact(a) else {
            return false;
        };
        let q = self.column(Hint::Node {
            node: quotient,
            shift: 0,
            bits: 16,
        });
        self.range_check(q);
        let product = self.exprs.scale(q, i64::from(divisor));
        let r = self.exprs.sub(dividend, product);
        // `r` is a difference of integers below 2^30.
        self.range_check(r);
        let last = self.exprs.constant(i64::from(divisor) - 1);
        let room = self.exprs.sub(last, r);
        self.range_check(room);
        let zero = self.exprs.constant(0);
        self.forms(quotient).limbs = Some([q, zero]);
        self.forms(remainder).limbs = Some([r, zero]);
        true
    }

    /// The general case. With `z = (b = 0)`, the row holds bytes of `q` and limbs of `s` such that
    /// `q·b + s = a` over the integers: the byte convolution's positions past 2^32 vanish and the high half
    /// leaves no carry. Where `b ≠ 0`, `s < b` makes `q` and `s` the quotient and the remainder. Where
    /// `b = 0`, `s = a` follows; `q = a` is required, and the remainder `(1 − z)·s` is 0.
    fn divide_bytes(&mut self, quotient: NodeId, remainder: NodeId, a: NodeId, b: NodeId) {
        let zero_word = self.block.constant(0, Type::U32);
        let b_is_zero = self.block.binary(BinaryOp::Eq, Type::U32, b, zero_word);
        let rest = self.block.select(b_is_zero, a, remainder);
        let a_limbs = self.limbs(a);
        let z = self.truth(b_is_zero);

        let q_limbs = self.node_limbs(quotient);
        self.forms(quotient).limbs = Some(q_limbs);
        let q = self.checked_bytes(quotient);
        let d = self.checked_bytes(b);
        let s = self.checked_limbs(rest);
        self.forms(rest).limbs = Some(s);

        let positions: [Expr; 7] = std::array::from_fn(|i| self.convolution(&q, &d, i));
        let past = self.exprs.sum(positions[4..].iter().copied());
        self.assert_zero(past);
        // Low half: at most 2^25 + 2^16, so the carry is below 2^10.
        let low = self.half(positions[0], positions[1]);
        let low = self.exprs.add(low, s[0]);
        let carry = {
            let expr = self.exprs.sub(low, a_limbs[0]);
            let digits = self.column(Hint::Digit {
                expr,
                offset: 0,
                shift: 16,
                bits: 10,
            });
            self.range_check(digits);
            let scaled = self.exprs.scale(digits, 1 << 6);
            self.range_check(scaled);
            let shifted = self.exprs.scale(digits, 1 << 16);
            let sum = self.exprs.add(a_limbs[0], shifted);
            self.assert_equal(sum, low);
            digits
        };
        let high = self.half(positions[2], positions[3]);
        let high = self.exprs.add(high, s[1]);
        let high = self.exprs.add(high, carry);
        self.assert_equal(high, a_limbs[1]);

        // s < b exactly where b is not zero. On limbs: the node's range already supposes what is shown here.
        let one = self.exprs.constant(1);
        let not_z = self.exprs.sub(one, z);
        let b_limbs = self.limbs(b);
        self.assert_less(s, b_limbs, not_z);
        for i in 0..2 {
            let difference = self.exprs.sub(q_limbs[i], a_limbs[i]);
            let product = self.exprs.mul(z, difference);
            self.assert_zero(product);
        }
        let remainder_limbs = s.map(|limb| {
            let kept = self.exprs.mul(not_z, limb);
            self.linear(kept)
        });
        self.forms(remainder).limbs = Some(remainder_limbs);
    }
}
