//! Statements in sequence, and how control leaves them.
//!
//! The program format knows `break` and `continue` of the innermost loop, at the end of an arm. A WGSL
//! `return` may stand anywhere, as may the `break` of a `switch`. Both leave a *region*, the function or the
//! `switch`, and become one of three shapes, the cheapest that fits:
//!
//! * `if c { return x; } rest`: `rest` moves into the other arm, and the arms yield their results;
//! * a `return` in a loop breaks it with a flag; behind the loop the flag decides whether to go on;
//! * where an arm leaves the region on some of its paths only, a flag of the region guards what follows.

use naga::{Block, Expression, Handle, Statement};

use crate::ir::{Span, Terminator};

use super::environment::Slot;
use super::lowering::Lowering;
use super::module::span_of;
use super::names::refuse_statement;
use super::operand::Term;
use super::refusal::Refusal;

/// How control leaves a sequence of statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// At its end.
    Falls,
    /// Every path left the innermost region, or one around it. The region is within the innermost loop.
    Exited,
    /// Some paths left the innermost region and some did not: its flag tells.
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
                    Flow::Mixed => self.unless_exited(&mut work, span)?,
                    flow => flow,
                },
                Statement::Switch { selector, cases } => {
                    match self.switch(*selector, cases, span)? {
                        Flow::Mixed => self.unless_exited(&mut work, span)?,
                        flow => flow,
                    }
                }
                Statement::Break if self.in_switch() => self.break_switch(),
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
                Statement::ControlBarrier(barrier) if self.barrier(*barrier, span).is_some() => {
                    Flow::Falls
                }
                Statement::WorkGroupUniformLoad { pointer, result } => {
                    self.uniform_load(*pointer, *result, span)?;
                    Flow::Falls
                }
                Statement::Atomic {
                    pointer,
                    fun,
                    value,
                    result: _,
                } => {
                    self.atomic(*pointer, *fun, *value, span)?;
                    Flow::Falls
                }
                other => return Err(refuse_statement(other, span)),
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
        let place = self.place(pointer)?;
        let value = self.composite(value)?;
        self.store(&place, &value.terms, span)
    }

    fn return_statement(
        &mut self,
        value: Option<Handle<Expression>>,
        span: Span,
    ) -> Result<Flow, Refusal> {
        if let (Some(value), Some(place)) = (value, self.frame().result.clone()) {
            let value = self.composite(value)?;
            self.store(&place, &value.terms, span)?;
        }
        self.exit_function(span)
    }

    /// Leaves the function.
    pub(super) fn exit_function(&mut self, span: Span) -> Result<Flow, Refusal> {
        self.set_returned(Term::truth(true));
        if self.frame().loops.is_empty() {
            Ok(Flow::Exited)
        } else {
            self.return_from_loop(span).map(Flow::Left)
        }
    }

    /// Records on the present path whether the function has returned; who returns, leaves every `switch` too.
    pub(super) fn set_returned(&mut self, returned: Term) {
        let slot = self.frame().returned;
        self.environment.set(slot, returned);
        if self.frame().loops.is_empty() && returned.constant() != Some(0) {
            self.leave_switches(returned);
        }
    }

    /// The flag of the innermost region.
    pub(super) fn exit_flag(&self) -> Slot {
        self.innermost_switch()
            .map_or(self.frame().returned, |switch| switch.left)
    }
}
