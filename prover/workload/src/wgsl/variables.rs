//! Variables of functions and of the module: where each lives, and its first value.
//!
//! A part that is only indexed by constants is values; an array that is indexed at run time is memory of the
//! invocation; a variable that nothing stores to is a constant.

use std::rc::Rc;

use naga::{Function, GlobalVariable, Handle};

use crate::ir::Span;

use super::facts::{Path, Root, Uses};
use super::limits::Limit;
use super::lowering::{Lowering, over};
use super::module::span_of;
use super::operand::{Address, Composite, Operand, Place, Term};
use super::refusal::Refusal;
use super::shape::{Layout, Shape};

/// A variable to be made.
struct Variable<'a> {
    name: &'a str,
    uses: Option<&'a Uses>,
    shape: Shape,
    init: Option<Composite>,
    /// Whether its memory may hold what an earlier activation of its function left there.
    reused: bool,
    span: Span,
}

impl<'m> Lowering<'m> {
    /// Makes the local variables and gives them their first values. naga hoists declarations here; one
    /// within a loop of the function is followed by a store, in its place, of its value or of zero. A float
    /// literal is refused here, as nothing would if it is unused.
    pub(super) fn declare_locals(&mut self, function: &'m Function) -> Result<(), Refusal> {
        let facts = Rc::clone(&self.frame().facts);
        if let Some(float) = facts.float {
            self.operand(float)?;
        }
        for (handle, variable) in function.local_variables.iter() {
            let span = span_of(function.local_variables.get_span(handle));
            let init = match variable.init {
                None => None,
                Some(init) => match self.operand(init)? {
                    Operand::Value(composite) => Some(composite),
                    Operand::Place(_) => {
                        return Err(Refusal::internal("a variable of a pointer", span));
                    }
                },
            };
            let variable = Variable {
                name: variable.name.as_deref().unwrap_or("value"),
                uses: facts.uses(Root::Local(handle)),
                shape: self.shape(variable.ty, span)?,
                init,
                reused: self.loop_depth > 0,
                span,
            };
            let place = self.declare_variable(variable)?;
            self.frame_mut().locals.push(place);
        }
        Ok(())
    }

    /// Makes a module-scope variable that each invocation has for itself.
    pub(super) fn declare_private(
        &mut self,
        handle: Handle<GlobalVariable>,
        variable: &'m GlobalVariable,
        span: Span,
    ) -> Result<(), Refusal> {
        let init = match variable.init {
            Some(init) => Some(self.global_expression(init, span)?),
            None => None,
        };
        let facts = Rc::clone(self.facts.entry());
        let variable = Variable {
            name: variable.name.as_deref().unwrap_or("value"),
            uses: facts.uses(Root::Global(handle)),
            shape: self.shape(variable.ty, span)?,
            init,
            reused: false,
            span,
        };
        let place = self.declare_variable(variable)?;
        self.globals.insert(handle, place);
        Ok(())
    }

    fn declare_variable(&mut self, mut variable: Variable<'_>) -> Result<Place, Refusal> {
        let span = variable.span;
        self.charge(1, span)?;
        let leaves = variable.shape.leaves();
        let init = variable.init.take();
        let stored = variable.uses.filter(|uses| !uses.stored.is_empty());
        let Some(uses) = stored else {
            return match init {
                Some(init) => Ok(Place::Fixed(init)),
                None => self.zero_of(variable.shape, span).map(Place::Fixed),
            };
        };
        over(Limit::PrivateWords, leaves, self.limits.private_words, span)?;
        self.charge(leaves / 16, span)?;
        let init = init.unwrap_or_else(|| Composite::zero(variable.shape.clone()));
        let mut path = Path::new();
        let Composite { shape, terms } = &init;
        self.place_part(&variable, uses, shape, terms, &mut path)
    }

    /// Makes the place of a part, holding `terms`.
    fn place_part(
        &mut self,
        variable: &Variable<'_>,
        uses: &Uses,
        shape: &Shape,
        terms: &[Term],
        path: &mut Path,
    ) -> Result<Place, Refusal> {
        let span = variable.span;
        if uses.indexed_at_run_time.contains(path) {
            let memory = self.private_memory(variable.name, terms.len(), span)?;
            for (at, &term) in (0..).zip(terms) {
                if variable.reused || term.constant() != Some(0) {
                    self.charge(1, span)?;
                    self.store_word(memory, Term::word(at), term, span);
                }
            }
            return Ok(Place::Memory {
                memory,
                layout: Layout::Dense,
                shape: shape.clone(),
                address: Address::default(),
            });
        }
        if uses.indexed_within(path) {
            let mut parts = Vec::new();
            for at in 0..shape.parts().unwrap_or(0) {
                let part = shape
                    .part(at, Layout::Dense)
                    .ok_or_else(|| Refusal::internal("a part that is not there", span))?;
                let inner = &terms[part.leaf..part.leaf + part.shape.leaves()];
                path.push(at);
                parts.push(self.place_part(variable, uses, &part.shape, inner, path)?);
                path.pop();
            }
            return Ok(Place::Parts {
                parts: parts.into(),
                shape: shape.clone(),
            });
        }
        let first = self.environment.next_slot();
        for &term in terms {
            self.environment.push(term);
        }
        Ok(Place::Slots {
            first,
            shape: shape.clone(),
        })
    }
}
