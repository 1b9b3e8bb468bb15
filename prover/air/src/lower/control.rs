//! A block's table: what it receives, what it does, where it sends the invocation.
//!
//! A control message is `(label, invocation, clock, slots…)`. A parameter has one slot, or two for the limbs of
//! a word that is not one field element. One message leaves a row, whatever the exit: its label is the sum of
//! the exits' flags times their labels, and so is each slot where the exits differ. To keep that rare, a
//! block's parameters are placed where its hottest sender already has the same value, and a block in a colder
//! place than its sender takes what it has no use for (*junk*) rather than have the sender clear it.

use arknet_workload::ir::Type;
use rustc_hash::FxHashMap;

use super::chain::Sites;
use super::memory::MemoryContext;
use super::plan::MemoryPlan;
use super::row::{BlockTable, Hint, RowBuilder};
use crate::graph::{BlockId, Exit, FlowBlock, Graph, NodeId, Op, Target};
use crate::machine::CompileError;
use crate::statement::Statement;
use crate::table::{Bus, Direction, Expr};

/// Fields of a control message before its slots.
pub(crate) const CONTROL_PREFIX: usize = 3;

/// Label of the end of an invocation; blocks have their number plus one.
pub(crate) const RETURN_LABEL: i64 = 0;

pub(crate) const fn label(target: Target) -> i64 {
    match target {
        Target::Return => RETURN_LABEL,
        Target::Block(BlockId(id)) => id as i64 + 1,
    }
}

/// Which part of a node's value a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    Low,
    High,
}

impl Part {
    pub(crate) fn of(self, value: u32) -> u32 {
        match self {
            Self::Whole => value,
            Self::Low => value & 0xffff,
            Self::High => value >> 16,
        }
    }
}

/// What a block sends in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotSource {
    /// Zero, whatever the exit.
    Zero,
    /// The same value, whatever the exit.
    Same(NodeId, Part),
    /// The exit's own value; zero for an exit whose target has no use for the slot.
    PerExit,
}

/// What a block finds in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotContent {
    Zero,
    Param(u32, Part),
    Junk,
}

/// The layout of control messages.
#[derive(Clone, Debug)]
pub(crate) struct ControlPlan {
    /// First slot of each parameter of each block.
    pub(crate) slots: Vec<Vec<u32>>,
    /// What each slot of a message to a block holds.
    pub(crate) contents: Vec<Vec<SlotContent>>,
    /// What each block sends in each slot.
    pub(crate) sources: Vec<Vec<SlotSource>>,
    /// Slots of a message.
    pub(crate) slot_count: usize,
}

/// Whether a node's value takes one slot.
pub(crate) fn is_one_slot(block: &FlowBlock, node: NodeId) -> bool {
    let node = block.node(node);
    node.ty == Type::Bool || node.range.max < super::word::EXACT
}

impl ControlPlan {
    pub(crate) fn new(graph: &Graph) -> Self {
        let widths: Vec<Vec<bool>> = graph
            .blocks
            .iter()
            .map(|block| {
                let params = param_nodes(block);
                params
                    .into_iter()
                    .map(|node| is_one_slot(block, node))
                    .collect()
            })
            .collect();
        let mut slots: Vec<Vec<u32>> = vec![Vec::new(); graph.blocks.len()];
        let mut placed = vec![false; graph.blocks.len()];
        // Headers first: they are the hottest, and others follow them.
        let (headers, others): (Vec<BlockId>, Vec<BlockId>) = graph
            .order
            .iter()
            .partition(|id| graph.blocks[id.0 as usize].is_header);
        for id in headers.into_iter().chain(others) {
            let index = id.0 as usize;
            let preferred = preferences(graph, id, &slots, &placed);
            slots[index] = assign(&widths[index], &preferred);
            placed[index] = true;
        }
        let end = |index: usize| {
            let ends = slots[index].iter().zip(&widths[index]);
            ends.map(|(&slot, &one)| slot + if one { 1 } else { 2 })
                .max()
                .unwrap_or(0) as usize
        };
        let slot_count = (0..graph.blocks.len()).map(end).max().unwrap_or(0);
        let mut contents: Vec<Vec<SlotContent>> = slots
            .iter()
            .zip(&widths)
            .map(|(slots, widths)| contents_of(slots, widths, slot_count))
            .collect();
        mark_junk(graph, &mut contents);
        let sources = graph
            .blocks
            .iter()
            .map(|block| sources_of(block, &contents, slot_count))
            .collect();
        Self {
            slots,
            contents,
            sources,
            slot_count,
        }
    }

    /// Fields of a control message.
    pub(crate) fn width(&self) -> usize {
        CONTROL_PREFIX + self.slot_count
    }
}

/// The node of each parameter.
pub(crate) fn param_nodes(block: &FlowBlock) -> Vec<NodeId> {
    let mut nodes = vec![NodeId(0); block.params.len()];
    for (index, node) in block.nodes.iter().enumerate() {
        if let Op::Param(position) = node.op {
            nodes[position as usize] = NodeId(index as u32);
        }
    }
    nodes
}

/// For each parameter of a block, the slot where its hottest sender has the same value for another target.
fn preferences(
    graph: &Graph,
    id: BlockId,
    slots: &[Vec<u32>],
    placed: &[bool],
) -> FxHashMap<usize, u32> {
    let mut preferred = FxHashMap::default();
    let mut senders: Vec<&FlowBlock> = graph
        .blocks
        .iter()
        .filter(|block| {
            block
                .exits
                .iter()
                .any(|exit| exit.target == Target::Block(id))
        })
        .collect();
    senders.sort_by_key(|block| std::cmp::Reverse(block.depth));
    for sender in senders {
        let same = sender
            .exits
            .iter()
            .find(|exit| exit.target == Target::Block(id));
        let Some(exit) = same else { continue };
        for other in one_per_target(sender) {
            let Target::Block(target) = other.target else {
                continue;
            };
            if !placed[target.0 as usize] {
                continue;
            }
            let target_slots = &slots[target.0 as usize];
            let slot_of: FxHashMap<NodeId, u32> = other
                .args
                .iter()
                .copied()
                .zip(target_slots.iter().copied())
                .collect();
            for (position, arg) in exit.args.iter().enumerate() {
                if let Some(&slot) = slot_of.get(arg) {
                    preferred.entry(position).or_insert(slot);
                }
            }
        }
    }
    preferred
}

/// The first exit to each target.
fn one_per_target(block: &FlowBlock) -> Vec<&Exit> {
    let mut exits: Vec<&Exit> = Vec::new();
    for exit in &block.exits {
        if exits.iter().all(|seen| seen.target != exit.target) {
            exits.push(exit);
        }
    }
    exits
}

/// Places parameters: the preferred slot where it is free, else the first free one.
fn assign(one_slot: &[bool], preferred: &FxHashMap<usize, u32>) -> Vec<u32> {
    let mut used: Vec<bool> = Vec::new();
    let mut slots = vec![u32::MAX; one_slot.len()];
    let width = |position: usize| if one_slot[position] { 1 } else { 2 };
    let is_free = |used: &[bool], slot: usize, width: usize| {
        (slot..slot + width).all(|slot| !used.get(slot).copied().unwrap_or(false))
    };
    let mut take = |used: &mut Vec<bool>, position: usize, slot: usize, width: usize| {
        if used.len() < slot + width {
            used.resize(slot + width, false);
        }
        used[slot..slot + width].fill(true);
        slots[position] = slot as u32;
    };
    let mut rest = Vec::new();
    for position in 0..one_slot.len() {
        match preferred.get(&position) {
            Some(&slot) if is_free(&used, slot as usize, width(position)) => {
                take(&mut used, position, slot as usize, width(position));
            }
            _ => rest.push(position),
        }
    }
    for position in rest {
        let slot = (0..)
            .find(|&slot| is_free(&used, slot, width(position)))
            .unwrap_or(0);
        take(&mut used, position, slot, width(position));
    }
    slots
}

fn contents_of(slots: &[u32], one_slot: &[bool], slot_count: usize) -> Vec<SlotContent> {
    let mut contents = vec![SlotContent::Zero; slot_count];
    for (position, (&slot, &one)) in slots.iter().zip(one_slot).enumerate() {
        let (slot, position) = (slot as usize, position as u32);
        if one {
            contents[slot] = SlotContent::Param(position, Part::Whole);
        } else {
            contents[slot] = SlotContent::Param(position, Part::Low);
            contents[slot + 1] = SlotContent::Param(position, Part::High);
        }
    }
    contents
}

/// A block outside of a sender's loop takes what the sender has in a slot for its other targets.
fn mark_junk(graph: &Graph, contents: &mut [Vec<SlotContent>]) {
    let mut junk = Vec::new();
    for sender in &graph.blocks {
        let exits = one_per_target(sender);
        for exit in &exits {
            let Target::Block(target) = exit.target else {
                continue;
            };
            if graph.blocks[target.0 as usize].depth >= sender.depth {
                continue;
            }
            for other in &exits {
                let Target::Block(other) = other.target else {
                    continue;
                };
                for (slot, content) in contents[other.0 as usize].iter().enumerate() {
                    let is_used = matches!(content, SlotContent::Param(..));
                    if is_used && contents[target.0 as usize][slot] == SlotContent::Zero {
                        junk.push((target.0 as usize, slot));
                    }
                }
            }
        }
    }
    for (target, slot) in junk {
        contents[target][slot] = SlotContent::Junk;
    }
}

fn sources_of(
    block: &FlowBlock,
    contents: &[Vec<SlotContent>],
    slot_count: usize,
) -> Vec<SlotSource> {
    (0..slot_count)
        .map(|slot| {
            let mut source = None;
            for exit in &block.exits {
                let wanted = match exit.target {
                    Target::Return => SlotSource::Zero,
                    Target::Block(target) => match contents[target.0 as usize][slot] {
                        SlotContent::Junk => continue,
                        SlotContent::Zero => SlotSource::Zero,
                        SlotContent::Param(position, part) => {
                            SlotSource::Same(exit.args[position as usize], part)
                        }
                    },
                };
                match source {
                    None => source = Some(wanted),
                    Some(source) if source == wanted => {}
                    Some(_) => return SlotSource::PerExit,
                }
            }
            source.unwrap_or(SlotSource::Zero)
        })
        .collect()
}

/// Lowers a block to its table.
pub(crate) fn lower_block(
    graph: &Graph,
    id: BlockId,
    control: &ControlPlan,
    plans: &[MemoryPlan],
    sites: &Sites,
    statement: &Statement,
) -> Result<BlockTable, CompileError> {
    let index = id.0 as usize;
    let block = graph.blocks[index].clone();
    let is_header = block.is_header;
    let clock_weight = block
        .meters
        .iter()
        .map(|&(_, steps)| u64::from(steps))
        .sum();
    let mut row = RowBuilder::new(block, control.slots[index].clone());
    let kind = if is_header { "loop" } else { "block" };
    let name = format!("{kind} {index}");
    let too_wide = |width: usize| CompileError::TooWide {
        table: name.clone(),
        width,
    };
    row.prepare().map_err(too_wide)?;
    row.receive(id, &control.contents[index]);
    let context = MemoryContext {
        plans,
        sites,
        statement,
    };
    for (position, access) in graph.blocks[index].accesses.iter().enumerate() {
        row.access(&context, id, position, access);
        row.check_width().map_err(too_wide)?;
    }
    row.send(
        &graph.blocks[index],
        &control.sources[index],
        &control.contents,
    );
    row.check_width().map_err(too_wide)?;
    let widths = [control.width(), MemoryPlan::state_width(plans)];
    Ok(row.finish(name, widths, clock_weight))
}

impl RowBuilder {
    /// Makes the forms of all values that something asks for, in order, so that no request recurses deeply.
    /// Fails with the width where the row gets too wide.
    fn prepare(&mut self) -> Result<(), usize> {
        for node in needed(&self.block) {
            self.check_width()?;
            match self.block.node(node).ty {
                Type::Bool => {
                    self.truth(node);
                }
                _ if self.wants_bits.contains(&node) => {
                    self.bits(node);
                }
                _ if self.is_exact_primary(node) => {
                    self.exact(node);
                }
                _ => match self.block.node(node).op {
                    Op::Binary(
                        arknet_workload::ir::BinaryOp::Add
                        | arknet_workload::ir::BinaryOp::Sub
                        | arknet_workload::ir::BinaryOp::Mul,
                        ..,
                    )
                    | Op::Select(..) => {
                        self.sum(node);
                    }
                    _ => {
                        self.limbs(node);
                    }
                },
            }
        }
        Ok(())
    }

    /// The value of a node as it goes into a slot.
    fn slot_value(&mut self, node: NodeId, part: Part) -> Expr {
        if self.block.node(node).ty == Type::Bool {
            return self.truth(node);
        }
        match part {
            Part::Low => self.limbs(node)[0],
            Part::High => self.limbs(node)[1],
            Part::Whole => match self.exact(node) {
                Some(exact) => exact,
                // The target's range contains the argument's.
                None => {
                    self.refuse();
                    self.is_real
                }
            },
        }
    }

    fn receive(&mut self, id: BlockId, contents: &[SlotContent]) {
        let params = param_nodes(&self.block);
        let label = self.exprs.constant(label(Target::Block(id)));
        let mut fields = vec![label, self.invocation, self.clock];
        for (slot, content) in contents.iter().enumerate() {
            fields.push(match *content {
                SlotContent::Zero => self.exprs.constant(0),
                SlotContent::Junk => self.column(Hint::Slot(slot as u32)),
                SlotContent::Param(position, part) => {
                    self.slot_value(params[position as usize], part)
                }
            });
        }
        self.interact(Bus::Control, Direction::Receive, fields, self.is_real);
    }

    fn send(&mut self, block: &FlowBlock, sources: &[SlotSource], contents: &[Vec<SlotContent>]) {
        let mut label_sum = self.exprs.constant(0);
        let mut flags = Vec::with_capacity(block.exits.len());
        for exit in &block.exits {
            let flag = self.truth(exit.flag);
            let part = self.exprs.scale(flag, label(exit.target));
            label_sum = self.exprs.add(label_sum, part);
            label_sum = self.compact(label_sum);
            flags.push(flag);
        }
        let mut clock = self.clock;
        for &(node, steps) in &block.meters {
            let flag = self.truth(node);
            let added = self.exprs.scale(flag, i64::from(steps));
            clock = self.exprs.add(clock, added);
            clock = self.compact(clock);
        }
        let mut fields = vec![label_sum, self.invocation, clock];
        for (slot, source) in sources.iter().enumerate() {
            fields.push(match *source {
                SlotSource::Zero => self.exprs.constant(0),
                SlotSource::Same(node, part) => self.slot_value(node, part),
                SlotSource::PerExit => {
                    let mut sum = self.exprs.constant(0);
                    for (exit, &flag) in block.exits.iter().zip(&flags) {
                        let Target::Block(target) = exit.target else {
                            continue;
                        };
                        let content = contents[target.0 as usize][slot];
                        if let SlotContent::Param(position, part) = content {
                            let value = self.slot_value(exit.args[position as usize], part);
                            let chosen = self.exprs.mul(flag, value);
                            sum = self.exprs.add(sum, chosen);
                            sum = self.compact(sum);
                        }
                    }
                    self.linear(sum)
                }
            });
        }
        self.interact(Bus::Control, Direction::Send, fields, self.is_real);
    }
}

/// Nodes that the accesses, exits and meters of a block depend on, in order.
fn needed(block: &FlowBlock) -> Vec<NodeId> {
    let mut wanted = vec![false; block.nodes.len()];
    for access in &block.accesses {
        wanted[access.index.0 as usize] = true;
        wanted[access.predicate.0 as usize] = true;
        for node in access.kind.words() {
            wanted[node.0 as usize] = true;
        }
        if let Some(moment) = access.moment {
            wanted[moment.phase.0 as usize] = true;
            wanted[moment.workgroup.0 as usize] = true;
        }
    }
    for exit in &block.exits {
        wanted[exit.flag.0 as usize] = true;
        for arg in &exit.args {
            wanted[arg.0 as usize] = true;
        }
    }
    for (node, _) in &block.meters {
        wanted[node.0 as usize] = true;
    }
    for index in (0..block.nodes.len()).rev() {
        if !wanted[index] {
            continue;
        }
        let operands: &[NodeId] = match &block.nodes[index].op {
            Op::Binary(_, _, a, b) | Op::Both(a, b) | Op::Without(a, b) | Op::Either(a, b) => {
                &[*a, *b]
            }
            Op::Select(a, b, c) => &[*a, *b, *c],
            Op::Word(a) => &[*a],
            Op::Const(_) | Op::Param(_) | Op::Invocation | Op::Load(_) => &[],
        };
        for operand in operands {
            wanted[operand.0 as usize] = true;
        }
    }
    (0..wanted.len())
        .filter(|&index| wanted[index])
        .map(|index| NodeId(index as u32))
        .collect()
}
