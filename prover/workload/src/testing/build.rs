//! Recipes to jobs: any recipe gives a valid program.

use std::time::Duration;

use super::Shape;
use super::recipe::{Arm, Leave, LoopRecipe, MemoryRecipe, Operand, Recipe, Sharing, Statement};
use crate::ir::{
    Axis, BinaryOp, Binding, Block, Builtin, Inst, InstKind, Length, LoopParam, Memory, MemoryId,
    Program, Space, Span, Terminator, Type, Value, Workload,
};
use crate::job::{Job, Limits};

/// Enough for the deepest loops of a default shape.
const STEPS: u32 = 1 << 16;

/// The job that a recipe is for.
pub(super) fn build(recipe: &Recipe, shape: &Shape) -> Job {
    let (workgroup_size, workgroups) = extent(recipe, shape.invocations.max(1));
    let invocations = workgroup_size.iter().chain(&workgroups).product();
    let mut builder = Builder {
        recipe,
        budget: shape.insts,
        program: Program {
            workgroup_size,
            memories: Vec::new(),
            values: Vec::new(),
            body: Block::default(),
        },
        uses: Vec::new(),
        insts: Vec::new(),
        scope: Vec::new(),
        loops: Vec::new(),
        own: Value(0),
    };
    // There is always something to see.
    builder.add_memory(
        &MemoryRecipe::Output {
            sharing: Sharing::InPlace,
            fixed: false,
        },
        invocations,
    );
    for memory in &recipe.memories {
        builder.add_memory(memory, invocations);
    }
    builder.own = builder.linear_id(workgroups);
    builder.statements(&recipe.statements);
    builder.store_where_nothing_was_stored();
    builder.program.body.insts = std::mem::take(&mut builder.insts);

    let mut words = recipe.words.iter().copied().cycle();
    let buffers = builder
        .program
        .memories
        .iter()
        .zip(&builder.uses)
        .filter(|(memory, _)| memory.is_buffer())
        .map(|(_, usage)| words.by_ref().take(usage.length() as usize).collect())
        .collect();
    let limits = Limits {
        steps: recipe.traps.unwrap_or(STEPS),
        memory: 1 << 24,
        time: Duration::from_secs(60),
    };
    Workload::new(builder.program)
        .map_err(|error| error.to_string())
        .and_then(|workload| {
            Job::new(workload, workgroups, buffers, limits).map_err(|error| error.to_string())
        })
        .unwrap_or_else(|error| panic!("{error}\n{recipe:#?}"))
}

/// Workgroup size and workgroups with at most this many invocations.
fn extent(recipe: &Recipe, most: u32) -> ([u32; 3], [u32; 3]) {
    let mut axes = [recipe.workgroups, recipe.workgroup_size].concat();
    while axes.iter().product::<u32>() > most {
        if let Some(largest) = axes.iter_mut().max() {
            *largest -= 1;
        }
    }
    let axis = |at: usize| axes[at].max(1);
    ([axis(3), axis(4), axis(5)], [axis(0), axis(1), axis(2)])
}

/// How the program uses a memory.
enum Usage {
    /// Any word.
    Any { words: u32 },
    /// As the sharing says.
    Output {
        sharing: Sharing,
        words: u32,
        stored: bool,
    },
}

impl Usage {
    fn length(&self) -> u32 {
        match self {
            Self::Any { words } | Self::Output { words, .. } => *words,
        }
    }
}

/// A loop around the place being built.
#[derive(Clone)]
struct Enclosing {
    counter: Value,
    /// Rounds it may have.
    limit: Value,
    /// Whether starting another round depends on the counter; else each round looks at it first.
    check_last: bool,
    carried: Vec<Type>,
}

/// Whether control reaches the place after a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Onwards,
    Left,
}

struct Builder<'a> {
    recipe: &'a Recipe,
    /// Instructions that may still come, about.
    budget: usize,
    program: Program,
    /// For each memory.
    uses: Vec<Usage>,
    /// Of the block being built.
    insts: Vec<Inst>,
    /// Visible values.
    scope: Vec<Value>,
    loops: Vec<Enclosing>,
    /// The invocation's linear id.
    own: Value,
}

impl Builder<'_> {
    fn add_memory(&mut self, recipe: &MemoryRecipe, invocations: u32) {
        let id = self.program.memories.len() as u32;
        let binding = Binding {
            group: 0,
            binding: id,
        };
        let length = |words, fixed| match fixed {
            true => Length::Words(words),
            false => Length::Runtime,
        };
        let (name, space, usage) = match recipe {
            MemoryRecipe::Output { sharing, fixed } => {
                let sharing = match sharing {
                    Sharing::Anything if !self.recipe.races => Sharing::InPlace,
                    sharing => sharing.clone(),
                };
                let words = match sharing {
                    Sharing::InPlace | Sharing::Anything => invocations,
                    Sharing::Scatter { .. } => invocations.next_power_of_two(),
                    Sharing::Stripe { words } => invocations * words,
                };
                let length = length(words, *fixed);
                let usage = Usage::Output {
                    sharing,
                    words,
                    stored: false,
                };
                ("output", Space::Output { binding, length }, usage)
            }
            &MemoryRecipe::Input { words, fixed } => {
                let space = Space::Input {
                    binding,
                    uniform: false,
                    length: length(words, fixed),
                };
                ("input", space, Usage::Any { words })
            }
            &MemoryRecipe::Uniform { words } => {
                let space = Space::Input {
                    binding,
                    uniform: true,
                    length: Length::Words(words),
                };
                ("uniform", space, Usage::Any { words })
            }
            MemoryRecipe::Constant { words } => {
                let usage = Usage::Any {
                    words: words.len() as u32,
                };
                let words = words.clone();
                ("table", Space::Constant { words }, usage)
            }
            &MemoryRecipe::Private { words } => {
                ("array", Space::Private { words }, Usage::Any { words })
            }
        };
        let name = format!("{name}{id}");
        self.program.memories.push(Memory { name, space });
        self.uses.push(usage);
    }

    fn emit(&mut self, kind: InstKind) {
        self.budget = self.budget.saturating_sub(1);
        self.insts.push(Inst {
            kind,
            span: Span::default(),
        });
    }

    /// Emits an instruction with a result, which is visible afterwards.
    fn define(&mut self, ty: Type, kind: impl FnOnce(Value) -> InstKind) -> Value {
        let result = self.program.new_value(ty);
        self.emit(kind(result));
        self.scope.push(result);
        result
    }

    fn constant(&mut self, ty: Type, bits: u32) -> Value {
        let bits = if ty == Type::Bool { bits & 1 } else { bits };
        self.define(ty, |result| InstKind::Const { result, bits })
    }

    fn builtin(&mut self, builtin: Builtin) -> Value {
        self.define(Type::U32, |result| InstKind::Builtin { result, builtin })
    }

    /// `None` where the operation does not take operands of these types.
    fn binary(&mut self, op: BinaryOp, lhs: Value, rhs: Value) -> Option<Value> {
        let types = (self.program.type_of(lhs), self.program.type_of(rhs));
        let ty = op.result_type(types.0, types.1)?;
        Some(self.define(ty, |result| InstKind::Binary {
            result,
            op,
            lhs,
            rhs,
        }))
    }

    /// An operation on words of `u32`.
    fn word(&mut self, op: BinaryOp, lhs: Value, rhs: Value) -> Value {
        self.binary(op, lhs, rhs)
            .expect("every operation takes two u32")
    }

    fn operand(&mut self, ty: Type, operand: &Operand) -> Value {
        match *operand {
            Operand::Constant(bits) => self.constant(ty, bits),
            Operand::Recent(back) => {
                let fits = |value: &&Value| self.program.type_of(**value) == ty;
                let count = self.scope.iter().filter(fits).count();
                let found = match count {
                    0 => None,
                    count => self
                        .scope
                        .iter()
                        .rev()
                        .filter(fits)
                        .nth(usize::from(back) % count),
                };
                match found {
                    Some(&value) => value,
                    None => self.constant(ty, u32::from(back)),
                }
            }
        }
    }

    /// Values of these types, from operands used over and over.
    fn operands(&mut self, types: &[Type], operands: &[Operand]) -> Vec<Value> {
        let latest = [Operand::Recent(0)];
        let operands = if operands.is_empty() {
            &latest
        } else {
            operands
        };
        types
            .iter()
            .zip(operands.iter().cycle())
            .map(|(&ty, operand)| self.operand(ty, operand))
            .collect()
    }

    /// The position of the invocation in some order of all.
    fn linear_id(&mut self, workgroups: [u32; 3]) -> Value {
        use BinaryOp::{Add, Mul};
        let size = self.program.workgroup_size;
        if size[1..] == [1, 1] && workgroups[1..] == [1, 1] {
            return self.builtin(Builtin::GlobalInvocationId(Axis::X));
        }
        let axes = [Axis::Z, Axis::Y, Axis::X];
        if self.recipe.by_group {
            let mut id = self.builtin(Builtin::WorkgroupId(Axis::Z));
            for axis in [Axis::Y, Axis::X] {
                let extent = self.builtin(Builtin::NumWorkgroups(axis));
                let place = self.builtin(Builtin::WorkgroupId(axis));
                id = self.word(Mul, id, extent);
                id = self.word(Add, id, place);
            }
            let extent = self.constant(Type::U32, size.iter().product());
            let place = self.builtin(Builtin::LocalInvocationIndex);
            id = self.word(Mul, id, extent);
            return self.word(Add, id, place);
        }
        let mut id = self.builtin(Builtin::GlobalInvocationId(axes[0]));
        for axis in [Axis::Y, Axis::X] {
            let extent = size[axis as usize] * workgroups[axis as usize];
            let extent = self.constant(Type::U32, extent);
            let place = self.builtin(Builtin::GlobalInvocationId(axis));
            id = self.word(Mul, id, extent);
            id = self.word(Add, id, place);
        }
        id
    }

    /// The `pick`th memory that fits, counted modulo how many do.
    fn choose(&self, pick: u8, fits: impl Fn(&Memory, &Usage) -> bool) -> Option<MemoryId> {
        let fitting: Vec<MemoryId> = self
            .program
            .memories()
            .zip(&self.uses)
            .filter(|((_, memory), usage)| fits(memory, usage))
            .map(|((id, _), _)| id)
            .collect();
        match fitting.len() {
            0 => None,
            count => Some(fitting[usize::from(pick) % count]),
        }
    }

    /// An index into a memory that is in bounds and, in an output, the invocation's own.
    fn index(&mut self, memory: MemoryId, index: &Operand, wild: bool) -> Value {
        if wild && self.recipe.traps.is_some() {
            return self.operand(Type::U32, index);
        }
        let (words, sharing) = match &self.uses[memory.0 as usize] {
            Usage::Any { words } => (*words, Sharing::Anything),
            Usage::Output { words, sharing, .. } => (*words, sharing.clone()),
        };
        let own = self.own;
        match sharing {
            Sharing::InPlace => own,
            Sharing::Scatter { mask } => {
                let mask = self.constant(Type::U32, mask & (words - 1));
                self.word(BinaryOp::Xor, own, mask)
            }
            Sharing::Stripe { words } => {
                let words = self.constant(Type::U32, words);
                let start = self.word(BinaryOp::Mul, own, words);
                let offset = self.operand(Type::U32, index);
                let offset = self.word(BinaryOp::Rem, offset, words);
                self.word(BinaryOp::Add, start, offset)
            }
            Sharing::Anything => {
                let length = self.length_of(memory, words, wild);
                let index = self.operand(Type::U32, index);
                self.word(BinaryOp::Rem, index, length)
            }
        }
    }

    /// The length of a memory, as a constant or, where `ask`ed of a buffer, by `array_length`.
    fn length_of(&mut self, memory: MemoryId, words: u32, ask: bool) -> Value {
        if ask && self.program.memory(memory).is_buffer() {
            return self.define(Type::U32, |result| InstKind::ArrayLength { result, memory });
        }
        self.constant(Type::U32, words)
    }

    fn store(&mut self, memory: MemoryId, index: Value, value: Value) {
        if let Usage::Output { stored, .. } = &mut self.uses[memory.0 as usize] {
            *stored = true;
        }
        self.emit(InstKind::Store {
            memory,
            index,
            value,
        });
    }

    /// Ends the kernel by storing something in each output that was not stored to.
    fn store_where_nothing_was_stored(&mut self) {
        for at in 0..self.uses.len() {
            if matches!(self.uses[at], Usage::Output { stored: false, .. }) {
                let memory = MemoryId(at as u32);
                let index = self.index(memory, &Operand::Recent(1), false);
                let value = self.operand(Type::U32, &Operand::Recent(at as u8));
                self.store(memory, index, value);
            }
        }
    }

    fn statements(&mut self, statements: &[Statement]) -> Flow {
        for statement in statements {
            if self.budget == 0 {
                break;
            }
            if self.statement(statement) == Flow::Left {
                return Flow::Left;
            }
        }
        Flow::Onwards
    }

    fn statement(&mut self, statement: &Statement) -> Flow {
        match statement {
            Statement::Binary { op, ty, lhs, rhs } => {
                let ty = match op.result_type(*ty, *ty) {
                    Some(_) => *ty,
                    None if op.result_type(*ty, Type::U32).is_some() => *ty,
                    None => Type::U32,
                };
                let amount = matches!(op, BinaryOp::Shl | BinaryOp::Shr);
                let lhs = self.operand(ty, lhs);
                let rhs = self.operand(if amount { Type::U32 } else { ty }, rhs);
                self.binary(*op, lhs, rhs);
            }
            Statement::Select {
                ty,
                condition,
                accept,
                reject,
            } => {
                let condition = self.operand(Type::Bool, condition);
                let accept = self.operand(*ty, accept);
                let reject = self.operand(*ty, reject);
                self.define(*ty, |result| InstKind::Select {
                    result,
                    condition,
                    accept,
                    reject,
                });
            }
            Statement::Cast { from, to, operand } => {
                let operand = self.operand(*from, operand);
                self.define(*to, |result| InstKind::Cast { result, operand });
            }
            Statement::Builtin(builtin) => {
                self.builtin(*builtin);
            }
            Statement::Length { memory } => {
                if let Some(memory) = self.choose(*memory, |memory, _| memory.is_buffer()) {
                    self.length_of(memory, 0, true);
                }
            }
            Statement::Load {
                memory,
                ty,
                index,
                wild,
            } => {
                let readable = |_: &Memory, usage: &Usage| {
                    !matches!(
                        usage,
                        Usage::Output {
                            sharing: Sharing::Scatter { .. },
                            ..
                        }
                    )
                };
                if let Some(memory) = self.choose(*memory, readable) {
                    let index = self.index(memory, index, *wild);
                    self.define(*ty, |result| InstKind::Load {
                        result,
                        memory,
                        index,
                    });
                }
            }
            Statement::Store {
                memory,
                ty,
                index,
                value,
                wild,
            } => {
                if let Some(memory) = self.choose(*memory, |memory, _| memory.is_writable()) {
                    let index = self.index(memory, index, *wild);
                    let value = self.operand(*ty, value);
                    self.store(memory, index, value);
                }
            }
            Statement::Meter(steps) => self.emit(InstKind::Meter { steps: *steps }),
            Statement::If {
                condition,
                results,
                then,
                otherwise,
            } => return self.branch(condition, results, then, otherwise),
            Statement::Loop(recipe) => self.repeat(recipe),
        }
        Flow::Onwards
    }

    /// Builds a block; what it defines is not visible afterwards.
    fn block(&mut self, build: impl FnOnce(&mut Self) -> Terminator) -> Block {
        let outer = std::mem::take(&mut self.insts);
        let visible = self.scope.len();
        let end = build(self);
        self.scope.truncate(visible);
        Block {
            insts: std::mem::replace(&mut self.insts, outer),
            end,
        }
    }

    fn arm(&mut self, arm: &Arm, results: &[Type]) -> Block {
        self.block(|builder| {
            if builder.statements(&arm.body) == Flow::Left {
                return Terminator::Unreachable;
            }
            match (arm.leave, builder.loops.last().cloned()) {
                (Leave::Break, Some(enclosing)) => {
                    Terminator::Break(builder.operands(&enclosing.carried, &arm.values))
                }
                (Leave::Continue, Some(enclosing)) => builder.next_round(&enclosing, &arm.values),
                (Leave::Yield, _) | (_, None) => {
                    Terminator::Yield(builder.operands(results, &arm.values))
                }
            }
        })
    }

    /// Ends a block by the loop's next round, as far as its counter allows one.
    fn next_round(&mut self, enclosing: &Enclosing, carried: &[Operand]) -> Terminator {
        let carried = self.operands(&enclosing.carried, carried);
        let one = self.constant(Type::U32, 1);
        let counter = self.word(BinaryOp::Add, enclosing.counter, one);
        let values = [&[counter], carried.as_slice()].concat();
        if !enclosing.check_last {
            return Terminator::Continue(values);
        }
        let done = self.word(BinaryOp::Le, enclosing.limit, counter);
        let leave = self.block(|_| Terminator::Break(carried));
        let again = self.block(|_| Terminator::Continue(values));
        self.emit(two_ways(done, leave, again));
        Terminator::Unreachable
    }

    fn branch(
        &mut self,
        condition: &Operand,
        results: &[Type],
        then: &Arm,
        otherwise: &Arm,
    ) -> Flow {
        let condition = self.operand(Type::Bool, condition);
        let then = self.arm(then, results);
        let otherwise = self.arm(otherwise, results);
        let yields = [&then, &otherwise]
            .iter()
            .any(|arm| matches!(arm.end, Terminator::Yield(_)));
        let types = if yields { results } else { &[] };
        let results: Vec<Value> = types.iter().map(|&ty| self.program.new_value(ty)).collect();
        self.scope.extend(&results);
        self.emit(InstKind::If {
            condition,
            then,
            otherwise,
            results,
        });
        if yields { Flow::Onwards } else { Flow::Left }
    }

    fn repeat(&mut self, recipe: &LoopRecipe) {
        let limit = match &recipe.data_rounds {
            None => self.constant(Type::U32, recipe.rounds),
            Some(operand) => {
                let operand = self.operand(Type::U32, operand);
                let modulus = self.constant(Type::U32, recipe.rounds.saturating_add(1));
                self.word(BinaryOp::Rem, operand, modulus)
            }
        };
        let mut initial = vec![self.constant(Type::U32, 0)];
        let carried: Vec<Type> = recipe.carried.iter().map(|carried| carried.ty).collect();
        for one in &recipe.carried {
            initial.push(self.operand(one.ty, &one.initial));
        }
        let counter = self.program.new_value(Type::U32);
        let params: Vec<Value> = carried
            .iter()
            .map(|&ty| self.program.new_value(ty))
            .collect();
        let next: Vec<Operand> = recipe
            .carried
            .iter()
            .map(|carried| carried.next.clone())
            .collect();
        let enclosing = Enclosing {
            counter,
            limit,
            check_last: recipe.check_last,
            carried: carried.clone(),
        };
        self.loops.push(enclosing.clone());
        let body = self.block(|builder| {
            builder.scope.push(counter);
            builder.scope.extend(&params);
            if !recipe.check_last {
                let done = builder.word(BinaryOp::Le, limit, counter);
                let leave = builder.block(|_| Terminator::Break(params.clone()));
                builder.emit(two_ways(done, leave, Block::default()));
            }
            if builder.statements(&recipe.body) == Flow::Left {
                return Terminator::Unreachable;
            }
            builder.next_round(&enclosing, &next)
        });
        self.loops.pop();
        let results: Vec<Value> = carried
            .iter()
            .map(|&ty| self.program.new_value(ty))
            .collect();
        self.scope.extend(&results);
        let params = [counter]
            .into_iter()
            .chain(params)
            .zip(initial)
            .map(|(param, initial)| LoopParam { param, initial })
            .collect();
        self.emit(InstKind::Loop {
            params,
            body,
            results,
        });
    }
}

/// An `if` without results.
fn two_ways(condition: Value, then: Block, otherwise: Block) -> InstKind {
    InstKind::If {
        condition,
        then,
        otherwise,
        results: Vec::new(),
    }
}
