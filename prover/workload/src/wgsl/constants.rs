//! Constants: literals, zero values, module constants, and constant arrays that become tables.

use std::rc::Rc;

use naga::{ArraySize, Constant, Expression, Handle, Literal, TypeInner};

use crate::ir::{MemoryId, Space, Span, Type};

use super::limits::Limit;
use super::lowering::{Lowering, over};
use super::module::span_of;
use super::names::{refuse_type, scalar_type};
use super::operand::{Operand, Term};
use super::refusal::Refusal;

/// A literal.
pub(super) fn literal(literal: Literal, span: Span) -> Result<Term, Refusal> {
    let (ty, bits) = match literal {
        Literal::U32(value) => (Type::U32, value),
        Literal::I32(value) => (Type::I32, value.cast_unsigned()),
        Literal::Bool(value) => (Type::Bool, u32::from(value)),
        Literal::F16(_) | Literal::F32(_) | Literal::F64(_) | Literal::AbstractFloat(_) => {
            return Err(Refusal::unsupported(
                "floating point",
                "use fixed-point arithmetic in `i32` or `u32`",
                span,
            ));
        }
        Literal::U16(_)
        | Literal::I16(_)
        | Literal::U64(_)
        | Literal::I64(_)
        | Literal::AbstractInt(_) => {
            return Err(Refusal::not_yet(
                "integers other than `u32` and `i32`",
                span,
            ));
        }
    };
    Ok(Term::Const { ty, bits })
}

impl Lowering<'_> {
    /// The zero value of a type.
    pub(super) fn zero(&self, ty: Handle<naga::Type>, span: Span) -> Result<Operand, Refusal> {
        match self.module.types[ty].inner {
            TypeInner::Scalar(scalar) if let Some(ty) = scalar_type(scalar) => {
                Ok(Operand::Scalar(Term::zero(ty)))
            }
            TypeInner::Array {
                base,
                size: ArraySize::Constant(len),
                ..
            } if let Some(element) = self.scalar_of(base) => {
                let len = len.get() as usize;
                over(Limit::ConstantWords, len, self.limits.constant_words, span)?;
                Ok(Operand::Array(vec![Term::zero(element); len].into()))
            }
            ref inner => Err(refuse_type(self.module, inner, span)),
        }
    }

    /// The scalar that a type is.
    pub(super) fn scalar_of(&self, ty: Handle<naga::Type>) -> Option<Type> {
        match self.module.types[ty].inner {
            TypeInner::Scalar(scalar) => scalar_type(scalar),
            _ => None,
        }
    }

    /// An array value.
    pub(super) fn array(
        &mut self,
        ty: Handle<naga::Type>,
        elements: Vec<Term>,
        span: Span,
    ) -> Result<Operand, Refusal> {
        match self.module.types[ty].inner {
            TypeInner::Array { base, .. } if self.scalar_of(base).is_some() => {
                over(
                    Limit::ConstantWords,
                    elements.len(),
                    self.limits.constant_words,
                    span,
                )?;
                // Building it costs nothing in the program, but time here.
                self.charge(elements.len() / 16, span)?;
                Ok(Operand::Array(elements.into()))
            }
            ref inner => Err(refuse_type(self.module, inner, span)),
        }
    }

    /// The value of a module constant. `span` is where it is used.
    pub(super) fn constant(
        &mut self,
        handle: Handle<Constant>,
        span: Span,
    ) -> Result<Operand, Refusal> {
        if let Some(operand) = self.constants.get(&handle) {
            return Ok(operand.clone());
        }
        let operand = self.global_expression(self.module.constants[handle].init, span)?;
        self.constants.insert(handle, operand.clone());
        Ok(operand)
    }

    /// The value of a module-scope expression, which naga has evaluated to literals, zero values and arrays
    /// of those.
    fn global_expression(
        &mut self,
        handle: Handle<Expression>,
        used_at: Span,
    ) -> Result<Operand, Refusal> {
        let module = self.module;
        let mut handle = handle;
        while let Expression::Constant(constant) = module.global_expressions[handle] {
            handle = module.constants[constant].init;
        }
        let span = Some(span_of(module.global_expressions.get_span(handle)))
            .filter(|span| *span != Span::default())
            .unwrap_or(used_at);
        match module.global_expressions[handle] {
            Expression::Literal(value) => literal(value, span).map(Operand::Scalar),
            Expression::ZeroValue(ty) => self.zero(ty, span),
            Expression::Compose { ty, ref components } => {
                // Refuses arrays of arrays before descending into them.
                self.array(ty, Vec::new(), span)?;
                let mut elements = Vec::with_capacity(components.len());
                for &component in components {
                    match self.global_expression(component, span)? {
                        Operand::Scalar(term) => elements.push(term),
                        _ => return Err(Refusal::internal("an array element is no scalar", span)),
                    }
                }
                self.array(ty, elements, span)
            }
            _ => {
                let inner = self.info[handle].inner_with(&module.types);
                Err(refuse_type(module, inner, span))
            }
        }
    }

    /// The table of constant elements; equal tables are one memory.
    pub(super) fn table(
        &mut self,
        name: Option<&str>,
        elements: &Rc<[Term]>,
        span: Span,
    ) -> Result<Option<MemoryId>, Refusal> {
        let words: Option<Vec<u32>> = elements.iter().map(|term| term.constant()).collect();
        let Some(words) = words else { return Ok(None) };
        if let Some(&memory) = self.tables.get(&words) {
            return Ok(Some(memory));
        }
        self.used.constant_words += words.len();
        over(
            Limit::ConstantWordsInAll,
            self.used.constant_words,
            self.limits.constant_words_in_all,
            span,
        )?;
        let space = Space::Constant {
            words: words.clone(),
        };
        let memory = self.new_inner_memory(name, space, span)?;
        self.tables.insert(words, memory);
        Ok(Some(memory))
    }
}
