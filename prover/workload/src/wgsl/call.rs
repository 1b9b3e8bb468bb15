//! Functions: entering one with its arguments, and inlining calls.

use std::collections::HashMap;
use std::rc::Rc;

use naga::valid::FunctionInfo;
use naga::{Expression, Function, Handle};

use crate::ir::Span;

use super::facts::FunctionFacts;
use super::limits::Limit;
use super::lowering::{Frame, Lowering, over};
use super::operand::{Composite, Operand, Place, Term};
use super::refusal::Refusal;
use super::statement::items;

/// A function and what is known of it.
pub(super) struct Callee<'m> {
    pub(super) function: &'m Function,
    pub(super) info: &'m FunctionInfo,
    pub(super) facts: Rc<FunctionFacts>,
}

impl<'m> Lowering<'m> {
    /// Lowers a call in place. A pointer argument is the place that it points to.
    pub(super) fn call(
        &mut self,
        callee: Handle<Function>,
        arguments: &[Handle<Expression>],
        result: Option<Handle<Expression>>,
        span: Span,
    ) -> Result<(), Refusal> {
        over(
            Limit::CallDepth,
            self.frames.len(),
            self.limits.call_depth,
            span,
        )?;
        let arguments = arguments
            .iter()
            .map(|&argument| self.operand(argument))
            .collect::<Result<Vec<_>, _>>()?;
        let height = self.environment.len();
        let callee = Callee {
            function: &self.module.functions[callee],
            info: &self.info[callee],
            facts: Rc::clone(self.facts.function(callee)),
        };
        let value = self.run(callee, arguments, span)?;
        self.environment.pop_to(height);
        if let (Some(result), Some(value)) = (result, value) {
            self.frame_mut().operands.insert(result, value.into());
        }
        Ok(())
    }

    /// Lowers a function's body into the present block and gives its result.
    pub(super) fn run(
        &mut self,
        callee: Callee<'m>,
        arguments: Vec<Operand>,
        span: Span,
    ) -> Result<Option<Composite>, Refusal> {
        self.charge(1, span)?;
        let function = callee.function;
        let returned = self.environment.push(Term::truth(false));
        let result = match &function.result {
            None => None,
            Some(result) => {
                let shape = self.shape(result.ty, span)?;
                let zero = self.zero_of(shape, span)?;
                let first = self.environment.next_slot();
                for &term in zero.terms.iter() {
                    self.environment.push(term);
                }
                let shape = zero.shape;
                Some(Place::Slots { first, shape })
            }
        };
        self.frames.push(Frame {
            function,
            info: callee.info,
            facts: callee.facts,
            arguments,
            locals: Vec::new(),
            operands: HashMap::new(),
            loops: Vec::new(),
            switches: Vec::new(),
            returned,
            result: result.clone(),
        });
        self.declare_locals(function)?;
        self.sequence(items(&function.body))?;
        self.frames.pop();
        result.map(|place| self.load(&place, span)).transpose()
    }
}
