//! Statements in sequence, and how control leaves them.
//!
//! The program format knows `break` and `continue` of the innermost loop, at the end of an arm. A WGSL
//! `return` may stand anywhere, so it becomes one of three shapes, the cheapest that fits:
//!
//! * `if c { return x; } rest`: `rest` moves into the other arm, and the arms yield their results;
//! * a `return` in a loop breaks it with a flag; behind the loop the flag decides whether to go on;
//! * where an arm returns on some of its paths only, the same flag guards what follows.

use naga::{Block, Expression, Handle, Statement};

use crate::ir::{Span, Terminator};

use super::lowering::Lowering;
use super::module::span_of;
use super::names::foreign_statement;
use super::operand::{Operand, Place, Term};
use super::refusal::Refusal;

/// How control leaves a sequence of statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// At its end.
    Falls,
    /// Every path returned from the function. Not within one of the function's loops.
    Returned,
    /// Some paths returned and some did not: the frame's `returned` slot tells. Not within a loop.
    Mixed,
    /// For the innermost loop, by this terminator.
    Left(Terminator),
}

/// A statement yet to be lowered.
#[derive(Clone, Copy)]
pub(super) struct Item<'m> {
    statement: &'m Statement,
    span: Span,
}

/// Puts a block's statements in front of the statements to come, which are a stack.
pub(super) fn prepend<'m>(work: &mut Vec<Item<'m>>, block: &'m Block) {
    let start = work.len();
    work.extend(block.span_iter().map(|(statement, span)| Item {
        statement,
        span: span_of(*span),
    }));
    work[start..].reverse();
}

/// A block's statements.
pub(super) fn items(block: &Block) -> Vec<Item<'_>> {
    let mut work = Vec::with_capacity(block.len());
    prepend(&mut work, block);
    work
}

impl<'m> Lowering<'m> {
    /// Lowers statements, given as a stack, into the present block. What is behind a statement that never
    /// completes is dropped.
    pub(super) fn sequence(&mut self, mut work: Vec<Item<'m>>) -> Result<Flow, Refusal> {
        while let Some(Item { statement, span }) = work.pop() {
            self.charge(1, span)?;
            let flow = match statement {
                Statement::Emit(range) => {
                    for expression in range.clone() {
                        self.evaluate(expression)?;
                    }
                    Flow::Falls
                }
                Statement::Block(block) => {
                    prepend(&mut work, block);
                    Flow::Falls
                }
                Statement::If {
                    condition,
                    accept,
                    reject,
                } => self.branch(*condition, accept, reject, &mut work, span)?,
                Statement::Loop {
                    body,
                    continuing,
                    break_if,
                } => match self.loop_statement(body, continuing, *break_if, span)? {
                    Flow::Mixed => self.unless_returned(&mut work, span)?,
                    flow => flow,
                },
                Statement::Break => Flow::Left(self.break_loop(span)?),
                Statement::Continue => Flow::Left(self.continue_loop(span)?),
                Statement::Return { value } => self.return_statement(*value, span)?,
                Statement::Store { pointer, value } => {
                    self.store_statement(*pointer, *value, span)?;
                    Flow::Falls
                }
                Statement::Call {
                    function,
                    arguments,
                    result,
                } => {
                    self.call(*function, arguments, *result, span)?;
                    Flow::Falls
                }
                other => {
                    let name = foreign_statement(other).unwrap_or("this statement");
                    return Err(match other {
                        Statement::Switch { .. } => {
                            Refusal::unsupported(name, "use `if` and `else if`", span)
                        }
                        _ => Refusal::not_yet(name, span),
                    });
                }
            };
            if flow != Flow::Falls {
                return Ok(flow);
            }
        }
        Ok(Flow::Falls)
    }

    fn store_statement(
        &mut self,
        pointer: Handle<Expression>,
        value: Handle<Expression>,
        span: Span,
    ) -> Result<(), Refusal> {
        let place = self.operand(pointer)?;
        let operand = self.operand(value)?;
        match place {
            Operand::Place(place) if !matches!(place, Place::Constant(_) | Place::Element(_)) => {
                self.store(&place, &operand, span)
            }
            _ => Err(Refusal::internal("a store to no place", span)),
        }
    }

    fn return_statement(
        &mut self,
        value: Option<Handle<Expression>>,
        span: Span,
    ) -> Result<Flow, Refusal> {
        let result = self.frame().result;
        if let (Some(value), Some(slot)) = (value, result) {
            let term = self.scalar(value)?;
            self.environment.set(slot, term);
        }
        self.set_returned(true);
        if self.frame().loops.is_empty() {
            Ok(Flow::Returned)
        } else {
            self.return_from_loop(span).map(Flow::Left)
        }
    }

    /// Records on the present path whether the function has returned.
    pub(super) fn set_returned(&mut self, returned: bool) {
        let slot = self.frame().returned;
        self.environment.set(slot, Term::truth(returned));
    }
}
