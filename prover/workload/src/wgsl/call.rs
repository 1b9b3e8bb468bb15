//! Functions: entering one with its arguments, and inlining calls.

use std::rc::Rc;

use naga::{ArraySize, Expression, Function, Handle, LocalVariable, TypeInner};

use crate::ir::{Space, Span, Type};

use super::facts::FunctionFacts;
use super::limits::Limit;
use super::lowering::{Frame, Lowering, over};
use super::module::span_of;
use super::names::{refuse_type, scalar_type};
use super::operand::{Operand, Place, Term};
use super::refusal::Refusal;
use super::statement::items;

/// A local variable to set up when its function is entered.
enum Local {
    Scalar(Type),
    Slots { element: Type, len: usize },
    Memory { element: Type, len: u32 },
    Constant(Handle<Expression>),
}

impl<'m> Lowering<'m> {
    /// Lowers a call in place.
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
            .map(|&argument| match self.operand(argument)? {
                Operand::Place(_) => {
                    let inner = self.frame().info[argument]
                        .ty
                        .inner_with(&self.module.types);
                    Err(refuse_type(self.module, inner, span))
                }
                operand => Ok(operand),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let height = self.environment.len();
        let function = &self.module.functions[callee];
        let value = self.run(function, &self.info[callee], arguments, span)?;
        self.environment.pop_to(height);
        if let (Some(result), Some(term)) = (result, value) {
            self.frame_mut()
                .operands
                .insert(result, Operand::Scalar(term));
        }
        Ok(())
    }

    /// Lowers a function's body into the present block and gives its result.
    pub(super) fn run(
        &mut self,
        function: &'m Function,
        info: &'m naga::valid::FunctionInfo,
        arguments: Vec<Operand>,
        span: Span,
    ) -> Result<Option<Term>, Refusal> {
        self.charge(1, span)?;
        let returned = self.environment.push(Term::truth(false));
        let result = match &function.result {
            None => None,
            Some(result) => {
                let ty = self.scalar_of(result.ty).ok_or_else(|| {
                    let inner = &self.module.types[result.ty].inner;
                    refuse_type(self.module, inner, span)
                })?;
                Some(self.environment.push(Term::zero(ty)))
            }
        };
        self.frames.push(Frame {
            function,
            info,
            arguments,
            locals: Vec::new(),
            operands: std::collections::HashMap::new(),
            loops: Vec::new(),
            returned,
            result,
        });
        self.declare_locals(function)?;
        self.sequence(items(&function.body))?;
        self.frames.pop();
        Ok(result.map(|slot| self.environment.get(slot)))
    }

    /// Makes the local variables and gives them their initial values. naga hoists declarations here; one
    /// within a loop of the function is followed by a store, in its place, of its value or of zero. A float
    /// literal is refused here, as nothing would if it is unused.
    fn declare_locals(&mut self, function: &'m Function) -> Result<(), Refusal> {
        let facts = match self.facts.get(&std::ptr::from_ref(function)) {
            Some(facts) => Rc::clone(facts),
            None => {
                let facts = Rc::new(FunctionFacts::of(function));
                self.facts.insert(function, Rc::clone(&facts));
                facts
            }
        };
        if let Some(float) = facts.float {
            self.operand(float)?;
        }
        for (handle, variable) in function.local_variables.iter() {
            let span = span_of(function.local_variables.get_span(handle));
            self.charge(1, span)?;
            let (place, is_zero) = match self.classify(handle, variable, &facts, span)? {
                Local::Scalar(ty) => (Place::Slot(self.environment.push(Term::zero(ty))), true),
                Local::Slots { element, len } => {
                    self.charge(len / 16, span)?;
                    let zero = Term::zero(element);
                    let first = self.environment.push(zero);
                    for _ in 1..len {
                        self.environment.push(zero);
                    }
                    (Place::Slots { first, len }, true)
                }
                Local::Memory { element, len } => {
                    self.used.private_words += len as usize;
                    over(
                        Limit::PrivateWordsInAll,
                        self.used.private_words,
                        self.limits.private_words_in_all,
                        span,
                    )?;
                    let space = Space::Private { words: len };
                    let memory = self.new_inner_memory(variable.name.as_deref(), space, span)?;
                    let place = Place::Array {
                        memory,
                        element,
                        len: Some(len),
                    };
                    // Within a loop the function may be entered again, with the last activation's words.
                    (place, self.loop_depth == 0)
                }
                Local::Constant(init) => match self.operand(init)? {
                    Operand::Array(elements) => (Place::Constant(elements), true),
                    _ => return Err(Refusal::internal("a constant array is none", span)),
                },
            };
            let init = match variable.init {
                Some(init) => Some(self.operand(init)?),
                None => None,
            };
            self.initialise(&place, init, is_zero, span)?;
            self.frame_mut().locals.push(place);
        }
        Ok(())
    }

    fn classify(
        &self,
        handle: Handle<LocalVariable>,
        variable: &LocalVariable,
        facts: &FunctionFacts,
        span: Span,
    ) -> Result<Local, Refusal> {
        let inner = &self.module.types[variable.ty].inner;
        let (element, len) = match *inner {
            TypeInner::Scalar(scalar) if let Some(ty) = scalar_type(scalar) => {
                return Ok(Local::Scalar(ty));
            }
            TypeInner::Array {
                base,
                size: ArraySize::Constant(len),
                ..
            } if let Some(element) = self.scalar_of(base) => (element, len.get()),
            ref other => return Err(refuse_type(self.module, other, span)),
        };
        match variable.init {
            Some(init) if !facts.stored.contains(&handle) => return Ok(Local::Constant(init)),
            _ => {}
        }
        over(
            Limit::PrivateWords,
            len as usize,
            self.limits.private_words,
            span,
        )?;
        Ok(if facts.indexed_at_run_time.contains(&handle) {
            Local::Memory { element, len }
        } else {
            let len = len as usize;
            Local::Slots { element, len }
        })
    }

    /// Gives a variable its value on entry to its function; `is_zero` says that it is zero already.
    fn initialise(
        &mut self,
        place: &Place,
        init: Option<Operand>,
        is_zero: bool,
        span: Span,
    ) -> Result<(), Refusal> {
        match (place, init) {
            (Place::Constant(_), _) => Ok(()),
            (
                &Place::Array {
                    memory,
                    element,
                    len: Some(len),
                },
                init,
            ) => {
                let elements = match init {
                    Some(Operand::Array(elements)) => elements,
                    _ => vec![Term::zero(element); len as usize].into(),
                };
                for (bits, &term) in (0..len).zip(elements.iter()) {
                    if !(is_zero && term.constant() == Some(0)) {
                        self.charge(1, span)?;
                        let ty = Type::U32;
                        self.store_word(memory, element, Term::Const { ty, bits }, term, span);
                    }
                }
                Ok(())
            }
            (_, None) => Ok(()),
            (place, Some(init)) => self.store(place, &init, span),
        }
    }
}
