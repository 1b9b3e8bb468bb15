//! Statements of a recipe to instructions.

use super::builder::{Builder, Enclosing, Flow};
use super::phases::Modes;
use super::recipe::{Arm, Leave, LoopRecipe, Operand, Statement};
use super::usage::Usage;
use crate::ir::{BinaryOp, Block, InstKind, LoopParam, Memory, Space, Terminator, Type, Value};

impl Builder<'_> {
    pub(super) fn statements(&mut self, statements: &[Statement]) -> Flow {
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
                if let Some(memory) = self.choose(*memory, |_, usage| usage.is_readable()) {
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
                let writable =
                    |memory: &Memory, usage: &Usage| memory.is_writable() && usage.is_writable();
                if let Some(memory) = self.choose(*memory, writable) {
                    let index = self.index(memory, index, *wild);
                    let value = self.operand(*ty, value);
                    self.store(memory, index, value);
                }
            }
            Statement::Meter(steps) => self.emit(InstKind::Meter { steps: *steps }),
            Statement::Atomic {
                memory,
                op,
                ty,
                index,
                value,
                wild,
            } => {
                let common =
                    |memory: &Memory, usage: &Usage| memory.is_common() && usage.takes_atomics();
                if let Some(memory) = self.choose(*memory, common) {
                    self.atomic(memory, *op, *ty, (index, value), *wild);
                }
            }
            Statement::Barrier {
                scope,
                seed,
                dropped,
            } => self.barrier(*scope, *seed, *dropped),
            Statement::UniformLoad { memory, ty, index } => {
                let shared =
                    |memory: &Memory, _: &Usage| matches!(memory.space, Space::Shared { .. });
                if let Some(memory) = self.choose(*memory, shared) {
                    self.uniform_load(memory, *ty, index);
                }
            }
            Statement::If {
                uniform,
                condition,
                results,
                then,
                otherwise,
            } => {
                let condition = if *uniform && self.uniform {
                    self.uniform_operand(Type::Bool, condition)
                } else {
                    self.operand(Type::Bool, condition)
                };
                return self.branch(condition, results, then, otherwise);
            }
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

    /// Builds an arm of an `if` that control comes to in these modes, and goes back to them.
    fn arm(&mut self, arm: &Arm, results: &[Type], modes: &Modes) -> Block {
        let block = self.block(|builder| {
            if builder.statements(&arm.body) == Flow::Left {
                return Terminator::Unreachable;
            }
            let enclosing = builder.loops.last().cloned();
            // Who leaves a loop that the workgroup leaves together, leaves it with all.
            let enclosing = enclosing.filter(|around| builder.uniform || !around.uniform);
            match (arm.leave, enclosing) {
                (Leave::Break, Some(enclosing)) => {
                    builder.settle(&enclosing.modes);
                    Terminator::Break(builder.operands(&enclosing.carried, &arm.values))
                }
                (Leave::Continue, Some(enclosing)) => builder.next_round(&enclosing, &arm.values),
                (Leave::Yield, _) | (_, None) => {
                    builder.settle(modes);
                    Terminator::Yield(builder.operands(results, &arm.values))
                }
            }
        });
        self.set_modes(modes);
        block
    }

    /// Ends a block by the loop's next round, as far as its counter allows one.
    fn next_round(&mut self, enclosing: &Enclosing, carried: &[Operand]) -> Terminator {
        self.settle(&enclosing.modes);
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

    fn branch(&mut self, condition: Value, results: &[Type], then: &Arm, otherwise: &Arm) -> Flow {
        let modes = self.modes();
        let outside = self.uniform;
        self.uniform &= self.uniform_values.contains(&condition);
        let then = self.arm(then, results, &modes);
        let otherwise = self.arm(otherwise, results, &modes);
        self.uniform = outside;
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
        let uniform = recipe.uniform && self.uniform;
        let limit = match &recipe.data_rounds {
            None => self.constant(Type::U32, recipe.rounds),
            Some(operand) => {
                let operand = if uniform {
                    self.uniform_operand(Type::U32, operand)
                } else {
                    self.operand(Type::U32, operand)
                };
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
            uniform,
            modes: self.modes(),
        };
        self.loops.push(enclosing.clone());
        let outside = std::mem::replace(&mut self.uniform, uniform);
        if uniform {
            self.uniform_values.insert(counter);
        }
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
        self.uniform = outside;
        self.set_modes(&enclosing.modes);
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
