//! An invocation on its way through the flow blocks, which stops at barriers.

use std::collections::HashMap;

use arknet_workload::job::Invocation;

use super::WitnessError;
use super::execute::{Part, Runner};
use super::turns::GroupWords;
use super::usage::Touch;
use crate::fixed::WordState;
use crate::graph::{BlockId, FlowBlock, NodeId, Op, Target};
use crate::lower::{SlotContent, SlotSource, is_one_slot};

/// Why a walk stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It waits for the workgroup.
    Barrier,
    /// It is over.
    End,
}

/// What an invocation has touched of the words that are its own: value, state, and what was done, by memory table
/// and index.
pub(super) type Touched = HashMap<(usize, u32), (u32, WordState, Touch)>;

/// An invocation on its way.
pub(super) struct Walk {
    pub(super) invocation: u32,
    /// At the start of the present visit.
    pub(super) clock: u32,
    pub(super) at: BlockId,
    slots: Vec<u32>,
    /// Nodes of the present block so far.
    pub(super) values: Vec<u32>,
    /// Words read by the accesses of the present block so far.
    reads: Vec<u32>,
    /// Barriers of the present block passed.
    barriers: usize,
    /// Start of the present visit's row in the log, where there is one.
    pub(super) row: Option<usize>,
    pub(super) touched: Touched,
    pub(super) is_over: bool,
}

impl Walk {
    pub(super) fn new(runner: &Runner<'_>, invocation: u32, part: &mut Part) -> Self {
        let machine = runner.machine;
        let slots = machine.control.contents[0]
            .iter()
            .map(|content| match *content {
                SlotContent::Param(position, _) => {
                    let key = machine.graph.blocks[0].params[position as usize];
                    let value = key.at_entry(&machine.statement.dispatch, Invocation(invocation));
                    value.unwrap_or(0)
                }
                SlotContent::Zero | SlotContent::Junk => 0,
            })
            .collect();
        let mut walk = Self {
            invocation,
            clock: 0,
            at: BlockId(0),
            slots,
            values: Vec::new(),
            reads: Vec::new(),
            barriers: 0,
            row: None,
            touched: Touched::default(),
            is_over: false,
        };
        walk.begin_visit(runner, part);
        walk
    }

    /// Goes on to the next barrier or to the end.
    pub(super) fn advance(
        &mut self,
        runner: &Runner<'_>,
        group: &mut GroupWords,
        part: &mut Part,
    ) -> Result<Stop, WitnessError> {
        loop {
            if self.visit(runner, group, part)? == Stop::Barrier {
                return Ok(Stop::Barrier);
            }
            if !self.leave(runner, part)? {
                self.is_over = true;
                return Ok(Stop::End);
            }
        }
    }

    fn begin_visit(&mut self, runner: &Runner<'_>, part: &mut Part) {
        self.values.clear();
        self.reads.clear();
        self.barriers = 0;
        let position = runner.positions[self.at.0 as usize];
        self.row = part.logs.as_mut().map(|logs| {
            let log = &mut logs[position];
            let row = log.len();
            log.extend([self.invocation, self.clock]);
            log.extend(&self.slots);
            log.resize(row + runner.strides[position], 0);
            row
        });
    }

    /// Computes the nodes of the present block and does its accesses, from where it stopped.
    fn visit(
        &mut self,
        runner: &Runner<'_>,
        group: &mut GroupWords,
        part: &mut Part,
    ) -> Result<Stop, WitnessError> {
        let machine = runner.machine;
        let block = &machine.graph.blocks[self.at.0 as usize];
        let params = &machine.control.slots[self.at.0 as usize];
        while self.values.len() < block.nodes.len() {
            let node = NodeId(self.values.len() as u32);
            let value = match block.node(node).op {
                Op::Param(position) => {
                    param_value(block, node, &self.slots, params[position as usize])
                }
                Op::Invocation => self.invocation,
                Op::Load(access) => {
                    let access = access as usize;
                    while self.reads.len() <= access {
                        if self.passes_barrier(runner) {
                            return Ok(Stop::Barrier);
                        }
                        let read = self.access(runner, self.reads.len(), group, part)?;
                        self.reads.push(read);
                    }
                    self.reads[access]
                }
                // `evaluate` looks at operands alone, which come before.
                _ => block.evaluate(node, &self.values),
            };
            self.values.push(value);
        }
        loop {
            if self.passes_barrier(runner) {
                return Ok(Stop::Barrier);
            }
            if self.reads.len() == block.accesses.len() {
                return Ok(Stop::End);
            }
            let read = self.access(runner, self.reads.len(), group, part)?;
            self.reads.push(read);
        }
    }

    /// Whether the invocation comes to a barrier before the next access of the block.
    fn passes_barrier(&mut self, runner: &Runner<'_>) -> bool {
        let block = &runner.machine.graph.blocks[self.at.0 as usize];
        while let Some(barrier) = block.barriers.get(self.barriers)
            && barrier.accesses <= self.reads.len()
        {
            self.barriers += 1;
            if self.values[barrier.predicate.0 as usize] == 1 {
                return true;
            }
        }
        false
    }

    /// Counts the steps of the visit and goes to the next block; false where there is none.
    fn leave(&mut self, runner: &Runner<'_>, part: &mut Part) -> Result<bool, WitnessError> {
        let machine = runner.machine;
        let (invocation, steps) = (self.invocation, machine.statement.steps);
        let block = &machine.graph.blocks[self.at.0 as usize];
        for &(flag, count) in &block.meters {
            if self.values[flag.0 as usize] == 1 {
                self.clock = self.clock.saturating_add(count);
            }
        }
        if self.clock > steps {
            return Err(WitnessError::OutOfSteps { invocation, steps });
        }
        runner.count_row(runner.positions[self.at.0 as usize])?;
        let exit = block
            .exits
            .iter()
            .find(|exit| self.values[exit.flag.0 as usize] == 1);
        let Some(Target::Block(target)) = exit.map(|exit| exit.target) else {
            return Ok(false);
        };
        let args = exit.map_or(&[][..], |exit| &exit.args);
        self.slots = self.sent(runner, target, args);
        self.at = target;
        self.begin_visit(runner, part);
        Ok(true)
    }

    /// The slots of the message that leaves the present block for a target.
    fn sent(&self, runner: &Runner<'_>, to: BlockId, args: &[NodeId]) -> Vec<u32> {
        let control = &runner.machine.control;
        let value = |node: NodeId| self.values[node.0 as usize];
        control.contents[to.0 as usize]
            .iter()
            .zip(&control.sources[self.at.0 as usize])
            .map(|(content, source)| match (*content, *source) {
                (SlotContent::Param(position, part), _) => part.of(value(args[position as usize])),
                (_, SlotSource::Same(node, part)) => part.of(value(node)),
                (SlotContent::Zero | SlotContent::Junk, _) => 0,
            })
            .collect()
    }
}

/// A parameter's value from the slots of a message.
pub(super) fn param_value(block: &FlowBlock, node: NodeId, slots: &[u32], slot: u32) -> u32 {
    let slot = slot as usize;
    if is_one_slot(block, node) {
        slots[slot]
    } else {
        slots[slot] | slots[slot + 1] << 16
    }
}
