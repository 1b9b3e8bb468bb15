//! Forms of words: exact field elements, limbs and how they turn into each other.

use arknet_workload::ir::BinaryOp;

use super::row::{Forms, Hint, RowBuilder};
use crate::graph::{NodeId, Op};
use crate::table::Expr;

/// A word below this bound is one field element, and differences of two such do not wrap.
pub(super) const EXACT: u32 = 1 << 30;

/// Which form an operation's result is made in first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Primary {
    Exact,
    Limbs,
}

impl RowBuilder {
    pub(super) fn forms(&mut self, node: NodeId) -> &mut Forms {
        self.forms.entry(node).or_default()
    }

    fn has_exact_range(&self, node: NodeId) -> bool {
        self.block.range(node).max < EXACT
    }

    /// Whether an operation on integers from its operands' ranges stays in `0..2^30`. The result's own range
    /// does not tell: it is of the word, which may have wrapped.
    fn stays_exact(&self, op: BinaryOp, a: NodeId, b: NodeId) -> bool {
        let (a, b) = (self.block.range(a), self.block.range(b));
        let (a_max, b_max) = (u64::from(a.max), u64::from(b.max));
        match op {
            BinaryOp::Add => a_max + b_max < u64::from(EXACT),
            BinaryOp::Mul => a_max * b_max < u64::from(EXACT),
            BinaryOp::Sub => a.min >= b.max,
            _ => false,
        }
    }

    /// A result is made exact where the field computes it without wrapping.
    fn primary(&self, node: NodeId) -> Primary {
        let exact = self.has_exact_range(node)
            && match self.block.node(node).op {
                Op::Const(_) | Op::Invocation | Op::Word(_) => true,
                Op::Param(_) => !self.wants_bits.contains(&node),
                Op::Binary(op, _, a, b) => {
                    self.has_exact_range(a) && self.has_exact_range(b) && self.stays_exact(op, a, b)
                }
                Op::Select(_, a, b) => self.has_exact_range(a) && self.has_exact_range(b),
                _ => false,
            };
        if exact {
            Primary::Exact
        } else {
            Primary::Limbs
        }
    }

    /// The word as one field element equal to it as an integer, of degree one, where its range allows.
    pub(super) fn exact(&mut self, node: NodeId) -> Option<Expr> {
        if !self.has_exact_range(node) {
            return None;
        }
        if let Some(exact) = self.forms(node).exact {
            return Some(exact);
        }
        // A word that has another form is that form: a second one from outside the row would be unrelated.
        let forms = self.forms(node);
        let made = forms.limbs.is_some() || forms.bits.is_some();
        let exact = if made || self.primary(node) == Primary::Limbs {
            let [low, high] = self.limbs(node);
            let high = self.exprs.scale(high, 1 << 16);
            self.exprs.add(low, high)
        } else {
            self.make_exact(node)?
        };
        let exact = self.compact(exact);
        self.forms(node).exact = Some(exact);
        Some(exact)
    }

    fn make_exact(&mut self, node: NodeId) -> Option<Expr> {
        Some(match self.block.node(node).op {
            Op::Const(bits) => self.exprs.constant(i64::from(bits)),
            Op::Invocation => self.invocation,
            Op::Word(truth) => self.truth(truth),
            Op::Param(position) => {
                let slot = self.slots[position as usize];
                self.column(Hint::Slot(slot))
            }
            Op::Binary(op, _, a, b) => {
                let (a, b) = (self.exact(a)?, self.exact(b)?);
                match op {
                    BinaryOp::Add => self.exprs.add(a, b),
                    BinaryOp::Sub => self.exprs.sub(a, b),
                    _ => {
                        let product = self.exprs.mul(a, b);
                        self.linear(product)
                    }
                }
            }
            Op::Select(condition, a, b) => {
                let (a, b) = (self.exact(a)?, self.exact(b)?);
                let condition = self.truth(condition);
                let choice = self.choose(condition, a, b);
                self.linear(choice)
            }
            _ => return None,
        })
    }

    /// `condition · (accept − reject) + reject`.
    pub(super) fn choose(&mut self, condition: Expr, accept: Expr, reject: Expr) -> Expr {
        let difference = self.exprs.sub(accept, reject);
        let scaled = self.exprs.mul(condition, difference);
        self.exprs.add(scaled, reject)
    }

    /// The word as two 16-bit limbs of degree one.
    pub(super) fn limbs(&mut self, node: NodeId) -> [Expr; 2] {
        if let Some(limbs) = self.forms(node).limbs {
            return limbs;
        }
        let limbs = self.make_limbs(node);
        self.forms(node).limbs = Some(limbs);
        limbs
    }

    fn make_limbs(&mut self, node: NodeId) -> [Expr; 2] {
        if let Op::Const(bits) = self.block.node(node).op {
            return [bits & 0xffff, bits >> 16].map(|limb| self.exprs.constant(i64::from(limb)));
        }
        if self.forms(node).bits.is_some() || self.wants_bits.contains(&node) {
            return self.limbs_of_bits(node);
        }
        if self.primary(node) == Primary::Exact
            && let Some(exact) = self.exact(node)
        {
            return self.split_exact(node, exact);
        }
        match self.block.node(node).op {
            Op::Param(position) => {
                // In range: the sender's limbs were, and the message equals them.
                let slot = self.slots[position as usize];
                [slot, slot + 1].map(|slot| self.column(Hint::Slot(slot)))
            }
            Op::Load(_) => self.node_limbs(node),
            Op::Binary(op, ty, a, b) => self.limbs_of_binary(node, op, ty, a, b),
            Op::Select(condition, a, b) => self.limbs_of_select(node, condition, a, b),
            _ => {
                // Words of the remaining operations are constants or exact.
                let exact = self.exact(node);
                let exact = exact.unwrap_or_else(|| self.exprs.constant(0));
                self.split_exact(node, exact)
            }
        }
    }

    /// Two columns holding a node's limbs; what bounds them is the caller's to add.
    pub(super) fn node_limbs(&mut self, node: NodeId) -> [Expr; 2] {
        [0, 16].map(|shift| {
            self.column(Hint::Node {
                node,
                shift,
                bits: 16,
            })
        })
    }

    /// Two range-checked columns holding a node's limbs.
    pub(super) fn checked_limbs(&mut self, node: NodeId) -> [Expr; 2] {
        let limbs = self.node_limbs(node);
        limbs.map(|limb| {
            self.range_check(limb);
            limb
        })
    }

    fn limbs_of_bits(&mut self, node: NodeId) -> [Expr; 2] {
        let bits = self.bits(node);
        let mut exprs = Vec::with_capacity(32);
        for function in bits {
            exprs.push(self.bit(function));
        }
        [&exprs[..16], &exprs[16..]].map(|half| {
            let limb = self.exprs.compose(half);
            self.linear(limb)
        })
    }

    /// Limbs of an exact value below 2^30. With `high < 2^14`, `low + 2^16·high < 2^30 < p`, so the field
    /// equation is one of integers.
    fn split_exact(&mut self, node: NodeId, exact: Expr) -> [Expr; 2] {
        let high_bits = 32 - (self.block.range(node).max >> 16).leading_zeros();
        if high_bits == 0 {
            return [exact, self.exprs.constant(0)];
        }
        let high = if high_bits <= 4 {
            let bits: Vec<Expr> = (0..high_bits)
                .map(|i| {
                    self.boolean_column(Hint::Node {
                        node,
                        shift: 16 + i,
                        bits: 1,
                    })
                })
                .collect();
            self.exprs.compose(&bits)
        } else {
            let high = self.column(Hint::Node {
                node,
                shift: 16,
                bits: 16,
            });
            self.range_check(high);
            let scaled = self.exprs.scale(high, 4);
            self.range_check(scaled);
            high
        };
        let shifted = self.exprs.scale(high, 1 << 16);
        let low = self.exprs.sub(exact, shifted);
        self.range_check(low);
        [low, high]
    }

    fn limbs_of_binary(
        &mut self,
        node: NodeId,
        op: BinaryOp,
        ty: arknet_workload::ir::Type,
        a: NodeId,
        b: NodeId,
    ) -> [Expr; 2] {
        match op {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => self.reduced(node),
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => self.bitwise_limbs(node, op, a, b),
            BinaryOp::Shl | BinaryOp::Shr => self.shift_limbs(node, op, ty, a, b),
            BinaryOp::Div | BinaryOp::Rem => self.divide_limbs(op, ty, a, b),
            BinaryOp::Min | BinaryOp::Max => {
                let (first, second) = if op == BinaryOp::Min { (a, b) } else { (b, a) };
                let less = self.block.binary(BinaryOp::Lt, ty, first, second);
                let choice = self.block.select(less, a, b);
                self.limbs(choice)
            }
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le => {
                let truth = self.truth(node);
                [truth, self.exprs.constant(0)]
            }
        }
    }

    /// Limbs of an operation that has a lazy sum.
    pub(super) fn reduced(&mut self, node: NodeId) -> [Expr; 2] {
        match self.lazy_sum(node) {
            Some(sum) => self.reduce(node, sum),
            // Not reached: callers name operations with such a sum. Range-checked columns without a
            // constraint would be a hole, so the answer is a row that cannot be satisfied.
            None => {
                let one = self.exprs.constant(1);
                self.assert_zero(one);
                self.checked_limbs(node)
            }
        }
    }

    /// A selection of words whose limbs are at hand needs no range check; of unreduced sums, one reduction
    /// instead of two.
    fn limbs_of_select(
        &mut self,
        node: NodeId,
        condition: NodeId,
        a: NodeId,
        b: NodeId,
    ) -> [Expr; 2] {
        if self.is_unreduced(a) || self.is_unreduced(b) {
            return self.reduced(node);
        }
        let condition = self.truth(condition);
        let (a, b) = (self.limbs(a), self.limbs(b));
        [0, 1].map(|i| {
            let choice = self.choose(condition, a[i], b[i]);
            self.linear(choice)
        })
    }

    /// Whether a node's limbs are not made yet and would come from reducing a sum.
    fn is_unreduced(&self, node: NodeId) -> bool {
        let made = self
            .forms
            .get(&node)
            .is_some_and(|forms| forms.limbs.is_some());
        !made
            && !self.wants_bits.contains(&node)
            && self.primary(node) == Primary::Limbs
            && match self.block.node(node).op {
                Op::Binary(op, ..) => {
                    matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul)
                }
                Op::Select(_, a, b) => self.is_unreduced(a) || self.is_unreduced(b),
                _ => false,
            }
    }

    /// Whether the node's word is made as one field element.
    pub(super) fn is_exact_primary(&self, node: NodeId) -> bool {
        self.primary(node) == Primary::Exact
    }
}
