//! Which control flow is uniform, that is, where either all invocations of a workgroup come by, equally often,
//! or none: barriers may stand nowhere else.
//!
//! A value is *uniform* if it is the same in all invocations of a workgroup that compute it. What may differ
//! is found as what can be reached from the sources of difference (ids, and loads of memory that others may
//! write) in a graph. Its nodes are the values and the blocks; a block is a node for "not all invocations run
//! this". Edges lead
//!
//! * from operands to results, and from what is passed at the end of a block to what it becomes;
//! * from the condition of an `if` to its arms and its results, and from a block to the blocks inside it;
//! * from every block that ends in `break` or `continue` to the body of that loop, and from there to the loop's
//!   params and results: who leaves a round early is missing from the rest of the loop.

use crate::ir::{
    Block, Builtin, InstKind, InvalidCode, InvalidProgram, LoopParam, Meeting, Place, Program,
    Space, Terminator, Value,
};

/// Checks a program whose body was checked but for this.
pub(super) fn check(program: &Program) -> Result<(), InvalidProgram> {
    if has_meetings(&program.body) {
        Graph::of(program).judge()
    } else {
        Ok(())
    }
}

/// For each loop of a checked program, in the order of the text, whether all invocations of a workgroup take
/// the same rounds of it.
pub(crate) fn of_loops(program: &Program) -> Vec<bool> {
    let graph = Graph::of(program);
    let reached = graph.reach();
    let uniform = |&body: &Node| reached[body].is_none();
    graph.loops.iter().map(uniform).collect()
}

/// Whether there is a barrier or a uniform load in a block.
pub(crate) fn has_meetings(block: &Block) -> bool {
    block.insts.iter().any(|inst| match &inst.kind {
        InstKind::Barrier { .. } | InstKind::UniformLoad { .. } => true,
        InstKind::If {
            then, otherwise, ..
        } => has_meetings(then) || has_meetings(otherwise),
        InstKind::Loop { body, .. } => has_meetings(body),
        _ => false,
    })
}

/// An instruction that every invocation must reach.
struct Found {
    what: Meeting,
    place: Place,
    block: Node,
    /// The index, which must be uniform too.
    index: Option<Value>,
}

/// A value by its number, or a block by its number past those of the values.
type Node = usize;

/// The innermost loop around a block.
#[derive(Clone, Copy)]
struct Around<'a> {
    body: Node,
    params: &'a [LoopParam],
    results: &'a [Value],
}

struct Graph<'a> {
    program: &'a Program,
    edges: Vec<(Node, Node)>,
    /// Values that differ by themselves.
    sources: Vec<Node>,
    /// For each block, the `if` that it is an arm of.
    blocks: Vec<Option<Place>>,
    /// The bodies of the loops.
    loops: Vec<Node>,
    meetings: Vec<Found>,
    /// Instructions walked so far.
    insts: u32,
}

impl<'a> Graph<'a> {
    fn of(program: &'a Program) -> Self {
        let mut graph = Self {
            program,
            edges: Vec::new(),
            sources: Vec::new(),
            blocks: Vec::new(),
            loops: Vec::new(),
            meetings: Vec::new(),
            insts: 0,
        };
        let body = graph.new_block(None);
        graph.block(&program.body, body, &[], None);
        graph
    }

    fn new_block(&mut self, arm_of: Option<Place>) -> Node {
        self.blocks.push(arm_of);
        self.program.values.len() + self.blocks.len() - 1
    }

    fn edge(&mut self, from: Value, to: Value) {
        self.edges.push((from.0 as Node, to.0 as Node));
    }

    fn all(&mut self, from: &[Value], to: impl Iterator<Item = Value>) {
        for (&from, to) in from.iter().zip(to) {
            self.edge(from, to);
        }
    }

    /// Walks a block; the walk is as deep as the checked nesting.
    fn block(
        &mut self,
        block: &'a Block,
        node: Node,
        results: &'a [Value],
        around: Option<Around<'a>>,
    ) {
        for inst in &block.insts {
            let place = Place::Inst {
                number: self.insts,
                span: inst.span,
            };
            self.insts += 1;
            self.inst(&inst.kind, place, node, around);
        }
        match (&block.end, around) {
            (Terminator::Yield(values), _) => self.all(values, results.iter().copied()),
            (Terminator::Break(values), Some(around)) => {
                self.edges.push((node, around.body));
                self.all(values, around.results.iter().copied());
            }
            (Terminator::Continue(values), Some(around)) => {
                self.edges.push((node, around.body));
                self.all(values, around.params.iter().map(|param| param.param));
            }
            _ => {}
        }
    }

    fn inst(&mut self, kind: &'a InstKind, place: Place, node: Node, around: Option<Around<'a>>) {
        match kind {
            InstKind::Const { .. }
            | InstKind::ArrayLength { .. }
            | InstKind::Store { .. }
            | InstKind::Atomic { .. }
            | InstKind::Meter { .. } => {}
            InstKind::Builtin { result, builtin } => match builtin {
                Builtin::WorkgroupId(_) | Builtin::NumWorkgroups(_) => {}
                Builtin::GlobalInvocationId(_)
                | Builtin::LocalInvocationId(_)
                | Builtin::LocalInvocationIndex => self.sources.push(result.0 as Node),
            },
            InstKind::Binary {
                result, lhs, rhs, ..
            } => {
                self.edge(*lhs, *result);
                self.edge(*rhs, *result);
            }
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => {
                self.edge(*condition, *result);
                self.edge(*accept, *result);
                self.edge(*reject, *result);
            }
            InstKind::Cast { result, operand } => self.edge(*operand, *result),
            InstKind::Load {
                result,
                memory,
                index,
            } => match self.program.memory(*memory).space {
                Space::Input { .. } | Space::Constant { .. } => self.edge(*index, *result),
                Space::Output { .. } | Space::Shared { .. } | Space::Private { .. } => {
                    self.sources.push(result.0 as Node);
                }
            },
            InstKind::Barrier { .. } => self.meetings.push(Found {
                what: Meeting::Barrier,
                place,
                block: node,
                index: None,
            }),
            InstKind::UniformLoad { index, .. } => self.meetings.push(Found {
                what: Meeting::UniformLoad,
                place,
                block: node,
                index: Some(*index),
            }),
            InstKind::If {
                condition,
                then,
                otherwise,
                results,
            } => {
                for arm in [then, otherwise] {
                    let inner = self.new_block(Some(place));
                    self.edges.push((node, inner));
                    self.edges.push((condition.0 as Node, inner));
                    self.block(arm, inner, results, around);
                }
                for &result in results {
                    self.edge(*condition, result);
                }
            }
            InstKind::Loop {
                params,
                body,
                results,
            } => {
                let inner = self.new_block(None);
                self.loops.push(inner);
                self.edges.push((node, inner));
                for LoopParam { param, initial } in params {
                    self.edge(*initial, *param);
                    self.edges.push((inner, param.0 as Node));
                }
                for result in results {
                    self.edges.push((inner, result.0 as Node));
                }
                let around = Around {
                    body: inner,
                    params,
                    results,
                };
                self.block(body, inner, &[], Some(around));
            }
        }
    }

    /// Follows the edges from the sources and looks at the places where all must meet.
    fn judge(self) -> Result<(), InvalidProgram> {
        let reached = self.reach();
        for found in &self.meetings {
            let problem = if reached[found.block].is_some() {
                InvalidCode::NotUniform {
                    what: found.what,
                    because: self.cause(&reached, found.block),
                }
            } else {
                match found.index {
                    Some(index) if reached[index.0 as Node].is_some() => {
                        InvalidCode::UniformIndex { index }
                    }
                    _ => continue,
                }
            };
            return Err(InvalidProgram::Code {
                place: found.place,
                problem,
            });
        }
        Ok(())
    }

    /// For each node that can be reached, the one it was reached from; a source is reached from itself.
    fn reach(&self) -> Vec<Option<Node>> {
        let nodes = self.program.values.len() + self.blocks.len();
        let mut starts = vec![0; nodes + 1];
        for &(from, _) in &self.edges {
            starts[from + 1] += 1;
        }
        for at in 0..nodes {
            starts[at + 1] += starts[at];
        }
        let mut targets = vec![0; self.edges.len()];
        let mut next = starts.clone();
        for &(from, to) in &self.edges {
            targets[next[from]] = to;
            next[from] += 1;
        }
        let mut reached = vec![None; nodes];
        let mut pending = Vec::new();
        for &source in &self.sources {
            reached[source] = Some(source);
            pending.push(source);
        }
        while let Some(node) = pending.pop() {
            for &to in &targets[starts[node]..starts[node + 1]] {
                if reached[to].is_none() {
                    reached[to] = Some(node);
                    pending.push(to);
                }
            }
        }
        reached
    }

    /// The `if` that makes a block's invocations differ: where the path to it goes from values to blocks.
    fn cause(&self, reached: &[Option<Node>], block: Node) -> Place {
        let values = self.program.values.len();
        let mut node = block;
        while let Some(from) = reached[node] {
            if from < values {
                return self.blocks[node - values].unwrap_or(Place::Body);
            }
            node = from;
        }
        Place::Body
    }
}

#[cfg(test)]
mod tests;
