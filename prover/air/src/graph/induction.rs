//! Loop counters: parameters of a loop's header that only ever grow by constants.
//!
//! Among the parameters of all blocks of a loop, the *members* are the largest set such that every argument for
//! one of them from inside the loop is a member plus constants. Members that flow into one another form a
//! class. Whatever a member of a class holds began as the initial value of one of the class's header
//! parameters and grew by constants since. A path through the loop passes each block once between two
//! steps, so the sum of the blocks' largest constants for members of the class bounds the growth in a step.

use std::collections::HashMap;

use arknet_workload::ir::BinaryOp;

use super::{BlockId, FlowBlock, Graph, Op, Target};

/// Passes over a loop that look for counters before it is taken to have none.
const MAX_PASSES: usize = 64;

/// What a header's parameter is, where it is a counter.
#[derive(Clone, Debug)]
pub(super) struct Induction {
    /// What it grows by at most in one step.
    pub(super) growth: u64,
    /// Positions of the header's parameters in its class, itself included: it may hold what any began with.
    pub(super) peers: Vec<usize>,
}

/// Each parameter of each block as an induction parameter, where its block is a header and it is one.
pub(super) fn induction(graph: &Graph) -> Vec<Vec<Option<Induction>>> {
    let mut result: Vec<Vec<Option<Induction>>> = graph
        .blocks
        .iter()
        .map(|block| vec![None; block.params.len()])
        .collect();
    for &header in &graph.order {
        if graph.blocks[header.0 as usize].is_header {
            LoopParams::new(graph, header).induction(&mut result[header.0 as usize]);
        }
    }
    result
}

/// A node as a member parameter plus at most a constant.
#[derive(Clone, Copy)]
struct Grown {
    /// A parameter that it may come from; others are of the same class.
    origin: u32,
    /// What was added at most.
    by: u64,
}

struct LoopParams<'a> {
    graph: &'a Graph,
    header: BlockId,
    inside: Vec<BlockId>,
    /// First index of each inside block's parameters.
    first: HashMap<BlockId, usize>,
    is_member: Vec<bool>,
    /// Union-find over the parameters.
    parent: Vec<usize>,
}

impl<'a> LoopParams<'a> {
    fn new(graph: &'a Graph, header: BlockId) -> Self {
        let inside: Vec<BlockId> = graph
            .order
            .iter()
            .copied()
            .filter(|id| graph.blocks[id.0 as usize].loops.contains(&header))
            .collect();
        let mut first = HashMap::new();
        let mut is_member = Vec::new();
        for &id in &inside {
            let block = &graph.blocks[id.0 as usize];
            first.insert(id, is_member.len());
            is_member.extend(block.params.iter().map(|key| {
                block
                    .values
                    .get(key)
                    .is_some_and(|&node| block.node(node).ty.is_word())
            }));
        }
        let parent = (0..is_member.len()).collect();
        Self {
            graph,
            header,
            inside,
            first,
            is_member,
            parent,
        }
    }

    fn class(&mut self, mut member: usize) -> usize {
        while self.parent[member] != member {
            self.parent[member] = self.parent[self.parent[member]];
            member = self.parent[member];
        }
        member
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.class(a), self.class(b));
        self.parent[a] = b;
    }

    fn induction(mut self, params: &mut [Option<Induction>]) {
        // A chain of parameters loses one a pass. To know fewer counters is always right.
        for pass in 0..=MAX_PASSES {
            if !self.remove_others() {
                break;
            }
            if pass == MAX_PASSES {
                self.is_member.fill(false);
            }
        }
        let mut grows = Vec::new();
        for id in self.inside.clone() {
            let block = &self.graph.blocks[id.0 as usize];
            let first = self.first[&id];
            let mut unions = Vec::new();
            let grown = self.grown(id, block, &mut unions);
            for (member, arg) in self.arguments(block) {
                if let Some(Grown { origin, by }) = grown[arg] {
                    unions.push((member, first + origin as usize));
                    grows.push((id, member, by));
                }
            }
            for (a, b) in unions {
                self.unite(a, b);
            }
        }
        // Per class and block the most that a member grows by, and per class the sum over the blocks.
        let mut most: HashMap<(usize, BlockId), u64> = HashMap::new();
        for (id, member, by) in grows {
            let most = most.entry((self.class(member), id)).or_default();
            *most = by.max(*most);
        }
        let mut growth: HashMap<usize, u64> = HashMap::new();
        for ((class, _), by) in most {
            let sum = growth.entry(class).or_default();
            *sum = sum.saturating_add(by);
        }
        let first = self.first[&self.header];
        let classes: Vec<Option<usize>> = (0..params.len())
            .map(|position| {
                let member = first + position;
                self.is_member[member].then(|| self.class(member))
            })
            .collect();
        for (param, class) in params.iter_mut().zip(&classes) {
            if let Some(class) = class {
                let growth = growth.get(class).copied().unwrap_or(0);
                let peers = (0..classes.len())
                    .filter(|&peer| classes[peer] == Some(*class))
                    .collect();
                *param = Some(Induction { growth, peers });
            }
        }
    }

    /// Arguments of a block's exits for members, as (member, node).
    fn arguments(&self, block: &FlowBlock) -> Vec<(usize, usize)> {
        let mut arguments = Vec::new();
        for exit in &block.exits {
            let Target::Block(target) = exit.target else {
                continue;
            };
            let Some(&first) = self.first.get(&target) else {
                continue;
            };
            for (position, arg) in exit.args.iter().enumerate() {
                if self.is_member[first + position] {
                    arguments.push((first + position, arg.0 as usize));
                }
            }
        }
        arguments
    }

    /// Removes members that an argument which is no member plus constants flows into.
    fn remove_others(&mut self) -> bool {
        let mut removed = Vec::new();
        for &id in &self.inside {
            let block = &self.graph.blocks[id.0 as usize];
            let grown = self.grown(id, block, &mut Vec::new());
            let others = self
                .arguments(block)
                .into_iter()
                .filter(|&(_, arg)| grown[arg].is_none());
            removed.extend(others.map(|(member, _)| member));
        }
        for &member in &removed {
            self.is_member[member] = false;
        }
        !removed.is_empty()
    }

    /// Each node of a block as a member plus constants, in one pass. What a selection may come from is united.
    fn grown(
        &self,
        id: BlockId,
        block: &FlowBlock,
        unions: &mut Vec<(usize, usize)>,
    ) -> Vec<Option<Grown>> {
        let first = self.first[&id];
        let mut grown: Vec<Option<Grown>> = Vec::with_capacity(block.nodes.len());
        for node in &block.nodes {
            let of = |node: super::NodeId| grown[node.0 as usize];
            let next = match node.op {
                Op::Param(position) if self.is_member[first + position as usize] => Some(Grown {
                    origin: position,
                    by: 0,
                }),
                Op::Binary(BinaryOp::Add, _, a, b) => match (of(a), block.as_constant(b)) {
                    (Some(Grown { origin, by }), Some(constant)) if constant < 1 << 20 => {
                        Some(Grown {
                            origin,
                            by: by.saturating_add(u64::from(constant)),
                        })
                    }
                    _ => None,
                },
                Op::Select(_, a, b) => match (of(a), of(b)) {
                    (Some(a), Some(b)) => {
                        unions.push((first + a.origin as usize, first + b.origin as usize));
                        Some(Grown {
                            origin: a.origin,
                            by: a.by.max(b.by),
                        })
                    }
                    _ => None,
                },
                _ => None,
            };
            grown.push(next);
        }
        grown
    }
}
