//! Loops: what they carry, and the ways out of them.

use std::collections::BTreeSet;

use naga::{Block, Expression, Handle};

use crate::ir::{self, Inst, InstKind, LoopParam, Span, Terminator, Value};

use super::environment::Slot;
use super::facts::{Root, returns};
use super::limits::Limit;
use super::lowering::{Lowering, over};
use super::operand::{Operand, Place, Term};
use super::refusal::Refusal;
use super::shape::Layout;
use super::statement::{Flow, items};

/// A loop being lowered.
#[derive(Debug)]
pub(super) struct LoopFrame<'m> {
    /// Slots that its params carry.
    carried: Vec<Slot>,
    /// Slots that its results define.
    results: Vec<Slot>,
    continuing: &'m Block,
    break_if: Option<Handle<Expression>>,
    /// Whether a path leaves it to go on behind it.
    breaks: bool,
    /// Whether a path leaves it to return from the function.
    returns: bool,
}

impl<'m> Lowering<'m> {
    /// Lowers a loop.
    pub(super) fn loop_statement(
        &mut self,
        body: &'m Block,
        continuing: &'m Block,
        break_if: Option<Handle<Expression>>,
        span: Span,
    ) -> Result<Flow, Refusal> {
        self.used.loops += 1;
        over(Limit::Loops, self.used.loops, self.limits.loops, span)?;
        let mut stored = self.stored_slots(body);
        stored.extend(self.stored_slots(continuing));
        let carried: Vec<Slot> = stored.iter().copied().collect();
        if returns(body) {
            let frame = self.frame();
            stored.insert(frame.returned);
            if let Some(result) = &frame.result {
                add_slots(result, &[], &mut stored);
            }
        }
        let results: Vec<Slot> = stored.into_iter().collect();
        self.charge(carried.len() + results.len(), span)?;

        let mut params = Vec::with_capacity(carried.len());
        for &slot in &carried {
            let initial = self.environment.get(slot);
            let initial = self.value(initial, span);
            let param = self.program.new_value(self.environment.type_of(slot));
            params.push(LoopParam { param, initial });
        }
        let (body, finished) = {
            self.enter_block(span)?;
            self.loop_depth += 1;
            let outer = std::mem::take(&mut self.insts);
            let mark = self.environment.mark();
            for (&slot, &LoopParam { param, .. }) in carried.iter().zip(&params) {
                let ty = self.environment.type_of(slot);
                self.environment.set(slot, Term::Value { ty, value: param });
            }
            self.frame_mut().loops.push(LoopFrame {
                carried,
                results,
                continuing,
                break_if,
                breaks: false,
                returns: false,
            });
            let end = match self.sequence(items(body))? {
                Flow::Left(terminator) => terminator,
                Flow::Falls => self.continue_loop(span)?,
                Flow::Exited | Flow::Mixed => {
                    return Err(Refusal::internal("a loop's body returned", span));
                }
            };
            let finished = self.frame_mut().loops.pop();
            let finished =
                finished.ok_or_else(|| Refusal::internal("loops do not balance", span))?;
            self.environment.take_changes(mark);
            self.loop_depth -= 1;
            self.block_depth -= 1;
            let insts = std::mem::replace(&mut self.insts, outer);
            (ir::Block { insts, end }, finished)
        };

        let mut results = Vec::new();
        if finished.breaks || finished.returns {
            for &slot in &finished.results {
                let ty = self.environment.type_of(slot);
                let value = self.program.new_value(ty);
                results.push(value);
                self.environment.set(slot, Term::Value { ty, value });
            }
        }
        self.push(
            InstKind::Loop {
                params,
                body,
                results,
            },
            span,
        );
        self.after_loop(&finished, span)
    }

    /// Goes on behind a loop, or returns from the function, as the loop was left.
    fn after_loop(&mut self, finished: &LoopFrame<'m>, span: Span) -> Result<Flow, Refusal> {
        let in_loop = !self.frame().loops.is_empty();
        match (finished.breaks, finished.returns) {
            (true, false) => {
                self.set_returned(Term::truth(false));
                Ok(Flow::Falls)
            }
            // A loop that is never left: what is behind it has no meaning, and may as well be a return.
            (false, _) => self.exit_function(span),
            (true, true) if in_loop => {
                let returned = self.environment.get(self.frame().returned);
                let condition = self.value(returned, span);
                let outer = std::mem::take(&mut self.insts);
                let mark = self.environment.mark();
                self.set_returned(Term::truth(true));
                let end = self.return_from_loop(span)?;
                self.environment.take_changes(mark);
                let insts = std::mem::replace(&mut self.insts, outer);
                self.push(
                    InstKind::If {
                        condition,
                        then: ir::Block { insts, end },
                        otherwise: ir::Block::default(),
                        results: Vec::new(),
                    },
                    span,
                );
                self.set_returned(Term::truth(false));
                Ok(Flow::Falls)
            }
            (true, true) => {
                let returned = self.environment.get(self.frame().returned);
                self.set_returned(returned);
                Ok(Flow::Mixed)
            }
        }
    }

    /// Leaves the innermost loop for what is behind it.
    pub(super) fn break_loop(&mut self, span: Span) -> Result<Terminator, Refusal> {
        self.innermost(span)?.breaks = true;
        self.leave(span)
    }

    /// Leaves the innermost loop to return from the function.
    pub(super) fn return_from_loop(&mut self, span: Span) -> Result<Terminator, Refusal> {
        self.innermost(span)?.returns = true;
        self.leave(span)
    }

    fn leave(&mut self, span: Span) -> Result<Terminator, Refusal> {
        let slots = self.innermost(span)?.results.clone();
        Ok(Terminator::Break(self.slot_values(&slots, span)?))
    }

    /// Runs the `continuing` block and starts the innermost loop's next round, unless `break if` ends it.
    pub(super) fn continue_loop(&mut self, span: Span) -> Result<Terminator, Refusal> {
        let frame = self.innermost(span)?;
        let (continuing, break_if) = (frame.continuing, frame.break_if);
        let carried = frame.carried.clone();
        match self.sequence(items(continuing))? {
            Flow::Falls => {}
            // A loop in it that never ends.
            Flow::Left(terminator) => return Ok(terminator),
            Flow::Exited | Flow::Mixed => {
                return Err(Refusal::internal("`continuing` returned", span));
            }
        }
        let condition = match break_if {
            None => Term::truth(false),
            Some(condition) => self.scalar(condition)?,
        };
        match condition.constant() {
            Some(0) => Ok(Terminator::Continue(self.slot_values(&carried, span)?)),
            Some(_) => self.break_loop(span),
            None => {
                let condition = self.value(condition, span);
                let outer = std::mem::take(&mut self.insts);
                let end = self.break_loop(span)?;
                let insts = std::mem::take(&mut self.insts);
                let then = ir::Block { insts, end };
                let end = Terminator::Continue(self.slot_values(&carried, span)?);
                let insts: Vec<Inst> = std::mem::replace(&mut self.insts, outer);
                let otherwise = ir::Block { insts, end };
                self.push(
                    InstKind::If {
                        condition,
                        then,
                        otherwise,
                        results: Vec::new(),
                    },
                    span,
                );
                Ok(Terminator::Unreachable)
            }
        }
    }

    fn slot_values(&mut self, slots: &[Slot], span: Span) -> Result<Vec<Value>, Refusal> {
        // Most are values already, which cost little here and nothing in the program.
        self.charge(slots.len() / 8, span)?;
        let values = slots.iter().map(|&slot| {
            let term = self.environment.get(slot);
            self.value(term, span)
        });
        Ok(values.collect())
    }

    fn innermost(&mut self, span: Span) -> Result<&mut LoopFrame<'m>, Refusal> {
        self.frame_mut()
            .loops
            .last_mut()
            .ok_or_else(|| Refusal::internal("outside of a loop", span))
    }

    /// The slots that a block of the present function writes, and what it calls.
    fn stored_slots(&self, block: &Block) -> BTreeSet<Slot> {
        let frame = self.frame();
        let mut slots = BTreeSet::new();
        self.facts
            .for_each_store_in(frame.function, block, &mut |root, path| {
                let place = match root {
                    Root::Local(variable) => frame.locals.get(variable.index()),
                    Root::Global(variable) => self.globals.get(&variable),
                    Root::Parameter(index) => match frame.arguments.get(index as usize) {
                        Some(Operand::Place(place)) => Some(place),
                        _ => None,
                    },
                };
                if let Some(place) = place {
                    add_slots(place, &path, &mut slots);
                }
            });
        slots
    }
}

/// Adds the slots of a part of a place.
fn add_slots(place: &Place, path: &[u32], slots: &mut BTreeSet<Slot>) {
    match place {
        Place::Slots { first, shape } => {
            let (mut first, mut shape) = (*first, shape.clone());
            for &at in path {
                let Some(part) = shape.part(at, Layout::Dense) else {
                    break;
                };
                first = first.offset(part.leaf);
                shape = part.shape;
            }
            slots.extend((0..shape.leaves()).map(|leaf| first.offset(leaf)));
        }
        Place::Parts { parts, .. } => match path.split_first() {
            Some((&at, rest)) => {
                if let Some(part) = parts.get(at as usize) {
                    add_slots(part, rest, slots);
                }
            }
            None => parts.iter().for_each(|part| add_slots(part, &[], slots)),
        },
        // A parameter may point to a component of a vector.
        Place::Lane { first, len, .. } => {
            slots.extend((0..*len as usize).map(|at| first.offset(at)));
        }
        Place::Fixed(_) | Place::Memory { .. } => {}
    }
}
