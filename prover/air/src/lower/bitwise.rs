//! Words as bits or bytes, and the operations on them.

use arknet_workload::ir::{BinaryOp, Type};
use rustc_hash::{FxHashMap, FxHashSet};

use super::bits::BitFunction;
use super::message::tag;
use super::row::{Hint, RowBuilder};
use crate::graph::{FlowBlock, NodeId, Op};
use crate::table::{Bus, Direction, Expr};

/// Distinct cuts of one group of words from which bits are cheaper: a cut takes about 8 cells, bits 32.
const MAX_CUTS: usize = 3;

/// What one bitwise operation asks of its operands.
enum Demand {
    /// Bits, or a byte lookup where it stands alone.
    Bitwise,
    /// A word cut in two at a constant bit.
    Cut(u32),
    /// Bits in any case.
    Bits,
}

fn demand(block: &FlowBlock, op: BinaryOp, ty: Type, b: NodeId) -> Option<Demand> {
    if ty == Type::Bool {
        return None;
    }
    let constant = block.as_constant(b);
    match (op, constant) {
        (BinaryOp::And, Some(mask)) if is_low_mask(mask) => {
            Some(Demand::Cut(32 - mask.leading_zeros()))
        }
        (BinaryOp::And | BinaryOp::Or | BinaryOp::Xor, _) => Some(Demand::Bitwise),
        (BinaryOp::Shl, Some(amount)) if amount <= 12 => None,
        (BinaryOp::Shl, Some(amount)) => Some(Demand::Cut(32 - amount)),
        (BinaryOp::Shr, Some(amount)) => Some(Demand::Cut(amount)),
        (BinaryOp::Shl | BinaryOp::Shr, None) => Some(Demand::Bits),
        _ => None,
    }
}

/// `2^k − 1` for some `1 ≤ k < 32`.
pub(super) fn is_low_mask(mask: u32) -> bool {
    mask != 0 && mask != u32::MAX && mask & mask.wrapping_add(1) == 0
}

/// The words of a block that are better kept as bits: those that bitwise operations connect, where there
/// is more than one such operation or there are many cuts.
pub(super) fn values_in_bits(block: &FlowBlock) -> FxHashSet<NodeId> {
    let mut groups: Vec<usize> = (0..block.nodes.len()).collect();
    fn root(groups: &mut [usize], mut node: usize) -> usize {
        while groups[node] != node {
            groups[node] = groups[groups[node]];
            node = groups[node];
        }
        node
    }
    let mut demands: Vec<(usize, Demand, NodeId)> = Vec::new();
    for (index, node) in block.nodes.iter().enumerate() {
        let Op::Binary(op, ty, a, b) = node.op else {
            continue;
        };
        let shift_left = op == BinaryOp::Shl;
        let Some(demand) = demand(block, op, ty, b) else {
            // A short left shift is a sum on its own but joins the bits of its neighbours.
            if shift_left && block.as_constant(a).is_none() {
                demands.push((index, Demand::Cut(0), a));
            }
            continue;
        };
        let is_shift = matches!(op, BinaryOp::Shl | BinaryOp::Shr);
        for operand in [a, b] {
            let amount = is_shift && operand == b;
            if block.as_constant(operand).is_none() && !amount {
                let (left, right) = (
                    root(&mut groups, index),
                    root(&mut groups, operand.0 as usize),
                );
                groups[left] = right;
            }
        }
        demands.push((index, demand, a));
    }
    let mut strength: FxHashMap<usize, (usize, FxHashSet<(NodeId, u32)>)> = FxHashMap::default();
    for (index, demand, operand) in &demands {
        let group = root(&mut groups, *index);
        let entry = strength.entry(group).or_default();
        match demand {
            Demand::Bitwise => entry.0 += 1,
            Demand::Bits => entry.0 += 2,
            Demand::Cut(0) => {}
            Demand::Cut(at) => {
                entry.1.insert((*operand, *at));
            }
        }
    }
    let in_bits = |strength: &(usize, FxHashSet<(NodeId, u32)>)| {
        strength.0 >= 2
            || (strength.0 == 1 && !strength.1.is_empty())
            || strength.1.len() > MAX_CUTS
    };
    (0..block.nodes.len())
        .filter(|&node| {
            let group = root(&mut groups, node);
            block.nodes[node].ty.is_word() && strength.get(&group).is_some_and(in_bits)
        })
        .map(|node| NodeId(node as u32))
        .collect()
}

impl RowBuilder {
    /// The word's bits, lowest first.
    pub(super) fn bits(&mut self, node: NodeId) -> Vec<BitFunction> {
        if let Some(bits) = &self.forms(node).bits {
            return bits.clone();
        }
        let bits = self.make_bits(node);
        self.forms(node).bits = Some(bits.clone());
        bits
    }

    fn make_bits(&mut self, node: NodeId) -> Vec<BitFunction> {
        let made = self.forms(node).limbs.is_some();
        // Nothing but its forms says what a word from outside the row is: the bits must be those of the
        // form that came first.
        let is_source = matches!(self.block.node(node).op, Op::Param(_) | Op::Load(_));
        if is_source && (made || self.forms(node).exact.is_some()) {
            return self.decompose(node);
        }
        match self.block.node(node).op {
            Op::Const(bits) => {
                return (0..32)
                    .map(|i| BitFunction::constant(bits >> i & 1 == 1))
                    .collect();
            }
            Op::Word(truth) => {
                let truth = self.truth(truth);
                let mut bits = vec![BitFunction::ZERO; 32];
                bits[0] = self.truth_function(truth);
                return bits;
            }
            Op::Param(_) | Op::Load(_) => return self.bit_columns(node),
            Op::Binary(BinaryOp::And, _, a, b) if !made => {
                return self.zip_bits(a, b, |[x, y]| x & y);
            }
            Op::Binary(BinaryOp::Or, _, a, b) if !made => {
                return self.zip_bits(a, b, |[x, y]| x | y);
            }
            Op::Binary(BinaryOp::Xor, _, a, b) if !made => {
                return self.zip_bits(a, b, |[x, y]| x ^ y);
            }
            Op::Binary(op @ (BinaryOp::Shl | BinaryOp::Shr), ty, a, b) if !made => {
                return self.shift_bits(op, ty, a, b);
            }
            Op::Binary(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul, ..) | Op::Select(..)
                if !made && !self.is_exact_primary(node) =>
            {
                if let Op::Select(condition, a, b) = self.block.node(node).op
                    && self.wants_bits.contains(&node)
                {
                    return self.select_bits(condition, a, b);
                }
                if let Some(sum) = self.lazy_sum(node) {
                    return self.reduce_to_bits(node, sum);
                }
            }
            _ => {}
        }
        self.decompose(node)
    }

    /// Boolean columns for the bits that the node's range allows; the rest are zero.
    fn bit_columns(&mut self, node: NodeId) -> Vec<BitFunction> {
        let width = 32 - self.block.range(node).max.leading_zeros();
        (0..32)
            .map(|shift| {
                if shift < width {
                    let hint = Hint::Node {
                        node,
                        shift,
                        bits: 1,
                    };
                    BitFunction::atom(self.boolean_column(hint))
                } else {
                    BitFunction::ZERO
                }
            })
            .collect()
    }

    /// Bits of a word that has another form: columns that compose to it.
    fn decompose(&mut self, node: NodeId) -> Vec<BitFunction> {
        let wanted = self.wants_bits.remove(&node);
        let target = match self.exact(node) {
            // Below 2^30, so the bits are those of the integer.
            Some(exact) => vec![exact],
            None => self.limbs(node).to_vec(),
        };
        if wanted {
            self.wants_bits.insert(node);
        }
        let bits = self.bit_columns(node);
        let mut exprs = Vec::with_capacity(32);
        for &function in &bits {
            exprs.push(self.bit(function));
        }
        let parts: &[&[Expr]] = if target.len() == 1 {
            &[&exprs]
        } else {
            &[&exprs[..16], &exprs[16..]]
        };
        for (target, part) in target.into_iter().zip(parts) {
            let composed = self.exprs.compose(part);
            self.assert_equal(composed, target);
        }
        bits
    }

    fn zip_bits(
        &mut self,
        a: NodeId,
        b: NodeId,
        combine: impl Fn([bool; 2]) -> bool + Copy,
    ) -> Vec<BitFunction> {
        let (mut left, mut right) = (self.bits(a), self.bits(b));
        for i in 0..32 {
            // What an operand is turned into a column for, its other uses share.
            if BitFunction::combine([left[i], right[i]], combine).is_none() {
                let (a_bit, b_bit) = self.narrowed(left[i], right[i]);
                if a_bit != left[i] {
                    left[i] = a_bit;
                    self.replace_bit(a, i, a_bit);
                }
                if b_bit != right[i] {
                    right[i] = b_bit;
                    self.replace_bit(b, i, b_bit);
                }
            }
        }
        left.into_iter()
            .zip(right)
            .map(|(x, y)| self.combine_bits([x, y], combine))
            .collect()
    }

    /// Makes columns of functions until the two have at most three atoms together.
    fn narrowed(&mut self, a: BitFunction, b: BitFunction) -> (BitFunction, BitFunction) {
        let wider_first = a.atom_count() >= b.atom_count();
        let (a, b) = if wider_first {
            (self.as_atom(a), b)
        } else {
            (a, self.as_atom(b))
        };
        if BitFunction::combine([a, b], |[x, y]| x ^ y).is_some() {
            (a, b)
        } else {
            (self.as_atom(a), self.as_atom(b))
        }
    }

    fn replace_bit(&mut self, node: NodeId, position: usize, function: BitFunction) {
        if let Some(bits) = &mut self.forms(node).bits {
            bits[position] = function;
        }
    }

    fn select_bits(&mut self, condition: NodeId, a: NodeId, b: NodeId) -> Vec<BitFunction> {
        let condition = self.truth(condition);
        let condition = self.truth_function(condition);
        let (accept, reject) = (self.bits(a), self.bits(b));
        accept
            .into_iter()
            .zip(reject)
            .map(|(x, y)| self.select_bit(condition, x, y))
            .collect()
    }

    /// `condition ? accept : reject`.
    pub(super) fn select_bit(
        &mut self,
        condition: BitFunction,
        accept: BitFunction,
        reject: BitFunction,
    ) -> BitFunction {
        let choose = |[c, x, y]: [bool; 3]| if c { x } else { y };
        let mut parts = [condition, accept, reject];
        for part in [1, 2, 0] {
            if let Some(result) = BitFunction::combine(parts, choose) {
                return result;
            }
            parts[part] = self.as_atom(parts[part]);
        }
        // Three atoms always combine.
        BitFunction::combine(parts, choose).unwrap_or(BitFunction::ZERO)
    }

    /// The word's bytes, lowest first. The odd ones are linear in the limbs. What checks that they are bytes
    /// is the caller's to add: one lookup of each in the byte table.
    pub(super) fn bytes(&mut self, node: NodeId) -> [Expr; 4] {
        if let Some(bytes) = self.forms(node).bytes {
            return bytes;
        }
        let limbs = self.limbs(node);
        let mut bytes = [limbs[0]; 4];
        for (i, limb) in limbs.into_iter().enumerate() {
            if let Some(value) = self.exprs.as_constant(limb) {
                use p3_field::PrimeField32;
                let value = i64::from(value.as_canonical_u32());
                bytes[2 * i] = self.exprs.constant(value & 0xff);
                bytes[2 * i + 1] = self.exprs.constant(value >> 8);
                continue;
            }
            let low = self.column(Hint::Node {
                node,
                shift: 16 * i as u32,
                bits: 8,
            });
            let rest = self.exprs.sub(limb, low);
            bytes[2 * i] = low;
            bytes[2 * i + 1] = self.exprs.divide_by_power(rest, 8);
        }
        self.forms(node).bytes = Some(bytes);
        bytes
    }

    /// Looks two values up as bytes, on real rows.
    pub(super) fn check_byte_pair(&mut self, a: Expr, b: Expr) {
        let is_constant = |expr| self.exprs.as_constant(expr).is_some();
        if is_constant(a) && is_constant(b) {
            return;
        }
        let (tag, zero) = (self.exprs.constant(tag::BYTE_PAIR), self.exprs.constant(0));
        self.interact(
            Bus::Data,
            Direction::Send,
            vec![tag, a, b, zero, zero],
            self.is_real,
        );
    }

    /// A lone bitwise operation by byte lookups. `x & y` is looked up, which also checks that `x`, `y` and
    /// it are bytes; the other operations follow from `x + y = (x | y) + (x & y)` and
    /// `x | y = (x ^ y) + (x & y)`.
    pub(super) fn bitwise_limbs(
        &mut self,
        node: NodeId,
        op: BinaryOp,
        a: NodeId,
        b: NodeId,
    ) -> [Expr; 2] {
        if let (BinaryOp::And, Some(mask)) = (op, self.block.as_constant(b))
            && is_low_mask(mask)
        {
            return self.low_bits(a, 32 - mask.leading_zeros());
        }
        let and = match op {
            BinaryOp::And => node,
            _ => self.block.binary(BinaryOp::And, Type::U32, a, b),
        };
        let (x, y) = (self.bytes(a), self.bytes(b));
        let tag = self.exprs.constant(tag::BYTE_AND);
        let mut bytes = [tag; 4];
        for i in 0..4 {
            let both = match self.block.as_constant(and) {
                Some(bits) => self.exprs.constant(i64::from(bits >> (8 * i) & 0xff)),
                None => self.column(Hint::Node {
                    node: and,
                    shift: 8 * i as u32,
                    bits: 8,
                }),
            };
            let zero = self.exprs.constant(0);
            let fields = vec![tag, x[i], y[i], both, zero];
            self.interact(Bus::Data, Direction::Send, fields, self.is_real);
            let total = self.exprs.add(x[i], y[i]);
            bytes[i] = match op {
                BinaryOp::And => both,
                BinaryOp::Or => self.exprs.sub(total, both),
                _ => {
                    let twice = self.exprs.add(both, both);
                    self.exprs.sub(total, twice)
                }
            };
        }
        [[bytes[0], bytes[1]], [bytes[2], bytes[3]]].map(|[low, high]| {
            let high = self.exprs.scale(high, 256);
            self.exprs.add(low, high)
        })
    }
}
