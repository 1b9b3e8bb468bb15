//! Value ranges over a whole graph.
//!
//! Parameters start empty and grow by joining the arguments of their exits until nothing changes; what
//! does not settle in a few rounds becomes the full range. Loop counters would never settle, so they are
//! bounded by the step meter instead: a header's parameter whose every way around the loop leaves it alone
//! or adds constants (an *induction* parameter) grows by at most `growth` in a step, and the tables prove
//! that no invocation takes more than `steps` steps.

use std::collections::HashSet;

use arknet_workload::ir::{BinaryOp, Builtin, Type};
use arknet_workload::job::Dispatch;

use super::{BlockId, FlowBlock, Graph, Key, NodeId, Op, Range, Target};

/// Rounds of joining before a parameter that still changes becomes the full range.
const ROUNDS: usize = 8;
/// Induction parameters past this bound keep the full range. It leaves room for one more step below the
/// largest number that is one field element.
const BOUND: u64 = 1 << 29;

/// Sets the range of every node. `steps` is the proven bound of every invocation's steps.
pub(crate) fn assign_ranges(graph: &mut Graph, dispatch: &Dispatch, steps: u32) {
    let growth = induction_growth(graph);
    let mut params: Vec<Vec<Option<Range>>> = graph
        .blocks
        .iter()
        .map(|block| vec![None; block.params.len()])
        .collect();
    if let (Some(entry), Some(block)) = (params.first_mut(), graph.blocks.first()) {
        for (range, key) in entry.iter_mut().zip(&block.params) {
            *range = Some(entry_range(*key, dispatch));
        }
    }
    let mut round = 0;
    loop {
        let mut next = params.clone();
        for &id in &graph.order {
            let block = &mut graph.blocks[id.0 as usize];
            assign_nodes(block, &params[id.0 as usize], graph.invocations);
            for exit in &block.exits {
                let Target::Block(target) = exit.target else {
                    continue;
                };
                let target_index = target.0 as usize;
                for (position, &arg) in exit.args.iter().enumerate() {
                    let induction = growth[target_index][position];
                    if induction.is_some() && block.loops.contains(&target) {
                        continue;
                    }
                    let mut range = block.range(arg);
                    if let Some(growth) = induction {
                        let max = u64::from(range.max)
                            .saturating_add(growth.saturating_mul(u64::from(steps) + 1));
                        range = if max < BOUND {
                            Range {
                                min: range.min,
                                max: max as u32,
                            }
                        } else {
                            Range::FULL
                        };
                    }
                    let slot = &mut next[target_index][position];
                    *slot = Some(slot.map_or(range, |old| old.join(range)));
                }
            }
        }
        round += 1;
        if next == params {
            break;
        }
        if round > ROUNDS {
            for (block, (next, old)) in graph.blocks.iter().zip(next.iter_mut().zip(&params)) {
                for ((range, old), key) in next.iter_mut().zip(old).zip(&block.params) {
                    if range != old {
                        *range = Some(widest(block, *key));
                    }
                }
            }
        }
        params = next;
    }
}

fn widest(block: &FlowBlock, key: Key) -> Range {
    let node = block.values.get(&key).map(|&node| block.node(node).ty);
    Range::of_type(node.unwrap_or(Type::U32))
}

fn entry_range(key: Key, dispatch: &Dispatch) -> Range {
    let (groups, size) = (dispatch.workgroups(), dispatch.workgroup_size());
    let last = |count: u32| Range::up_to(count - 1);
    match key {
        Key::Builtin(Builtin::GlobalInvocationId(axis)) => {
            last(groups[axis as usize] * size[axis as usize])
        }
        Key::Builtin(Builtin::LocalInvocationId(axis)) => last(size[axis as usize]),
        Key::Builtin(Builtin::LocalInvocationIndex) => last(dispatch.group_invocations()),
        Key::Builtin(Builtin::WorkgroupId(axis)) => last(groups[axis as usize]),
        Key::Builtin(Builtin::NumWorkgroups(axis)) => Range::constant(groups[axis as usize]),
        // No program value is live into the entry; the full range is right in any case.
        Key::Value(_) => Range::FULL,
    }
}

fn assign_nodes(block: &mut FlowBlock, params: &[Option<Range>], invocations: u32) {
    for index in 0..block.nodes.len() {
        let node = block.nodes[index];
        let range = match node.op {
            // A parameter nothing reaches yet: any one value keeps the rounds below sound, since the
            // last round runs with all of them settled.
            Op::Param(position) => params[position as usize].unwrap_or_else(|| Range::constant(0)),
            Op::Invocation => Range::up_to(invocations - 1),
            op => block.range_of(op, node.ty),
        };
        block.nodes[index].range = range;
    }
}

/// For each header parameter that is an induction parameter of its loop, what it grows by at most in one
/// step.
fn induction_growth(graph: &Graph) -> Vec<Vec<Option<u64>>> {
    let mut result: Vec<Vec<Option<u64>>> = graph
        .blocks
        .iter()
        .map(|block| vec![None; block.params.len()])
        .collect();
    for &header in &graph.order {
        if graph.blocks[header.0 as usize].is_header {
            loop_growth(graph, header, &mut result[header.0 as usize]);
        }
    }
    result
}

/// The largest set of parameters of the loop's blocks such that every argument for one of them from inside
/// the loop is a member plus a constant. A path through the loop passes each block once between two steps,
/// so the sum of the blocks' largest constants bounds the growth in a step.
fn loop_growth(graph: &Graph, header: BlockId, growth: &mut [Option<u64>]) {
    let inside: Vec<BlockId> = graph
        .order
        .iter()
        .copied()
        .filter(|id| graph.blocks[id.0 as usize].loops.contains(&header))
        .collect();
    let mut members: HashSet<(BlockId, usize)> = inside
        .iter()
        .flat_map(|&id| {
            let block = &graph.blocks[id.0 as usize];
            let is_word = |position: usize| {
                let key = block.params[position];
                block
                    .values
                    .get(&key)
                    .is_some_and(|&node| block.node(node).ty.is_word())
            };
            (0..block.params.len())
                .filter(move |&p| is_word(p))
                .map(move |position| (id, position))
        })
        .collect();
    loop {
        let mut removed = Vec::new();
        for &id in &inside {
            let block = &graph.blocks[id.0 as usize];
            for exit in &block.exits {
                let Target::Block(target) = exit.target else {
                    continue;
                };
                for (position, &arg) in exit.args.iter().enumerate() {
                    if !members.contains(&(target, position)) {
                        continue;
                    }
                    let is_member = |param: u32| members.contains(&(id, param as usize));
                    if increment(block, arg, &is_member).is_none() {
                        removed.push((target, position));
                    }
                }
            }
        }
        if removed.is_empty() {
            break;
        }
        for member in removed {
            members.remove(&member);
        }
    }
    let per_step = inside
        .iter()
        .map(|&id| {
            let block = &graph.blocks[id.0 as usize];
            let is_member = |param: u32| members.contains(&(id, param as usize));
            block
                .exits
                .iter()
                .filter_map(|exit| match exit.target {
                    Target::Block(target) => Some((target, &exit.args)),
                    Target::Return => None,
                })
                .flat_map(|(target, args)| args.iter().enumerate().map(move |arg| (target, arg)))
                .filter(|(target, (position, _))| members.contains(&(*target, *position)))
                .filter_map(|(_, (_, &arg))| increment(block, arg, &is_member))
                .max()
                .unwrap_or(0)
        })
        .fold(0u64, u64::saturating_add);
    for (position, growth) in growth.iter_mut().enumerate() {
        if members.contains(&(header, position)) {
            *growth = Some(per_step);
        }
    }
}

/// What a node adds at most to a member parameter, where it is one plus constants.
fn increment(block: &FlowBlock, node: NodeId, is_member: &impl Fn(u32) -> bool) -> Option<u64> {
    match block.node(node).op {
        Op::Param(position) if is_member(position) => Some(0),
        Op::Binary(BinaryOp::Add, _, a, b) => {
            let constant = block.as_constant(b)?;
            (constant < 1 << 20).then_some(())?;
            Some(increment(block, a, is_member)?.saturating_add(u64::from(constant)))
        }
        Op::Select(_, a, b) => {
            Some(increment(block, a, is_member)?.max(increment(block, b, is_member)?))
        }
        _ => None,
    }
}
