//! A simplified program as a graph of flow blocks: what one row of a table does.
//!
//! A [`FlowBlock`] is straight-line: its `if`s became selections and predicates, so one visit of one
//! invocation computes all of its nodes. Loops and the `if`s around them become edges between blocks
//! ([`Exit`]). Values that cross an edge are the target's parameters; what is cheap to recompute from the
//! invocation's number is recomputed instead ([`form`]).
//!
//! ```text
//!  Program ──form──▶ Graph ──ranges──▶ Graph with value ranges ──(lower)──▶ tables
//! ```
//!
//! Nodes are hash-consed and pure but for `Param` and `Load`. A node's concrete value follows from those
//! of its operands ([`FlowBlock::evaluate`]), which is how the witness is made.

mod form;
mod induction;
mod range;
mod ranges;

use std::collections::HashSet;

use arknet_workload::interpreter::evaluate_binary;
use arknet_workload::ir::{AtomicFamily, BarrierScope, BinaryOp, Builtin, MemoryId, Type, Value};
use arknet_workload::job::{Dispatch, Invocation};

use rustc_hash::FxHashMap;

pub(crate) use form::{TooComplex, form};
pub(crate) use range::Range;
pub(crate) use ranges::assign_ranges;

/// A node of a flow block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

/// A flow block of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct BlockId(pub(crate) u32);

/// What a node computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    /// Parameter by position.
    Param(u32),
    /// The invocation's number in the canonical order.
    Invocation,
    /// A word, or 0 or 1.
    Const(u32),
    /// An operation on operands of the given type.
    Binary(BinaryOp, Type, NodeId, NodeId),
    /// The second where the first holds, else the third.
    Select(NodeId, NodeId, NodeId),
    /// A truth value as the word 0 or 1.
    Word(NodeId),
    /// The word that an access (by position in [`FlowBlock::accesses`]) reads; 0 where its predicate fails.
    Load(u32),
    /// Truth: both.
    Both(NodeId, NodeId),
    /// Truth: the first and not the second, where the second implies the first.
    Without(NodeId, NodeId),
    /// Truth: one of two that exclude each other.
    Either(NodeId, NodeId),
}

/// A node with its type and, once [`assign_ranges`] ran, the interval of its values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) ty: Type,
    pub(crate) range: Range,
}

/// A memory access of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) memory: MemoryId,
    pub(crate) index: NodeId,
    /// What happens.
    pub(crate) kind: AccessKind,
    /// The access takes place where this holds.
    pub(crate) predicate: NodeId,
    /// When, among the barriers, where the memory is one that barriers order.
    pub(crate) moment: Option<Moment>,
}

/// When an access comes among the barriers of its workgroup.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Barriers of the memory's scope that the invocation has passed.
    pub(crate) phase: NodeId,
    /// The linear number of its workgroup.
    pub(crate) workgroup: NodeId,
}

/// A barrier of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Barrier {
    pub(crate) scope: BarrierScope,
    /// The invocation passes it where this holds.
    pub(crate) predicate: NodeId,
    /// Accesses of the block that come before it.
    pub(crate) accesses: usize,
}

/// Per scope the number of barriers passed, where that is no longer what it was at the start of the block.
pub(crate) type Phases = [Option<NodeId>; BarrierScope::ALL.len()];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccessKind {
    /// Reads the node's value.
    Load(NodeId),
    /// Writes the node's value.
    Store(NodeId),
    /// Replaces a word that nothing else sees by an operation on it and an operand.
    Update(Update),
}

/// A read-modify-write: `after = op(before, operand)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    /// What is done; operations of one family may come in any order.
    pub(crate) family: AtomicFamily,
    pub(crate) op: BinaryOp,
    /// Type of the operands.
    pub(crate) ty: Type,
    /// The word before: the access's `Load` node, which only `after` uses.
    pub(crate) before: NodeId,
    pub(crate) operand: NodeId,
    pub(crate) after: NodeId,
}

impl AccessKind {
    /// The family of an update.
    pub(crate) fn family(self) -> Option<AtomicFamily> {
        match self {
            Self::Update(update) => Some(update.family),
            Self::Load(_) | Self::Store(_) => None,
        }
    }

    /// The word that the access finds, where it matters, and the one that it leaves.
    pub(crate) fn words(self) -> [NodeId; 2] {
        match self {
            Self::Load(node) | Self::Store(node) => [node; 2],
            Self::Update(update) => [update.before, update.after],
        }
    }
}

/// Where an exit leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Block(BlockId),
    /// The end of the invocation.
    Return,
}

/// One way to leave a block; exactly one exit's flag holds on every visit.
#[derive(Clone, Debug)]
pub(crate) struct Exit {
    pub(crate) flag: NodeId,
    pub(crate) target: Target,
    /// One per parameter of the target.
    pub(crate) args: Vec<NodeId>,
    /// Barriers passed there.
    pub(crate) phases: Phases,
}

/// What a parameter stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// A value of the program.
    Value(Value),
    /// A value of the dispatch.
    Builtin(Builtin),
    /// The linear number of the workgroup.
    Workgroup,
    /// Barriers of a scope that the invocation has passed.
    Phase(BarrierScope),
}

impl Key {
    /// What the entry finds there; `None` for what is not live into it.
    pub(crate) fn at_entry(self, dispatch: &Dispatch, invocation: Invocation) -> Option<u32> {
        match self {
            Self::Builtin(builtin) => Some(dispatch.builtin(invocation, builtin)),
            Self::Workgroup => Some(invocation.0 / dispatch.group_invocations()),
            Self::Value(_) | Self::Phase(_) => None,
        }
    }
}

/// A straight-line piece of the program.
#[derive(Clone, Debug, Default)]
pub(crate) struct FlowBlock {
    pub(crate) params: Vec<Key>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) accesses: Vec<Access>,
    pub(crate) barriers: Vec<Barrier>,
    pub(crate) exits: Vec<Exit>,
    /// Steps that a visit counts where the node holds.
    pub(crate) meters: Vec<(NodeId, u32)>,
    /// Loops around the block.
    pub(crate) depth: u32,
    /// Whether the block is the first of a loop.
    pub(crate) is_header: bool,
    /// The loops around it, outermost first, by header.
    pub(crate) loops: Vec<BlockId>,
    consed: FxHashMap<Op, NodeId>,
    values: FxHashMap<Key, NodeId>,
}

/// A program as flow blocks; the entry is block 0. The blocks that it leads to are in a topological order of the edges
/// that are not back edges, by `order`.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(crate) blocks: Vec<FlowBlock>,
    pub(crate) order: Vec<BlockId>,
    /// Invocations of the dispatch.
    pub(crate) invocations: u32,
}

impl Graph {
    /// Blocks that control can reach after a block, itself only through a loop.
    pub(crate) fn reachable(&self, from: BlockId) -> HashSet<BlockId> {
        let mut seen = HashSet::new();
        let mut pending = vec![from];
        while let Some(id) = pending.pop() {
            for exit in &self.blocks[id.0 as usize].exits {
                if let Target::Block(target) = exit.target
                    && seen.insert(target)
                {
                    pending.push(target);
                }
            }
        }
        seen
    }
}

impl FlowBlock {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn range(&self, id: NodeId) -> Range {
        self.node(id).range
    }

    pub(crate) fn as_constant(&self, id: NodeId) -> Option<u32> {
        match self.node(id).op {
            Op::Const(bits) => Some(bits),
            _ => None,
        }
    }

    /// Adds a node, or finds the same one, after folding what is constant.
    pub(crate) fn push(&mut self, op: Op, ty: Type) -> NodeId {
        let op = self.fold(op, ty);
        let op = match op {
            Folded::Node(id) => return id,
            Folded::Op(op) => op,
        };
        if let Some(&id) = self.consed.get(&op) {
            return id;
        }
        let id = NodeId(self.nodes.len() as u32);
        let range = self.range_of(op, ty);
        self.nodes.push(Node { op, ty, range });
        if !matches!(op, Op::Param(_) | Op::Load(_)) {
            self.consed.insert(op, id);
        }
        id
    }

    pub(crate) fn constant(&mut self, bits: u32, ty: Type) -> NodeId {
        // Words of either signedness are the same constant.
        let ty = if ty == Type::Bool {
            Type::Bool
        } else {
            Type::U32
        };
        if ty == Type::Bool {
            // Truth constants are told apart from the words 0 and 1 by their type.
            let truth = Op::Both(NodeId(u32::MAX), NodeId(bits));
            if let Some(&id) = self.consed.get(&truth) {
                return id;
            }
            let id = NodeId(self.nodes.len() as u32);
            self.nodes.push(Node {
                op: Op::Const(bits),
                ty,
                range: Range::constant(bits),
            });
            self.consed.insert(truth, id);
            return id;
        }
        self.push(Op::Const(bits), ty)
    }

    pub(crate) fn binary(&mut self, op: BinaryOp, ty: Type, a: NodeId, b: NodeId) -> NodeId {
        let result = match op {
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le => Type::Bool,
            _ => ty,
        };
        self.push(Op::Binary(op, ty, a, b), result)
    }

    pub(crate) fn select(&mut self, condition: NodeId, accept: NodeId, reject: NodeId) -> NodeId {
        let ty = self.node(accept).ty;
        self.push(Op::Select(condition, accept, reject), ty)
    }

    /// The node that shifts an unsigned word right by a constant, where the block has one.
    pub(crate) fn shifted_right(&self, word: NodeId, amount: u32) -> Option<NodeId> {
        let amount = *self.consed.get(&Op::Const(amount))?;
        self.consed
            .get(&Op::Binary(BinaryOp::Shr, Type::U32, word, amount))
            .copied()
    }

    /// Interval of a node from those of its operands; parameters keep the widest until they are assigned.
    pub(crate) fn range_of(&self, op: Op, ty: Type) -> Range {
        match op {
            Op::Const(bits) => Range::constant(bits),
            Op::Binary(op, ty, a, b) => Range::binary(op, ty, self.range(a), self.range(b)),
            Op::Select(_, a, b) => self.range(a).join(self.range(b)),
            Op::Word(b) => self.range(b),
            Op::Param(_) | Op::Load(_) | Op::Invocation => Range::of_type(ty),
            Op::Both(..) | Op::Without(..) | Op::Either(..) => Range::BOOL,
        }
    }

    fn fold(&mut self, op: Op, ty: Type) -> Folded {
        let constant = |this: &Self, id: NodeId| this.as_constant(id);
        match op {
            Op::Binary(op, operand, a, b) => return self.fold_binary(op, operand, a, b),
            Op::Select(c, a, b) => {
                if a == b {
                    return Folded::Node(a);
                }
                if let Some(bits) = constant(self, c) {
                    return Folded::Node(if bits == 1 { a } else { b });
                }
            }
            Op::Word(b) => {
                if let Some(bits) = constant(self, b) {
                    return Folded::Node(self.constant(bits, ty));
                }
            }
            Op::Both(a, b) => match (constant(self, a), constant(self, b)) {
                (Some(1), _) => return Folded::Node(b),
                (_, Some(1)) => return Folded::Node(a),
                (Some(_), _) => return Folded::Node(a),
                (_, Some(_)) => return Folded::Node(b),
                _ if a == b => return Folded::Node(a),
                _ => {}
            },
            Op::Without(a, b) => {
                if a == b {
                    return Folded::Node(self.constant(0, Type::Bool));
                }
                if constant(self, b) == Some(0) {
                    return Folded::Node(a);
                }
            }
            Op::Either(a, b) => {
                if constant(self, a) == Some(0) {
                    return Folded::Node(b);
                }
                if constant(self, b) == Some(0) {
                    return Folded::Node(a);
                }
                // The halves of a predicate that an `if` split make it whole again.
                for (whole, part) in [(a, b), (b, a)] {
                    if let Op::Without(p, q) = self.node(whole).op
                        && q == part
                    {
                        return Folded::Node(p);
                    }
                }
            }
            Op::Const(_) | Op::Param(_) | Op::Invocation | Op::Load(_) => {}
        }
        Folded::Op(op)
    }

    fn fold_binary(&mut self, op: BinaryOp, ty: Type, a: NodeId, b: NodeId) -> Folded {
        let (left, right) = (self.as_constant(a), self.as_constant(b));
        let result = match op {
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le => Type::Bool,
            _ => ty,
        };
        if let (Some(x), Some(y)) = (left, right) {
            return Folded::Node(self.constant(evaluate_binary(op, ty, x, y), result));
        }
        // Constants to the right of what commutes; signedness only where it matters.
        let commutes = matches!(
            op,
            BinaryOp::Add
                | BinaryOp::Mul
                | BinaryOp::And
                | BinaryOp::Or
                | BinaryOp::Xor
                | BinaryOp::Eq
                | BinaryOp::Ne
                | BinaryOp::Min
                | BinaryOp::Max
        );
        let (a, b, right) = if commutes && (left.is_some() || (right.is_none() && a > b)) {
            (b, a, left)
        } else {
            (a, b, right)
        };
        let ty = match op {
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::Xor
            | BinaryOp::Shl
            | BinaryOp::Eq
            | BinaryOp::Ne
                if ty == Type::I32 =>
            {
                Type::U32
            }
            _ => ty,
        };
        if ty == Type::Bool {
            return Folded::Op(Op::Binary(op, ty, a, b));
        }
        match (op, right) {
            (
                BinaryOp::Add
                | BinaryOp::Sub
                | BinaryOp::Or
                | BinaryOp::Xor
                | BinaryOp::Shl
                | BinaryOp::Shr,
                Some(0),
            )
            | (BinaryOp::Mul | BinaryOp::Div, Some(1))
            | (BinaryOp::And, Some(u32::MAX)) => return Folded::Node(a),
            (BinaryOp::Mul | BinaryOp::And, Some(0)) => {
                return Folded::Node(self.constant(0, ty));
            }
            (BinaryOp::Div, Some(d)) if ty == Type::U32 && d.is_power_of_two() => {
                let amount = self.constant(d.trailing_zeros(), Type::U32);
                return Folded::Op(Op::Binary(BinaryOp::Shr, ty, a, amount));
            }
            (BinaryOp::Rem, Some(d)) if ty == Type::U32 && d.is_power_of_two() => {
                let mask = self.constant(d - 1, Type::U32);
                return Folded::Op(Op::Binary(BinaryOp::And, ty, a, mask));
            }
            (BinaryOp::Shl | BinaryOp::Shr, Some(amount)) if amount >= 32 => {
                let amount = self.constant(amount % 32, Type::U32);
                return if amount == b {
                    Folded::Op(Op::Binary(op, ty, a, b))
                } else {
                    Folded::Node(self.push(Op::Binary(op, ty, a, amount), ty))
                };
            }
            _ => {}
        }
        Folded::Op(Op::Binary(op, ty, a, b))
    }

    /// Concrete value of a node from those of the nodes before it. `Param`, `Invocation` and `Load` are not
    /// computed but given.
    pub(crate) fn evaluate(&self, id: NodeId, values: &[u32]) -> u32 {
        let value = |id: NodeId| values[id.0 as usize];
        match self.node(id).op {
            Op::Const(bits) => bits,
            Op::Binary(op, ty, a, b) => evaluate_binary(op, ty, value(a), value(b)),
            Op::Select(c, a, b) => value(if value(c) == 1 { a } else { b }),
            Op::Word(b) => value(b),
            Op::Both(a, b) => value(a) & value(b),
            Op::Without(a, b) => value(a) & !value(b),
            Op::Either(a, b) => value(a) | value(b),
            Op::Param(_) | Op::Invocation | Op::Load(_) => value(id),
        }
    }
}

enum Folded {
    Node(NodeId),
    Op(Op),
}
