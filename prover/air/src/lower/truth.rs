//! Truth values: boolean expressions of degree one.

use arknet_workload::ir::{BinaryOp, Type};

use super::row::{Hint, RowBuilder};
use crate::graph::{NodeId, Op};
use crate::table::Expr;

impl RowBuilder {
    /// The truth value as an expression that is 0 or 1 on every real row.
    pub(super) fn truth(&mut self, node: NodeId) -> Expr {
        if let Some(&truth) = self.truths.get(&node) {
            return truth;
        }
        let truth = self.make_truth(node);
        let truth = self.compact(truth);
        self.truths.insert(node, truth);
        truth
    }

    fn make_truth(&mut self, node: NodeId) -> Expr {
        match self.block.node(node).op {
            Op::Const(bits) => self.exprs.constant(i64::from(bits)),
            Op::Param(position) => {
                // The sender's value is a bit, but that rows cannot feed themselves rests on flags being
                // bits in any row, fed or not.
                let slot = self.slots[position as usize];
                self.boolean_column(Hint::Slot(slot))
            }
            Op::Both(a, b) => {
                let (a, b) = (self.truth(a), self.truth(b));
                let product = self.exprs.mul(a, b);
                self.linear(product)
            }
            Op::Without(a, b) => {
                let (a, b) = (self.truth(a), self.truth(b));
                self.exprs.sub(a, b)
            }
            Op::Either(a, b) => {
                let (a, b) = (self.truth(a), self.truth(b));
                self.exprs.add(a, b)
            }
            Op::Select(condition, a, b) => {
                let condition = self.truth(condition);
                let (a, b) = (self.truth(a), self.truth(b));
                let choice = self.choose(condition, a, b);
                self.linear(choice)
            }
            Op::Binary(op, ty, a, b) => self.truth_of_binary(node, op, ty, a, b),
            // Words have no truth value; a checked program does not ask for one.
            Op::Invocation | Op::Word(_) | Op::Load(_) => self.exprs.constant(0),
        }
    }

    fn truth_of_binary(
        &mut self,
        node: NodeId,
        op: BinaryOp,
        ty: Type,
        a: NodeId,
        b: NodeId,
    ) -> Expr {
        if ty == Type::Bool {
            let (x, y) = (self.truth(a), self.truth(b));
            let both = self.exprs.mul(x, y);
            let total = self.exprs.add(x, y);
            let value = match op {
                BinaryOp::And => both,
                BinaryOp::Or => self.exprs.sub(total, both),
                _ => {
                    let twice = self.exprs.add(both, both);
                    let differ = self.exprs.sub(total, twice);
                    if op == BinaryOp::Eq {
                        self.negated(differ)
                    } else {
                        differ
                    }
                }
            };
            return self.linear(value);
        }
        match op {
            BinaryOp::Eq => self.equal(node, a, b),
            BinaryOp::Ne => {
                let equal = self.block.binary(BinaryOp::Eq, ty, a, b);
                let equal = self.truth(equal);
                self.negated(equal)
            }
            BinaryOp::Lt => self.less(node, ty, a, b),
            _ => {
                let greater = self.block.binary(BinaryOp::Lt, ty, b, a);
                let greater = self.truth(greater);
                self.negated(greater)
            }
        }
    }

    fn negated(&mut self, truth: Expr) -> Expr {
        let one = self.exprs.constant(1);
        self.exprs.sub(one, truth)
    }
}
