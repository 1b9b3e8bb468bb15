//! From a structured program to flow blocks.
//!
//! A walk over the program with a cursor: the current block and the predicate under which control is
//! there. An `if` without loops splits the predicate and stays in the block; a loop, or an `if` around one,
//! ends the block. Values cross block borders on demand: a use in a later block adds a parameter there,
//! and [`Former::connect`] then asks every predecessor for it until nothing is missing.

use std::collections::HashMap;

use arknet_workload::ir::{
    Axis, BarrierScope, BinaryOp, Block, Builtin, Inst, InstKind, LoopParam, MemoryId, Program,
    Space, Terminator, Type, Value,
};

use super::{
    Access, AccessKind, Barrier, BlockId, Exit, FlowBlock, Graph, Key, Moment, NodeId, Op, Phases,
    Target, Update,
};
use crate::simplify::for_each_inst;
use crate::statement::Statement;

/// Words below this bound are exact as one field element with room for a difference.
const EXACT: u64 = 1 << 30;

/// Most blocks of a graph: each is a table, and a table costs kilobytes of proof.
const MAX_BLOCKS: usize = 512;
/// Most parameters of all blocks together: values that live across loops.
const MAX_PARAMS: usize = 1 << 14;
/// Most arguments that exits pass to values that live across loops.
const MAX_ARGUMENTS: usize = 1 << 20;
/// Most nodes of all blocks together.
const MAX_NODES: usize = 1 << 18;

/// The block that invocations begin with.
const ENTRY: BlockId = BlockId(0);

/// A program of too many loops, values across them, or operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooComplex {
    /// What there is too much of.
    pub(crate) what: &'static str,
    /// The limit.
    pub(crate) limit: usize,
}

/// Builds the graph of a simplified program.
pub(crate) fn form(program: &Program, statement: &Statement) -> Result<Graph, TooComplex> {
    let mut former = Former {
        program,
        statement,
        blocks: Vec::new(),
        order: Vec::new(),
        recipes: HashMap::new(),
        frames: Vec::new(),
        current: BlockId(0),
        predicate: NodeId(0),
        phases: Phases::default(),
        param_count: 0,
        has_storage_barriers: has_storage_barriers(program),
    };
    former.enter_new_block(Vec::new(), false);
    for scope in BarrierScope::ALL {
        let none = former.block().constant(0, Type::U32);
        former.block().values.insert(Key::Phase(scope), none);
    }
    if former.walk(&program.body).is_some() {
        former.exit(Target::Return, Vec::new());
    }
    former.connect()?;
    former.check_nodes()?;
    let mut graph = Graph {
        blocks: former.blocks,
        order: former.order,
        invocations: statement.dispatch.invocations(),
    };
    // A block that nothing leads to has no rows, and its values have no bounds.
    let reachable = graph.reachable(ENTRY);
    graph
        .order
        .retain(|id| *id == ENTRY || reachable.contains(id));
    Ok(graph)
}

/// How to compute a value anywhere: `factor · invocation + offset`, below [`EXACT`] for every invocation.
#[derive(Clone, Copy)]
struct Recipe {
    factor: u64,
    offset: u64,
}

struct Frame {
    header: BlockId,
    after: BlockId,
}

struct Former<'a> {
    program: &'a Program,
    statement: &'a Statement,
    blocks: Vec<FlowBlock>,
    order: Vec<BlockId>,
    recipes: HashMap<Value, Recipe>,
    frames: Vec<Frame>,
    current: BlockId,
    /// Holds in the current block exactly where control is at the cursor.
    predicate: NodeId,
    /// Barriers passed at the cursor.
    phases: Phases,
    /// Parameters of all blocks together.
    param_count: usize,
    has_storage_barriers: bool,
}

impl Former<'_> {
    fn block(&mut self) -> &mut FlowBlock {
        &mut self.blocks[self.current.0 as usize]
    }

    fn reserve_block(&mut self) -> BlockId {
        let id = BlockId(self.blocks.len() as u32);
        self.blocks.push(FlowBlock::default());
        id
    }

    fn enter_new_block(&mut self, params: Vec<Value>, is_header: bool) -> BlockId {
        let id = self.reserve_block();
        self.enter(id, params, is_header);
        id
    }

    /// Moves the cursor to the start of a reserved block.
    fn enter(&mut self, id: BlockId, params: Vec<Value>, is_header: bool) {
        self.order.push(id);
        self.current = id;
        let mut loops: Vec<BlockId> = self.frames.iter().map(|frame| frame.header).collect();
        if is_header {
            loops.push(id);
        }
        let block = self.block();
        block.depth = loops.len() as u32;
        block.loops = loops;
        block.is_header = is_header;
        self.predicate = self.block().constant(1, Type::Bool);
        self.phases = Phases::default();
        if is_header {
            let always = self.predicate;
            self.block().meters.push((always, 1));
        }
        for value in params {
            self.add_param(self.current, Key::Value(value));
        }
    }

    fn type_of(&self, key: Key) -> Type {
        match key {
            Key::Value(value) => self.program.type_of(value),
            Key::Builtin(_) | Key::Workgroup | Key::Phase(_) => Type::U32,
        }
    }

    fn add_param(&mut self, block: BlockId, key: Key) -> NodeId {
        let ty = self.type_of(key);
        let block = &mut self.blocks[block.0 as usize];
        self.param_count += 1;
        let position = block.params.len() as u32;
        block.params.push(key);
        let node = block.push(Op::Param(position), ty);
        block.values.insert(key, node);
        node
    }

    /// The node that holds a value in a block: known there, recomputed, or a new parameter.
    fn get_in(&mut self, block: BlockId, key: Key) -> NodeId {
        if let Some(&node) = self.blocks[block.0 as usize].values.get(&key) {
            return node;
        }
        let recipe = match key {
            Key::Value(value) => self.recipes.get(&value).copied(),
            Key::Builtin(builtin) => self.builtin_recipe(builtin),
            Key::Workgroup => self.workgroup_recipe(),
            Key::Phase(_) => None,
        };
        match recipe {
            Some(recipe) => {
                let ty = self.type_of(key);
                let target = &mut self.blocks[block.0 as usize];
                let node = recompute(target, recipe, ty);
                target.values.insert(key, node);
                node
            }
            None => self.add_param(block, key),
        }
    }

    fn get(&mut self, value: Value) -> NodeId {
        self.get_in(self.current, Key::Value(value))
    }

    fn get_all(&mut self, values: &[Value]) -> Vec<NodeId> {
        values.iter().map(|&value| self.get(value)).collect()
    }

    fn set(&mut self, value: Value, node: NodeId) {
        self.block().values.insert(Key::Value(value), node);
    }

    fn exit(&mut self, target: Target, args: Vec<NodeId>) {
        let (flag, phases) = (self.predicate, self.phases);
        if self.block().as_constant(flag) != Some(0) {
            self.block().exits.push(Exit {
                flag,
                target,
                args,
                phases,
            });
        }
    }

    /// Barriers of a scope passed at the cursor.
    fn phase(&mut self, scope: BarrierScope) -> NodeId {
        match self.phases[scope as usize] {
            Some(node) => node,
            None => self.get_in(self.current, Key::Phase(scope)),
        }
    }

    fn barrier(&mut self, scope: BarrierScope) {
        let predicate = self.predicate;
        let block = self.block();
        let accesses = block.accesses.len();
        block.barriers.push(Barrier {
            scope,
            predicate,
            accesses,
        });
        let phase = self.phase(scope);
        let one = self.block().constant(1, Type::U32);
        let next = self.block().binary(BinaryOp::Add, Type::U32, phase, one);
        self.phases[scope as usize] = Some(next);
    }

    /// A built-in that is a constant or linear in the invocation's number.
    fn builtin_recipe(&self, builtin: Builtin) -> Option<Recipe> {
        let dispatch = &self.statement.dispatch;
        let (groups, size) = (dispatch.workgroups(), dispatch.workgroup_size());
        let constant = |offset: u32| {
            Some(Recipe {
                factor: 0,
                offset: u64::from(offset),
            })
        };
        let invocation = Some(Recipe {
            factor: 1,
            offset: 0,
        });
        let linear = groups[1] == 1 && groups[2] == 1 && size[1] == 1 && size[2] == 1;
        let one_group = groups == [1, 1, 1];
        match builtin {
            Builtin::NumWorkgroups(axis) => constant(groups[axis as usize]),
            Builtin::GlobalInvocationId(axis)
                if groups[axis as usize] == 1 && size[axis as usize] == 1 =>
            {
                constant(0)
            }
            Builtin::LocalInvocationId(axis) if size[axis as usize] == 1 => constant(0),
            Builtin::WorkgroupId(axis) if groups[axis as usize] == 1 => constant(0),
            Builtin::LocalInvocationIndex if size == [1, 1, 1] => constant(0),
            Builtin::GlobalInvocationId(Axis::X) if linear => invocation,
            Builtin::WorkgroupId(Axis::X) if linear && size == [1, 1, 1] => invocation,
            Builtin::LocalInvocationIndex if one_group => invocation,
            Builtin::LocalInvocationId(Axis::X) if one_group && linear => invocation,
            _ => None,
        }
    }

    /// The linear number of the workgroup, where it is a constant or the invocation's.
    fn workgroup_recipe(&self) -> Option<Recipe> {
        let dispatch = &self.statement.dispatch;
        match (dispatch.groups(), dispatch.group_invocations()) {
            (1, _) => Some(Recipe {
                factor: 0,
                offset: 0,
            }),
            (_, 1) => Some(Recipe {
                factor: 1,
                offset: 0,
            }),
            _ => None,
        }
    }

    /// Notes a recipe for a value where its instruction has one.
    fn note_recipe(&mut self, kind: &InstKind) {
        let last = u64::from(self.statement.dispatch.invocations() - 1);
        let (result, recipe) = match kind {
            InstKind::Const { result, bits } => (
                *result,
                Some(Recipe {
                    factor: 0,
                    offset: u64::from(*bits),
                }),
            ),
            InstKind::ArrayLength { result, memory } => {
                let offset = u64::from(self.statement.length(*memory));
                (*result, Some(Recipe { factor: 0, offset }))
            }
            InstKind::Builtin { result, builtin } => (*result, self.builtin_recipe(*builtin)),
            InstKind::Cast { result, operand }
                if self.program.type_of(*result).is_word()
                    && self.program.type_of(*operand).is_word() =>
            {
                (*result, self.recipes.get(operand).copied())
            }
            InstKind::Binary {
                result,
                op,
                lhs,
                rhs,
            } => {
                let (Some(a), Some(b)) = (self.recipes.get(lhs), self.recipes.get(rhs)) else {
                    return;
                };
                let recipe = match op {
                    BinaryOp::Add => combine(*a, *b),
                    BinaryOp::Mul if b.factor == 0 => scale(*a, b.offset),
                    BinaryOp::Mul if a.factor == 0 => scale(*b, a.offset),
                    BinaryOp::Shl if b.factor == 0 => scale(*a, 1 << (b.offset % 32)),
                    _ => None,
                };
                (*result, recipe)
            }
            _ => return,
        };
        let is_exact = |recipe: &Recipe| {
            recipe.factor == 0 && recipe.offset <= u64::from(u32::MAX)
                || recipe
                    .factor
                    .checked_mul(last)
                    .and_then(|product| product.checked_add(recipe.offset))
                    .is_some_and(|max| max < EXACT)
        };
        if let Some(recipe) = recipe.filter(is_exact) {
            self.recipes.insert(result, recipe);
        }
    }

    /// Walks a block. Returns the values it yields, or nothing where control never reaches its end.
    fn walk(&mut self, block: &Block) -> Option<Vec<NodeId>> {
        for inst in &block.insts {
            self.inst(inst)?;
        }
        match &block.end {
            Terminator::Yield(values) => Some(self.get_all(values)),
            Terminator::Break(values) => {
                let args = self.get_all(values);
                let after = self.frames.last()?.after;
                self.exit(Target::Block(after), args);
                None
            }
            Terminator::Continue(values) => {
                let args = self.get_all(values);
                let header = self.frames.last()?.header;
                self.exit(Target::Block(header), args);
                None
            }
            Terminator::Unreachable => None,
        }
    }

    /// Walks an instruction; `None` where control never comes after it.
    fn inst(&mut self, inst: &Inst) -> Option<()> {
        self.note_recipe(&inst.kind);
        match &inst.kind {
            InstKind::Const { result, bits } => {
                let ty = self.program.type_of(*result);
                let node = self.block().constant(*bits, ty);
                self.set(*result, node);
            }
            InstKind::Builtin { result, builtin } => {
                let node = self.get_in(self.current, Key::Builtin(*builtin));
                self.set(*result, node);
            }
            InstKind::ArrayLength { result, memory } => {
                let length = self.statement.length(*memory);
                let node = self.block().constant(length, Type::U32);
                self.set(*result, node);
            }
            InstKind::Binary {
                result,
                op,
                lhs,
                rhs,
            } => {
                let ty = self.program.type_of(*lhs);
                let (lhs, rhs) = (self.get(*lhs), self.get(*rhs));
                let node = self.block().binary(*op, ty, lhs, rhs);
                self.set(*result, node);
            }
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => {
                let (condition, accept, reject) =
                    (self.get(*condition), self.get(*accept), self.get(*reject));
                let node = self.block().select(condition, accept, reject);
                self.set(*result, node);
            }
            InstKind::Cast { result, operand } => {
                let (from, to) = (
                    self.program.type_of(*operand),
                    self.program.type_of(*result),
                );
                let operand = self.get(*operand);
                let node = match (from, to) {
                    (Type::Bool, Type::Bool) => operand,
                    (Type::Bool, _) => self.block().push(Op::Word(operand), Type::U32),
                    (_, Type::Bool) => {
                        let zero = self.block().constant(0, Type::U32);
                        self.block().binary(BinaryOp::Ne, Type::U32, operand, zero)
                    }
                    _ => operand,
                };
                self.set(*result, node);
            }
            InstKind::Load {
                result,
                memory,
                index,
            } => {
                self.load(*result, *memory, *index);
            }
            InstKind::Store {
                memory,
                index,
                value,
            } => {
                let (index, value) = (self.get(*index), self.get(*value));
                let moment = self.moment(*memory);
                self.access(*memory, index, AccessKind::Store(value), moment);
            }
            InstKind::Atomic {
                op,
                memory,
                index,
                value,
            } => {
                let ty = self.program.type_of(*value);
                let (index, operand) = (self.get(*index), self.get(*value));
                let moment = self.moment(*memory);
                let before = self.loaded();
                let block = self.block();
                let update = Update {
                    family: op.family(ty),
                    op: op.binary(),
                    ty,
                    before,
                    operand,
                    after: block.binary(op.binary(), ty, before, operand),
                };
                self.access(*memory, index, AccessKind::Update(update), moment);
            }
            InstKind::Barrier { scope } => self.barrier(*scope),
            InstKind::UniformLoad {
                result,
                memory,
                index,
            } => {
                self.barrier(BarrierScope::Workgroup);
                self.load(*result, *memory, *index);
                self.barrier(BarrierScope::Workgroup);
            }
            InstKind::Meter { steps } => {
                let predicate = self.predicate;
                self.block().meters.push((predicate, *steps));
            }
            InstKind::If {
                condition,
                then,
                otherwise,
                results,
            } => {
                let nodes = if contains_loop(then) || contains_loop(otherwise) {
                    return self.branch(*condition, then, otherwise, results);
                } else {
                    self.convert(*condition, then, otherwise)?
                };
                for (&result, node) in results.iter().zip(nodes) {
                    self.set(result, node);
                }
            }
            InstKind::Loop {
                params,
                body,
                results,
            } => {
                return self.repeat(params, body, results);
            }
        }
        Some(())
    }

    fn load(&mut self, result: Value, memory: MemoryId, index: Value) {
        let (index, moment) = (self.get(index), self.moment(memory));
        let node = self.loaded();
        self.access(memory, index, AccessKind::Load(node), moment);
        self.set(result, node);
    }

    /// What the next access reads. Everything that the access depends on comes before.
    fn loaded(&mut self) -> NodeId {
        let block = self.block();
        block.push(Op::Load(block.accesses.len() as u32), Type::U32)
    }

    /// When an access at the cursor happens.
    fn moment(&mut self, memory: MemoryId) -> Option<Moment> {
        let scope = match self.program.memory(memory).space {
            Space::Shared { .. } => Some(BarrierScope::Workgroup),
            Space::Output { .. } if self.has_storage_barriers => Some(BarrierScope::Storage),
            _ => None,
        };
        scope.map(|scope| Moment {
            phase: self.phase(scope),
            workgroup: self.workgroup(),
        })
    }

    fn access(
        &mut self,
        memory: MemoryId,
        index: NodeId,
        kind: AccessKind,
        moment: Option<Moment>,
    ) {
        let predicate = self.predicate;
        self.block().accesses.push(Access {
            memory,
            index,
            kind,
            predicate,
            moment,
        });
    }

    /// The linear number of the workgroup.
    fn workgroup(&mut self) -> NodeId {
        let [_, y, z] = self.statement.dispatch.workgroups();
        let key = if (y, z) == (1, 1) {
            // The kernel may use that one too.
            Key::Builtin(Builtin::WorkgroupId(Axis::X))
        } else {
            Key::Workgroup
        };
        self.get_in(self.current, key)
    }

    /// An `if` without loops: both arms in this block, results by selection.
    fn convert(
        &mut self,
        condition: Value,
        then: &Block,
        otherwise: &Block,
    ) -> Option<Vec<NodeId>> {
        let condition = self.get(condition);
        let before = self.predicate;
        let then_predicate = self.block().push(Op::Both(before, condition), Type::Bool);
        let else_predicate = self
            .block()
            .push(Op::Without(before, then_predicate), Type::Bool);
        let phases = self.phases;
        self.predicate = then_predicate;
        let then_values = self.walk(then);
        let (then_end, then_phases) = (self.predicate, self.phases);
        self.predicate = else_predicate;
        self.phases = phases;
        let else_values = self.walk(otherwise);
        let (else_end, else_phases) = (self.predicate, self.phases);
        match (then_values, else_values) {
            (Some(accept), Some(reject)) => {
                self.predicate = self
                    .block()
                    .push(Op::Either(then_end, else_end), Type::Bool);
                self.phases = self.merge(condition, then_phases, else_phases);
                let block = self.block();
                Some(
                    accept
                        .iter()
                        .zip(&reject)
                        .map(|(&a, &b)| block.select(condition, a, b))
                        .collect(),
                )
            }
            (Some(values), None) => {
                self.predicate = then_end;
                self.phases = then_phases;
                Some(values)
            }
            (None, Some(values)) => {
                self.predicate = else_end;
                Some(values)
            }
            (None, None) => None,
        }
    }

    /// Barriers passed where two arms of an `if` meet.
    fn merge(&mut self, condition: NodeId, then: Phases, otherwise: Phases) -> Phases {
        let mut merged = then;
        for scope in BarrierScope::ALL {
            let at = scope as usize;
            if then[at] != otherwise[at] {
                let before = self.get_in(self.current, Key::Phase(scope));
                let [then, otherwise] = [then, otherwise].map(|arm| arm[at].unwrap_or(before));
                merged[at] = Some(self.block().select(condition, then, otherwise));
            }
        }
        merged
    }

    /// An `if` around a loop: a block for each arm and one where they meet.
    fn branch(
        &mut self,
        condition: Value,
        then: &Block,
        otherwise: &Block,
        results: &[Value],
    ) -> Option<()> {
        let condition = self.get(condition);
        let before = self.predicate;
        let then_predicate = self.block().push(Op::Both(before, condition), Type::Bool);
        let else_predicate = self
            .block()
            .push(Op::Without(before, then_predicate), Type::Bool);
        let (then_block, else_block, join) = (
            self.reserve_block(),
            self.reserve_block(),
            self.reserve_block(),
        );
        for (predicate, target) in [(then_predicate, then_block), (else_predicate, else_block)] {
            self.predicate = predicate;
            self.exit(Target::Block(target), Vec::new());
        }
        let mut yields = false;
        for (id, arm) in [(then_block, then), (else_block, otherwise)] {
            self.enter(id, Vec::new(), false);
            if let Some(values) = self.walk(arm) {
                self.exit(Target::Block(join), values);
                yields = true;
            }
        }
        self.enter(join, results.to_vec(), false);
        yields.then_some(())
    }

    fn repeat(&mut self, params: &[LoopParam], body: &Block, results: &[Value]) -> Option<()> {
        let initial = params.iter().map(|param| self.get(param.initial)).collect();
        let (header, after) = (self.reserve_block(), self.reserve_block());
        self.exit(Target::Block(header), initial);
        self.enter(
            header,
            params.iter().map(|param| param.param).collect(),
            true,
        );
        self.frames.push(Frame { header, after });
        let _never_yields = self.walk(body);
        self.frames.pop();
        self.enter(after, results.to_vec(), false);
        Some(())
    }

    /// Gives every exit an argument for every parameter of its target.
    fn connect(&mut self) -> Result<(), TooComplex> {
        if self.blocks.len() > MAX_BLOCKS {
            return Err(TooComplex {
                what: "loops",
                limit: MAX_BLOCKS,
            });
        }
        let mut arguments = 0;
        let mut changed = true;
        while changed {
            changed = false;
            for source in 0..self.blocks.len() {
                for exit in 0..self.blocks[source].exits.len() {
                    let Target::Block(target) = self.blocks[source].exits[exit].target else {
                        continue;
                    };
                    loop {
                        let have = self.blocks[source].exits[exit].args.len();
                        let Some(&key) = self.blocks[target.0 as usize].params.get(have) else {
                            break;
                        };
                        let passed = match key {
                            Key::Phase(scope) => {
                                self.blocks[source].exits[exit].phases[scope as usize]
                            }
                            _ => None,
                        };
                        let node = match passed {
                            Some(node) => node,
                            None => self.get_in(BlockId(source as u32), key),
                        };
                        self.blocks[source].exits[exit].args.push(node);
                        changed = true;
                        arguments += 1;
                        if arguments > MAX_ARGUMENTS {
                            return Err(TooComplex {
                                what: "values on the ways between loops",
                                limit: MAX_ARGUMENTS,
                            });
                        }
                        if self.param_count > MAX_PARAMS {
                            return Err(TooComplex {
                                what: "values that live across loops",
                                limit: MAX_PARAMS,
                            });
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn check_nodes(&self) -> Result<(), TooComplex> {
        let nodes: usize = self.blocks.iter().map(|block| block.nodes.len()).sum();
        if nodes > MAX_NODES {
            return Err(TooComplex {
                what: "operations",
                limit: MAX_NODES,
            });
        }
        Ok(())
    }
}

/// Whether the program has barriers that order buffers.
fn has_storage_barriers(program: &Program) -> bool {
    let mut found = false;
    for_each_inst(&program.body, &mut |kind| {
        let scope = BarrierScope::Storage;
        found |= matches!(kind, InstKind::Barrier { scope: of } if *of == scope);
    });
    found
}

fn combine(a: Recipe, b: Recipe) -> Option<Recipe> {
    Some(Recipe {
        factor: a.factor.checked_add(b.factor)?,
        offset: a.offset.checked_add(b.offset)?,
    })
}

fn scale(recipe: Recipe, by: u64) -> Option<Recipe> {
    Some(Recipe {
        factor: recipe.factor.checked_mul(by)?,
        offset: recipe.offset.checked_mul(by)?,
    })
}

fn recompute(block: &mut FlowBlock, recipe: Recipe, ty: Type) -> NodeId {
    let offset = block.constant(recipe.offset as u32, ty);
    if recipe.factor == 0 {
        return offset;
    }
    let invocation = block.push(Op::Invocation, Type::U32);
    let factor = block.constant(recipe.factor as u32, Type::U32);
    let product = block.binary(BinaryOp::Mul, Type::U32, invocation, factor);
    block.binary(BinaryOp::Add, Type::U32, product, offset)
}

fn contains_loop(block: &Block) -> bool {
    block.insts.iter().any(|inst| match &inst.kind {
        InstKind::Loop { .. } => true,
        InstKind::If {
            then, otherwise, ..
        } => contains_loop(then) || contains_loop(otherwise),
        _ => false,
    })
}
