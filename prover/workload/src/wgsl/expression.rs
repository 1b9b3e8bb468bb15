//! Expressions without control flow. naga's `Emit` statements say when each is evaluated.

use naga::{
    BinaryOperator, Expression, Handle, MathFunction, ScalarKind, TypeInner, UnaryOperator,
};

use crate::ir::{BinaryOp, InstKind, Span, Type};

use super::constants::literal;
use super::lowering::Lowering;
use super::names::{foreign_expression, is_float, refuse_type, scalar_type};
use super::operand::{Operand, Place, Term};
use super::refusal::Refusal;

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
            | Expression::FunctionArgument(_)
            | Expression::GlobalVariable(_)
            | Expression::LocalVariable(_) => self.compute(handle, span),
            _ => Err(Refusal::internal(
                "an expression is used before it is evaluated",
                span,
            )),
        }
    }

    /// The value of an expression that is a scalar of the language.
    pub(super) fn scalar(&mut self, handle: Handle<Expression>) -> Result<Term, Refusal> {
        match self.operand(handle)? {
            Operand::Scalar(term) => Ok(term),
            _ => Err(self.refuse_value(handle)),
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
        let foreign_scalar =
            matches!(inner, TypeInner::Scalar(scalar) if scalar_type(*scalar).is_none());
        if foreign_scalar || is_float(module, inner) {
            return Err(self.refuse_value(handle));
        }
        match function.expressions[handle] {
            Expression::Literal(value) => literal(value, span).map(Operand::Scalar),
            Expression::Constant(constant) => self.constant(constant, span),
            Expression::ZeroValue(ty) => self.zero(ty, span),
            Expression::Compose { ty, ref components } => {
                // Refuses other types than arrays of scalars before a component is looked at.
                self.array(ty, Vec::new(), span)?;
                let mut elements = Vec::with_capacity(components.len());
                for &component in components {
                    elements.push(self.scalar(component)?);
                }
                self.array(ty, elements, span)
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
            Expression::AccessIndex { base, index } => {
                let ty = Type::U32;
                self.access(base, Term::Const { ty, bits: index }, span)
            }
            Expression::Load { pointer } => match self.operand(pointer)? {
                Operand::Place(place) => self.load(place, span),
                _ => Err(self.refuse_value(handle)),
            },
            Expression::Unary { op, expr } => {
                let operand = self.scalar(expr)?;
                self.unary(op, operand, span).map(Operand::Scalar)
            }
            Expression::Binary { op, left, right } => {
                let (left, right) = (self.scalar(left)?, self.scalar(right)?);
                self.binary_operator(op, left, right, span)
                    .map(Operand::Scalar)
            }
            Expression::Select {
                condition,
                accept,
                reject,
            } => {
                let condition = self.scalar(condition)?;
                let (accept, reject) = (self.scalar(accept)?, self.scalar(reject)?);
                Ok(Operand::Scalar(
                    self.select(condition, accept, reject, span),
                ))
            }
            Expression::Math {
                fun,
                arg,
                arg1,
                arg2,
                ..
            } => {
                let first = self.scalar(arg)?;
                let mut more = [None; 2];
                for (term, arg) in more.iter_mut().zip([arg1, arg2]) {
                    *term = arg.map(|arg| self.scalar(arg)).transpose()?;
                }
                match self.math(fun, first, more, span)? {
                    Some(term) => Ok(Operand::Scalar(term)),
                    None => Err(Refusal::not_yet(
                        foreign_expression(&function.expressions[handle]),
                        span,
                    )),
                }
            }
            Expression::As { expr, kind, .. } => {
                let operand = self.scalar(expr)?;
                let ty = match kind {
                    ScalarKind::Uint => Type::U32,
                    ScalarKind::Sint => Type::I32,
                    ScalarKind::Bool => Type::Bool,
                    ScalarKind::Float | ScalarKind::AbstractInt | ScalarKind::AbstractFloat => {
                        return Err(self.refuse_value(handle));
                    }
                };
                Ok(Operand::Scalar(self.cast(operand, ty, span)))
            }
            Expression::ArrayLength(array) => match self.operand(array)? {
                Operand::Place(Place::Array { memory, .. }) => {
                    let ty = Type::U32;
                    let result = self.program.new_value(ty);
                    self.push(InstKind::ArrayLength { result, memory }, span);
                    Ok(Operand::Scalar(Term::Value { ty, value: result }))
                }
                _ => Err(self.refuse_value(array)),
            },
            Expression::Splat { .. } | Expression::Swizzle { .. } => Err(self.refuse_value(handle)),
            ref other => Err(Refusal::not_yet(foreign_expression(other), span)),
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

    fn select(&mut self, condition: Term, accept: Term, reject: Term, span: Span) -> Term {
        match condition.constant() {
            Some(0) => reject,
            Some(_) => accept,
            None if accept == reject => accept,
            None => {
                let ty = accept.ty();
                let condition = self.value(condition, span);
                let (accept, reject) = (self.value(accept, span), self.value(reject, span));
                let result = self.program.new_value(ty);
                self.push(
                    InstKind::Select {
                        result,
                        condition,
                        accept,
                        reject,
                    },
                    span,
                );
                Term::Value { ty, value: result }
            }
        }
    }

    /// A built-in function of scalars; `None` for one that the language does not have.
    fn math(
        &mut self,
        fun: MathFunction,
        first: Term,
        more: [Option<Term>; 2],
        span: Span,
    ) -> Result<Option<Term>, Refusal> {
        let term = match (fun, more) {
            (MathFunction::Abs, _) if first.ty() == Type::U32 => first,
            (MathFunction::Abs, _) => {
                let negated = self.binary(BinaryOp::Sub, Term::zero(first.ty()), first, span)?;
                self.binary(BinaryOp::Max, first, negated, span)?
            }
            (MathFunction::Min, [Some(second), _]) => {
                self.binary(BinaryOp::Min, first, second, span)?
            }
            (MathFunction::Max, [Some(second), _]) => {
                self.binary(BinaryOp::Max, first, second, span)?
            }
            (MathFunction::Clamp, [Some(low), Some(high)]) => {
                let raised = self.binary(BinaryOp::Max, first, low, span)?;
                self.binary(BinaryOp::Min, raised, high, span)?
            }
            _ => return Ok(None),
        };
        Ok(Some(term))
    }
}
