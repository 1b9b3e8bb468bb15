//! Constants: literals, zero values, module constants, and constant values that become tables.

use std::rc::Rc;

use naga::{Constant, Expression, Handle, Literal, VectorSize};

use crate::ir::{MemoryId, Space, Span, Type};

use super::limits::Limit;
use super::lowering::{Lowering, over};
use super::module::span_of;
use super::names::refuse_type;
use super::operand::{Composite, Term};
use super::refusal::Refusal;
use super::shape::Shape;

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
            return Err(Refusal::without_remedy(
                "integers other than `u32` and `i32`",
                span,
            ));
        }
    };
    Ok(Term::Const { ty, bits })
}

impl Lowering<'_> {
    /// The zero value of a shape.
    pub(super) fn zero_of(&mut self, shape: Shape, span: Span) -> Result<Composite, Refusal> {
        self.fits(shape.leaves(), span)?;
        Ok(Composite::zero(shape))
    }

    /// A value of a type, made of its members, elements or components; the components of a vector may be vectors.
    pub(super) fn compose(
        &mut self,
        ty: Handle<naga::Type>,
        parts: &[Composite],
        span: Span,
    ) -> Result<Composite, Refusal> {
        let shape = self.shape(ty, span)?;
        self.fits(shape.leaves(), span)?;
        let terms: Rc<[Term]> = parts
            .iter()
            .flat_map(|part| part.terms.iter().copied())
            .collect();
        if terms.len() != shape.leaves() {
            return Err(Refusal::internal("parts that do not make a whole", span));
        }
        Ok(Composite { shape, terms })
    }

    /// Counts a value that is about to be made. It costs nothing in the program, but time and memory here.
    fn fits(&mut self, leaves: usize, span: Span) -> Result<(), Refusal> {
        over(
            Limit::ConstantWords,
            leaves,
            self.limits.constant_words,
            span,
        )?;
        self.charge(leaves / 16, span)
    }

    /// The value of a module constant. `span` is where it is used.
    pub(super) fn constant(
        &mut self,
        handle: Handle<Constant>,
        span: Span,
    ) -> Result<Composite, Refusal> {
        if let Some(composite) = self.constants.get(&handle) {
            return Ok(composite.clone());
        }
        let composite = self.global_expression(self.module.constants[handle].init, span)?;
        self.constants.insert(handle, composite.clone());
        Ok(composite)
    }

    /// The value of a module-scope expression, which naga has evaluated to literals, zero values and what is
    /// composed of those.
    pub(super) fn global_expression(
        &mut self,
        handle: Handle<Expression>,
        used_at: Span,
    ) -> Result<Composite, Refusal> {
        let module = self.module;
        let mut handle = handle;
        while let Expression::Constant(constant) = module.global_expressions[handle] {
            handle = module.constants[constant].init;
        }
        let span = Some(span_of(module.global_expressions.get_span(handle)))
            .filter(|span| *span != Span::default())
            .unwrap_or(used_at);
        match module.global_expressions[handle] {
            Expression::Literal(value) => literal(value, span).map(Composite::scalar),
            Expression::ZeroValue(ty) => {
                let shape = self.shape(ty, span)?;
                self.zero_of(shape, span)
            }
            Expression::Compose { ty, ref components } => {
                // Refuses a type before descending into its values, which bounds the depth of that.
                let shape = self.shape(ty, span)?;
                self.fits(shape.leaves(), span)?;
                let parts = components
                    .iter()
                    .map(|&component| self.global_expression(component, span))
                    .collect::<Result<Vec<_>, _>>()?;
                self.compose(ty, &parts, span)
            }
            Expression::Splat { size, value } => {
                let value = self.global_expression(value, span)?;
                splat(size, &value, span)
            }
            _ => {
                let inner = self.info[handle].inner_with(&module.types);
                Err(refuse_type(module, inner, span))
            }
        }
    }

    /// The table of constant leaves; equal tables are one memory.
    pub(super) fn table(
        &mut self,
        name: Option<&str>,
        elements: &[Term],
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
        let memory = self.new_inner_memory(name.unwrap_or("table"), space, span)?;
        self.tables.insert(words, memory);
        Ok(Some(memory))
    }
}

/// A vector with one value in each component.
pub(super) fn splat(size: VectorSize, value: &Composite, span: Span) -> Result<Composite, Refusal> {
    value
        .as_scalar()
        .map(|term| vec![term; usize::from(u8::from(size))])
        .and_then(Composite::scalar_or_vector)
        .ok_or_else(|| Refusal::internal("a vector of something else than a scalar", span))
}
