//! Expressions without control flow. naga's `Emit` statements say when each is evaluated.

use naga::{
    BinaryOperator, Expression, Handle, RelationalFunction, ScalarKind, TypeInner, UnaryOperator,
};

use crate::ir::{BinaryOp, InstKind, Span, Type};

use super::constants::{literal, splat};
use super::lowering::Lowering;
use super::names::{is_float, refuse_expression, refuse_type, scalar_type};
use super::operand::{Composite, Operand, Place, Term};
use super::refusal::Refusal;
use super::shape::Layout;

impl Lowering<'_> {
    /// Evaluates an expression at the present point.
    pub(super) fn evaluate(&mut self, handle: Handle<Expression>) -> Result<(), Refusal> {
        let span = self.span(handle);
        self.charge(1, span)?;
        let operand = self.compute(handle, span)?;
        self.frame_mut().operands.insert(handle, operand);
        Ok(())
    }

    /// The value of an expression that was evaluated, or that needs no evaluation.
    pub(super) fn operand(&mut self, handle: Handle<Expression>) -> Result<Operand, Refusal> {
        if let Some(operand) = self.frame().operands.get(&handle) {
            return Ok(operand.clone());
        }
        let span = self.span(handle);
        match self.frame().function.expressions[handle] {
            Expression::Literal(_)
            | Expression::Constant(_)
            | Expression::Override(_)
            | Expression::ZeroValue(_)
            // The initial value of a variable, which is hoisted before everything that is evaluated.
            | Expression::Compose { .. }
            | Expression::Splat { .. }
            | Expression::FunctionArgument(_)
            | Expression::GlobalVariable(_)
            | Expression::LocalVariable(_) => self.compute(handle, span),
            Expression::AtomicResult { .. } => Err(Refusal::unsupported(
                "the old value that an atomic operation gives",
                "it depends on how invocations are scheduled; make the result a function of the inputs, as by a \
                 scan over workgroup memory",
                span,
            )),
            _ => Err(Refusal::internal(
                "an expression is used before it is evaluated",
                span,
            )),
        }
    }

    /// The value of an expression that is no reference.
    pub(super) fn composite(&mut self, handle: Handle<Expression>) -> Result<Composite, Refusal> {
        match self.operand(handle)? {
            Operand::Value(composite) => Ok(composite),
            Operand::Place(_) => Err(self.refuse_value(handle)),
        }
    }

    /// The value of an expression that is a scalar of the language.
    pub(super) fn scalar(&mut self, handle: Handle<Expression>) -> Result<Term, Refusal> {
        self.composite(handle)?
            .as_scalar()
            .ok_or_else(|| self.refuse_value(handle))
    }

    /// The place that a reference or pointer is to.
    pub(super) fn place(&mut self, handle: Handle<Expression>) -> Result<Place, Refusal> {
        match self.operand(handle)? {
            Operand::Place(place) => Ok(place),
            Operand::Value(_) => Err(self.refuse_value(handle)),
        }
    }

    /// Refuses an expression for its type.
    fn refuse_value(&self, handle: Handle<Expression>) -> Refusal {
        let inner = self.frame().info[handle].ty.inner_with(&self.module.types);
        refuse_type(self.module, inner, self.span(handle))
    }

    fn compute(&mut self, handle: Handle<Expression>, span: Span) -> Result<Operand, Refusal> {
        let module = self.module;
        let frame = self.frame();
        let function = frame.function;
        // What follows relies on every scalar being of a type the language has.
        let inner = frame.info[handle].ty.inner_with(&module.types);
        let foreign_scalar = matches!(
            inner,
            TypeInner::Scalar(scalar) | TypeInner::Vector { scalar, .. }
                if scalar_type(*scalar).is_none()
        );
        if foreign_scalar || is_float(module, inner) {
            return Err(self.refuse_value(handle));
        }
        match function.expressions[handle] {
            Expression::Literal(value) => literal(value, span).map(Operand::from),
            Expression::Constant(constant) => self.constant(constant, span).map(Operand::from),
            Expression::ZeroValue(ty) => {
                let shape = self.shape(ty, span)?;
                self.zero_of(shape, span).map(Operand::from)
            }
            Expression::Compose { ty, ref components } => {
                let mut parts = Vec::with_capacity(components.len());
                for &component in components {
                    parts.push(self.composite(component)?);
                }
                self.compose(ty, &parts, span).map(Operand::from)
            }
            Expression::Splat { size, value } => {
                let value = self.composite(value)?;
                splat(size, &value, span).map(Operand::from)
            }
            Expression::Swizzle {
                size,
                vector,
                pattern,
            } => {
                let vector = self.composite(vector)?;
                pattern
                    .iter()
                    .take(usize::from(u8::from(size)))
                    .map(|&component| vector.terms.get(component.index() as usize).copied())
                    .collect::<Option<_>>()
                    .and_then(Composite::scalar_or_vector)
                    .map(Operand::from)
                    .ok_or_else(|| Refusal::internal("no such component", span))
            }
            Expression::FunctionArgument(index) => frame
                .arguments
                .get(index as usize)
                .cloned()
                .ok_or_else(|| Refusal::internal("no such argument", span)),
            Expression::GlobalVariable(variable) => self
                .globals
                .get(&variable)
                .cloned()
                .map(Operand::Place)
                .ok_or_else(|| Refusal::internal("a variable outside of the interface", span)),
            Expression::LocalVariable(variable) => frame
                .locals
                .get(variable.index())
                .cloned()
                .map(Operand::Place)
                .ok_or_else(|| Refusal::internal("no such variable", span)),
            Expression::Access { base, index } => {
                let index = self.scalar(index)?;
                self.access(base, index, span)
            }
            Expression::AccessIndex { base, index } => self.access(base, Term::word(index), span),
            Expression::Load { pointer } => {
                let place = self.place(pointer)?;
                self.load(&place, span).map(Operand::from)
            }
            Expression::Unary { op, expr } => {
                let operand = self.composite(expr)?;
                self.each([&operand], span, |this, [operand]| {
                    this.unary(op, operand, span)
                })
                .map(Operand::from)
            }
            Expression::Binary { op, left, right } => {
                let (left, right) = (self.composite(left)?, self.composite(right)?);
                self.each([&left, &right], span, |this, [left, right]| {
                    this.binary_operator(op, left, right, span)
                })
                .map(Operand::from)
            }
            Expression::Select {
                condition,
                accept,
                reject,
            } => {
                let condition = self.composite(condition)?;
                let (accept, reject) = (self.composite(accept)?, self.composite(reject)?);
                self.each(
                    [&condition, &accept, &reject],
                    span,
                    |this, [condition, accept, reject]| {
                        Ok(this.select(condition, accept, reject, span))
                    },
                )
                .map(Operand::from)
            }
            Expression::Relational { fun, argument } => {
                let op = match fun {
                    RelationalFunction::All => BinaryOp::And,
                    RelationalFunction::Any => BinaryOp::Or,
                    RelationalFunction::IsNan | RelationalFunction::IsInf => {
                        return Err(self.refuse_value(argument));
                    }
                };
                let argument = self.composite(argument)?;
                self.fold(op, &argument.terms, span).map(Operand::from)
            }
            Expression::Math {
                fun,
                arg,
                arg1,
                arg2,
                arg3,
            } => {
                let mut arguments = vec![self.composite(arg)?];
                for argument in [arg1, arg2, arg3].into_iter().flatten() {
                    arguments.push(self.composite(argument)?);
                }
                match self.built_in_function(fun, &arguments, span)? {
                    Some(composite) => Ok(composite.into()),
                    None => Err(refuse_expression(&function.expressions[handle], span)),
                }
            }
            Expression::As { expr, kind, .. } => {
                let operand = self.composite(expr)?;
                let ty = match kind {
                    ScalarKind::Uint => Type::U32,
                    ScalarKind::Sint => Type::I32,
                    ScalarKind::Bool => Type::Bool,
                    ScalarKind::Float | ScalarKind::AbstractInt | ScalarKind::AbstractFloat => {
                        return Err(self.refuse_value(handle));
                    }
                };
                self.each([&operand], span, |this, [operand]| {
                    Ok(this.cast(operand, ty, span))
                })
                .map(Operand::from)
            }
            Expression::ArrayLength(array) => {
                let place = self.place(array)?;
                self.array_length(&place, span).map(Operand::from)
            }
            ref other => Err(refuse_expression(other, span)),
        }
    }

    /// Applies an operation on scalars to each component; a scalar operand counts for all of them.
    pub(super) fn each<const N: usize>(
        &mut self,
        operands: [&Composite; N],
        span: Span,
        mut apply: impl FnMut(&mut Self, [Term; N]) -> Result<Term, Refusal>,
    ) -> Result<Composite, Refusal> {
        let len = operands
            .iter()
            .map(|operand| operand.terms.len())
            .max()
            .unwrap_or(1);
        self.charge(len - 1, span)?;
        let mut results = Vec::with_capacity(len);
        for at in 0..len {
            let mut terms = [Term::truth(false); N];
            for (term, operand) in terms.iter_mut().zip(operands) {
                let at = if operand.terms.len() == 1 { 0 } else { at };
                *term = *operand
                    .terms
                    .get(at)
                    .ok_or_else(|| Refusal::internal("operands of different lengths", span))?;
            }
            results.push(apply(self, terms)?);
        }
        Composite::scalar_or_vector(results)
            .ok_or_else(|| Refusal::internal("an operation on nothing", span))
    }

    /// Combines terms by an operation.
    pub(super) fn fold(
        &mut self,
        op: BinaryOp,
        terms: &[Term],
        span: Span,
    ) -> Result<Term, Refusal> {
        let (&first, rest) = terms
            .split_first()
            .ok_or_else(|| Refusal::internal("an operation on nothing", span))?;
        self.charge(rest.len(), span)?;
        rest.iter().try_fold(first, |combined, &term| {
            self.binary(op, combined, term, span)
        })
    }

    /// The number of elements of a run-time sized array: the words of its buffer behind its first, by the words
    /// of an element.
    fn array_length(&mut self, place: &Place, span: Span) -> Result<Term, Refusal> {
        let Place::Memory {
            memory,
            layout: Layout::Buffer,
            shape,
            address,
        } = place
        else {
            return Err(Refusal::internal("the length of no buffer", span));
        };
        let (_, stride) = shape
            .element(Layout::Buffer)
            .ok_or_else(|| Refusal::internal("the length of no array", span))?;
        let ty = Type::U32;
        let result = self.program.new_value(ty);
        let memory = *memory;
        self.push(InstKind::ArrayLength { result, memory }, span);
        let mut length = Term::Value { ty, value: result };
        if address.offset > 0 {
            let first = Term::word(address.offset);
            let end = self.binary(BinaryOp::Max, length, first, span)?;
            length = self.binary(BinaryOp::Sub, end, first, span)?;
        }
        match stride {
            1 => Ok(length),
            _ => self.binary(BinaryOp::Div, length, Term::word(stride), span),
        }
    }

    fn unary(&mut self, op: UnaryOperator, operand: Term, span: Span) -> Result<Term, Refusal> {
        let ty = operand.ty();
        match op {
            UnaryOperator::LogicalNot => self.not(operand, span),
            UnaryOperator::Negate => self.binary(BinaryOp::Sub, Term::zero(ty), operand, span),
            UnaryOperator::BitwiseNot => {
                let ones = Term::Const { ty, bits: u32::MAX };
                self.binary(BinaryOp::Xor, operand, ones, span)
            }
        }
    }

    fn binary_operator(
        &mut self,
        op: BinaryOperator,
        left: Term,
        right: Term,
        span: Span,
    ) -> Result<Term, Refusal> {
        let (op, swapped) = match op {
            BinaryOperator::Add => (BinaryOp::Add, false),
            BinaryOperator::Subtract => (BinaryOp::Sub, false),
            BinaryOperator::Multiply => (BinaryOp::Mul, false),
            BinaryOperator::Divide => (BinaryOp::Div, false),
            BinaryOperator::Modulo => (BinaryOp::Rem, false),
            BinaryOperator::Equal => (BinaryOp::Eq, false),
            BinaryOperator::NotEqual => (BinaryOp::Ne, false),
            BinaryOperator::Less => (BinaryOp::Lt, false),
            BinaryOperator::LessEqual => (BinaryOp::Le, false),
            BinaryOperator::Greater => (BinaryOp::Lt, true),
            BinaryOperator::GreaterEqual => (BinaryOp::Le, true),
            BinaryOperator::And | BinaryOperator::LogicalAnd => (BinaryOp::And, false),
            BinaryOperator::InclusiveOr | BinaryOperator::LogicalOr => (BinaryOp::Or, false),
            BinaryOperator::ExclusiveOr => (BinaryOp::Xor, false),
            BinaryOperator::ShiftLeft => (BinaryOp::Shl, false),
            BinaryOperator::ShiftRight => (BinaryOp::Shr, false),
        };
        let (lhs, rhs) = if swapped {
            (right, left)
        } else {
            (left, right)
        };
        self.binary(op, lhs, rhs, span)
    }
}
