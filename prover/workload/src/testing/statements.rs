//! Statements of a recipe to instructions.

use super::builder::{Builder, Enclosing, Flow, Usage};
use super::recipe::{Arm, Leave, LoopRecipe, Operand, Sharing, Statement};
use crate::ir::{BinaryOp, Block, InstKind, LoopParam, Memory, Terminator, Type, Value};

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
