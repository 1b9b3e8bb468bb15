//! WGSL's built-in functions of integers, as operations of the program.

use naga::MathFunction;

use crate::ir::{BinaryOp, Span, Type};

use super::lowering::Lowering;
use super::operand::{Composite, Term};
use super::refusal::Refusal;

/// Emits operations on words for one place of the source.
pub(super) struct Words<'a, 'm> {
    lowering: &'a mut Lowering<'m>,
    span: Span,
}

impl Words<'_, '_> {
    /// A two-operand operation.
    pub(super) fn op(&mut self, op: BinaryOp, lhs: Term, rhs: Term) -> Result<Term, Refusal> {
        self.lowering.charge(1, self.span)?;
        self.lowering.binary(op, lhs, rhs, self.span)
    }

    /// An operation with a constant on the right: of the left operand's type, for shifts a `u32`.
    pub(super) fn with(&mut self, op: BinaryOp, lhs: Term, bits: u32) -> Result<Term, Refusal> {
        let ty = match op {
            BinaryOp::Shl | BinaryOp::Shr if bits == 0 => return Ok(lhs),
            BinaryOp::Shl | BinaryOp::Shr => Type::U32,
            _ => lhs.ty(),
        };
        self.op(op, lhs, Term::Const { ty, bits })
    }

    /// `accept` where the condition holds, else `reject`.
    pub(super) fn select(
        &mut self,
        condition: Term,
        accept: Term,
        reject: Term,
    ) -> Result<Term, Refusal> {
        self.lowering.charge(1, self.span)?;
        Ok(self.lowering.select(condition, accept, reject, self.span))
    }

    /// The same bits as another type.
    pub(super) fn cast(&mut self, term: Term, ty: Type) -> Term {
        self.lowering.cast(term, ty, self.span)
    }
}

impl<'m> Lowering<'m> {
    /// A built-in function; `None` for one that the language does not have.
    pub(super) fn built_in_function(
        &mut self,
        function: MathFunction,
        arguments: &[Composite],
        span: Span,
    ) -> Result<Option<Composite>, Refusal> {
        match (function, arguments) {
            (MathFunction::Dot, [left, right]) => {
                let products = self.each([left, right], span, |this, [left, right]| {
                    this.binary(BinaryOp::Mul, left, right, span)
                })?;
                let sum = self.fold(BinaryOp::Add, &products.terms, span)?;
                Ok(Some(Composite::scalar(sum)))
            }
            (function, [first]) => match self.packed(function, first, None, span)? {
                Some(composite) => Ok(Some(composite)),
                None => self.each_or_none(function, [first], span),
            },
            (function, [first, second]) => {
                match self.packed(function, first, Some(second), span)? {
                    Some(composite) => Ok(Some(composite)),
                    None => self.each_or_none(function, [first, second], span),
                }
            }
            (function, [first, second, third]) => {
                self.each_or_none(function, [first, second, third], span)
            }
            (function, [first, second, third, fourth]) => {
                self.each_or_none(function, [first, second, third, fourth], span)
            }
            _ => Ok(None),
        }
    }

    /// Words to operate on.
    pub(super) fn words(&mut self, span: Span) -> Words<'_, 'm> {
        Words {
            lowering: self,
            span,
        }
    }

    /// Applies a function of scalars to each component.
    fn each_or_none<const N: usize>(
        &mut self,
        function: MathFunction,
        arguments: [&Composite; N],
        span: Span,
    ) -> Result<Option<Composite>, Refusal> {
        let mut known = true;
        let composite = self.each(arguments, span, |this, terms| {
            let result = this.words(span).function(function, &terms)?;
            known &= result.is_some();
            Ok(result.unwrap_or(terms[0]))
        })?;
        Ok(known.then_some(composite))
    }
}

impl Words<'_, '_> {
    /// A built-in function of scalars; `None` for one that the language does not have.
    fn function(
        &mut self,
        function: MathFunction,
        arguments: &[Term],
    ) -> Result<Option<Term>, Refusal> {
        use MathFunction as F;
        let term = match (function, arguments) {
            (F::Abs, &[x]) if x.ty() == Type::U32 => x,
            (F::Abs, &[x]) => {
                let negated = self.op(BinaryOp::Sub, Term::zero(x.ty()), x)?;
                self.op(BinaryOp::Max, x, negated)?
            }
            (F::Sign, &[x]) => {
                let at_most_one = self.with(BinaryOp::Min, x, 1)?;
                self.with(BinaryOp::Max, at_most_one, u32::MAX)?
            }
            (F::Min, &[x, y]) => self.op(BinaryOp::Min, x, y)?,
            (F::Max, &[x, y]) => self.op(BinaryOp::Max, x, y)?,
            (F::Clamp, &[x, low, high]) => {
                let raised = self.op(BinaryOp::Max, x, low)?;
                self.op(BinaryOp::Min, raised, high)?
            }
            (F::CountOneBits, &[x]) => self.count_one_bits(x)?,
            (F::CountLeadingZeros, &[x]) => self.count_leading_zeros(x)?,
            (F::CountTrailingZeros, &[x]) => self.count_trailing_zeros(x)?,
            (F::FirstLeadingBit, &[x]) => self.first_leading_bit(x)?,
            (F::FirstTrailingBit, &[x]) => self.first_trailing_bit(x)?,
            (F::ReverseBits, &[x]) => self.reverse_bits(x)?,
            (F::ExtractBits, &[x, offset, count]) => self.extract_bits(x, offset, count)?,
            (F::InsertBits, &[x, bits, offset, count]) => {
                self.insert_bits(x, bits, offset, count)?
            }
            _ => return Ok(None),
        };
        Ok(Some(term))
    }
}
