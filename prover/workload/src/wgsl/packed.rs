//! Built-in functions on four bytes in a word.

use naga::MathFunction;

use crate::ir::{BinaryOp, Span, Type};

use super::lowering::Lowering;
use super::math::Words;
use super::operand::{Composite, Term};
use super::refusal::Refusal;

/// The bits that each byte is shifted by.
const SHIFTS: [u32; 4] = [0, 8, 16, 24];

impl Lowering<'_> {
    /// A function on packed bytes; `None` for any other function.
    pub(super) fn packed(
        &mut self,
        function: MathFunction,
        first: &Composite,
        second: Option<&Composite>,
        span: Span,
    ) -> Result<Option<Composite>, Refusal> {
        use MathFunction as F;
        let mut words = self.words(span);
        let operands = (first.as_scalar(), second.and_then(Composite::as_scalar));
        match (function, operands) {
            (F::Unpack4xU8 | F::Unpack4xI8, (Some(word), None)) => {
                let ty = match function {
                    F::Unpack4xU8 => Type::U32,
                    _ => Type::I32,
                };
                Ok(Composite::scalar_or_vector(
                    words.unpack(word, ty)?.to_vec(),
                ))
            }
            (F::Pack4xU8 | F::Pack4xI8, _) => {
                words.pack(&first.terms).map(Composite::scalar).map(Some)
            }
            (F::Pack4xU8Clamp | F::Pack4xI8Clamp, _) => {
                let mut bytes = Vec::with_capacity(SHIFTS.len());
                for &term in first.terms.iter() {
                    let byte = if function == F::Pack4xU8Clamp {
                        words.with(BinaryOp::Min, term, 255)?
                    } else {
                        let raised = words.with(BinaryOp::Max, term, (-128i32).cast_unsigned())?;
                        words.with(BinaryOp::Min, raised, 127)?
                    };
                    bytes.push(byte);
                }
                words.pack(&bytes).map(Composite::scalar).map(Some)
            }
            (F::Dot4U8Packed | F::Dot4I8Packed, (Some(left), Some(right))) => {
                let ty = match function {
                    F::Dot4U8Packed => Type::U32,
                    _ => Type::I32,
                };
                let mut sum = Term::zero(ty);
                let (left, right) = (words.unpack(left, ty)?, words.unpack(right, ty)?);
                for (left, right) in left.into_iter().zip(right) {
                    let product = words.op(BinaryOp::Mul, left, right)?;
                    sum = match sum.constant() {
                        Some(0) => product,
                        _ => words.op(BinaryOp::Add, sum, product)?,
                    };
                }
                Ok(Some(Composite::scalar(sum)))
            }
            _ => Ok(None),
        }
    }
}

impl Words<'_, '_> {
    /// The bytes of a word, the lowest first: zero-extended to a `u32`, sign-extended to an `i32`.
    fn unpack(&mut self, word: Term, ty: Type) -> Result<[Term; 4], Refusal> {
        let word = self.cast(word, ty);
        let mut bytes = [word; 4];
        for (byte, shift) in bytes.iter_mut().zip(SHIFTS) {
            *byte = match ty {
                Type::I32 => {
                    let raised = self.with(BinaryOp::Shl, word, 24 - shift)?;
                    self.with(BinaryOp::Shr, raised, 24)?
                }
                _ => {
                    let lowered = self.with(BinaryOp::Shr, word, shift)?;
                    self.with(BinaryOp::And, lowered, 255)?
                }
            };
        }
        Ok(bytes)
    }

    /// The low bytes of four words in one, the first lowest.
    fn pack(&mut self, words: &[Term]) -> Result<Term, Refusal> {
        let mut packed = Term::word(0);
        for (&word, shift) in words.iter().zip(SHIFTS) {
            let word = self.cast(word, Type::U32);
            let byte = self.with(BinaryOp::And, word, 255)?;
            let placed = self.with(BinaryOp::Shl, byte, shift)?;
            packed = match packed.constant() {
                Some(0) => placed,
                _ => self.op(BinaryOp::Or, packed, placed)?,
            };
        }
        Ok(packed)
    }
}
