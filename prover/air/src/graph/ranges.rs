//! Value ranges over a whole graph.
//!
//! Parameters start empty and grow by joining the arguments of their exits until nothing changes; what
//! does not settle in a few rounds becomes the full range. Loop counters would never settle, so they are
//! bounded by the step meter instead ([`induction`](super::induction)): a header's parameter whose every way around
//! the loop leaves it alone or adds constants grows by at most so much in a step, and the tables prove that no
//! invocation takes more than `steps` steps. So are phases: between two steps a run passes each block, and each of its
//! barriers, at most once.

use arknet_workload::ir::{BarrierScope, Builtin, Type};
use arknet_workload::job::Dispatch;

use super::induction::{Induction, induction};
use super::{BlockId, FlowBlock, Graph, Key, Op, Range, Target};

/// Rounds of joining before a parameter that still changes becomes the full range.
const ROUNDS: usize = 8;
/// Passes that give up counters one by one before all are.
const MAX_PASSES: usize = 16;
/// Induction parameters past this bound keep the full range. It leaves room for one more step below the
/// largest number that is one field element.
const BOUND: u64 = 1 << 29;
/// Words below this bound are one field element and one slot of a control message.
const EXACT: u32 = 1 << 30;

/// Sets the range of every node. `steps` is the proven bound of every invocation's steps.
///
/// Afterwards a parameter below 2^30 has only arguments below 2^30: they share one slot.
pub(crate) fn assign_ranges(graph: &mut Graph, dispatch: &Dispatch, steps: u32) {
    let mut found = induction(graph);
    for pass in 0..=MAX_PASSES + 1 {
        settle(graph, dispatch, steps, &found);
        let unfit = unfit_params(graph);
        if unfit.is_empty() {
            return;
        }
        // To know fewer counters is always right; without any, every argument was joined.
        for (block, position) in unfit {
            found[block][position] = None;
        }
        if pass == MAX_PASSES {
            found.iter_mut().for_each(|params| params.fill(None));
        }
    }
}

/// Joins until nothing changes. The last round runs with every parameter settled, so that the ranges of all
/// nodes follow from those of the parameters, and those of the parameters contain every argument's.
fn settle(graph: &mut Graph, dispatch: &Dispatch, steps: u32, found: &[Vec<Option<Induction>>]) {
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
    let order = graph.order.clone();
    let phases = BarrierScope::ALL.map(|scope| last_phase(graph, scope, steps));
    let mut round = 0;
    loop {
        let mut changed = false;
        for &id in &order {
            let block = &mut graph.blocks[id.0 as usize];
            assign_nodes(block, &params[id.0 as usize], graph.invocations);
            let block = &graph.blocks[id.0 as usize];
            for exit in &block.exits {
                let Target::Block(target) = exit.target else {
                    continue;
                };
                let index = target.0 as usize;
                let from_inside = block.loops.contains(&target);
                for (position, &arg) in exit.args.iter().enumerate() {
                    let range = block.range(arg);
                    let mut join = |position: usize, range: Range| {
                        let slot = &mut params[index][position];
                        let key = graph.blocks[index].params[position];
                        let limit = |range: Range| match key {
                            Key::Phase(scope) => range.at_most(phases[scope as usize]),
                            _ => range,
                        };
                        let joined = limit(slot.map_or(range, |old| old.join(range)));
                        if *slot != Some(joined) {
                            // What is new settles; what keeps growing is given up.
                            let give_up = slot.is_some() && round >= ROUNDS;
                            *slot = Some(if give_up {
                                limit(widest(&graph.blocks[index], key))
                            } else {
                                joined
                            });
                            changed = true;
                        }
                    };
                    match &found[index][position] {
                        None => join(position, range),
                        Some(_) if from_inside => {}
                        Some(induction) => {
                            let grown = grown(range, induction.growth, steps);
                            for &peer in &induction.peers {
                                join(peer, grown);
                            }
                        }
                    }
                }
            }
        }
        round += 1;
        if !changed {
            break;
        }
    }
}

/// No phase of a scope is later in a run of at most `steps` steps.
fn last_phase(graph: &Graph, scope: BarrierScope, steps: u32) -> u32 {
    let blocks = graph.order.iter().map(|id| &graph.blocks[id.0 as usize]);
    let barriers = blocks.flat_map(|block| &block.barriers);
    let count = barriers.filter(|barrier| barrier.scope == scope).count() as u64;
    let last = count.saturating_mul(u64::from(steps) + 1);
    u32::try_from(last).unwrap_or(u32::MAX)
}

/// A range after any number of steps.
fn grown(range: Range, growth: u64, steps: u32) -> Range {
    let max = u64::from(range.max).saturating_add(growth.saturating_mul(u64::from(steps) + 1));
    if max < BOUND {
        Range {
            min: range.min,
            max: max as u32,
        }
    } else {
        Range::FULL
    }
}

/// Parameters of one slot, by block and position, with an argument that takes two.
fn unfit_params(graph: &Graph) -> Vec<(usize, usize)> {
    let mut unfit = Vec::new();
    for id in &graph.order {
        let block = &graph.blocks[id.0 as usize];
        for exit in &block.exits {
            let Target::Block(BlockId(target)) = exit.target else {
                continue;
            };
            let index = target as usize;
            let target = &graph.blocks[index];
            for (position, (key, &arg)) in target.params.iter().zip(&exit.args).enumerate() {
                let param = target
                    .values
                    .get(key)
                    .map_or(Range::FULL, |&node| target.range(node));
                if param.max < EXACT && block.range(arg).max >= EXACT {
                    unfit.push((index, position));
                }
            }
        }
    }
    unfit
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
        Key::Workgroup => last(dispatch.groups()),
        // Nothing else is live into the entry; the full range is right in any case.
        Key::Value(_) | Key::Phase(_) => Range::FULL,
    }
}

fn assign_nodes(block: &mut FlowBlock, params: &[Option<Range>], invocations: u32) {
    for index in 0..block.nodes.len() {
        let node = block.nodes[index];
        let range = match node.op {
            // A parameter nothing reaches yet, or ever: the last round has every reachable one settled.
            Op::Param(position) => {
                params[position as usize].unwrap_or_else(|| Range::of_type(node.ty))
            }
            Op::Invocation => Range::up_to(invocations - 1),
            op => block.range_of(op, node.ty),
        };
        block.nodes[index].range = range;
    }
}
