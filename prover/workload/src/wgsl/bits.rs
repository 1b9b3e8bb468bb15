//! Built-in functions that count, find and move bits.
//!
//! All work on `u32` and give the bits back as the type of the argument, as WGSL defines them for both.

use crate::ir::{BinaryOp, Type};

use super::math::Words;
use super::operand::Term;
use super::refusal::Refusal;

/// Bits of a word.
const BITS: u32 = 32;

impl Words<'_, '_> {
    /// `countOneBits`: pairs of bits, then fours, then bytes are added within the word.
    pub(super) fn count_one_bits(&mut self, x: Term) -> Result<Term, Refusal> {
        let ty = x.ty();
        let x = self.cast(x, Type::U32);
        let odd = self.with(BinaryOp::Shr, x, 1)?;
        let odd = self.with(BinaryOp::And, odd, 0x5555_5555)?;
        let pairs = self.op(BinaryOp::Sub, x, odd)?;
        let low = self.with(BinaryOp::And, pairs, 0x3333_3333)?;
        let high = self.with(BinaryOp::Shr, pairs, 2)?;
        let high = self.with(BinaryOp::And, high, 0x3333_3333)?;
        let fours = self.op(BinaryOp::Add, low, high)?;
        let high = self.with(BinaryOp::Shr, fours, 4)?;
        let bytes = self.op(BinaryOp::Add, fours, high)?;
        let bytes = self.with(BinaryOp::And, bytes, 0x0f0f_0f0f)?;
        let sum = self.with(BinaryOp::Mul, bytes, 0x0101_0101)?;
        let count = self.with(BinaryOp::Shr, sum, 24)?;
        Ok(self.cast(count, ty))
    }

    /// `countLeadingZeros`: the ones of the complement of the word with every bit below its first one set.
    pub(super) fn count_leading_zeros(&mut self, x: Term) -> Result<Term, Refusal> {
        let ty = x.ty();
        let mut smeared = self.cast(x, Type::U32);
        for distance in [1, 2, 4, 8, 16] {
            let shifted = self.with(BinaryOp::Shr, smeared, distance)?;
            smeared = self.op(BinaryOp::Or, smeared, shifted)?;
        }
        let zeros = self.with(BinaryOp::Xor, smeared, u32::MAX)?;
        let count = self.count_one_bits(zeros)?;
        Ok(self.cast(count, ty))
    }

    /// `countTrailingZeros`: the ones of `~x & (x - 1)`, the bits below the lowest one.
    pub(super) fn count_trailing_zeros(&mut self, x: Term) -> Result<Term, Refusal> {
        let ty = x.ty();
        let x = self.cast(x, Type::U32);
        let complement = self.with(BinaryOp::Xor, x, u32::MAX)?;
        let less = self.with(BinaryOp::Sub, x, 1)?;
        let below = self.op(BinaryOp::And, complement, less)?;
        let count = self.count_one_bits(below)?;
        Ok(self.cast(count, ty))
    }

    /// `firstLeadingBit`: of an `i32`, the first bit that differs from the sign; -1 where there is none.
    pub(super) fn first_leading_bit(&mut self, x: Term) -> Result<Term, Refusal> {
        let ty = x.ty();
        let magnitude = match ty {
            Type::I32 => {
                let sign = self.with(BinaryOp::Shr, x, BITS - 1)?;
                self.op(BinaryOp::Xor, x, sign)?
            }
            _ => x,
        };
        let magnitude = self.cast(magnitude, Type::U32);
        let zeros = self.count_leading_zeros(magnitude)?;
        let first = self.op(BinaryOp::Sub, Term::word(BITS - 1), zeros)?;
        Ok(self.cast(first, ty))
    }

    /// `firstTrailingBit`: the lowest one, or -1 where there is none.
    pub(super) fn first_trailing_bit(&mut self, x: Term) -> Result<Term, Refusal> {
        let ty = x.ty();
        let x = self.cast(x, Type::U32);
        let zeros = self.count_trailing_zeros(x)?;
        let none = self.with(BinaryOp::Eq, x, 0)?;
        let first = self.select(none, Term::word(u32::MAX), zeros)?;
        Ok(self.cast(first, ty))
    }

    /// `reverseBits`: neighbours, then neighbouring pairs, fours, bytes and halves change places.
    pub(super) fn reverse_bits(&mut self, x: Term) -> Result<Term, Refusal> {
        let ty = x.ty();
        let mut word = self.cast(x, Type::U32);
        for (distance, mask) in [
            (1, 0x5555_5555),
            (2, 0x3333_3333),
            (4, 0x0f0f_0f0f),
            (8, 0x00ff_00ff),
        ] {
            let high = self.with(BinaryOp::Shr, word, distance)?;
            let high = self.with(BinaryOp::And, high, mask)?;
            let low = self.with(BinaryOp::And, word, mask)?;
            let low = self.with(BinaryOp::Shl, low, distance)?;
            word = self.op(BinaryOp::Or, high, low)?;
        }
        let high = self.with(BinaryOp::Shr, word, 16)?;
        let low = self.with(BinaryOp::Shl, word, 16)?;
        let word = self.op(BinaryOp::Or, high, low)?;
        Ok(self.cast(word, ty))
    }

    /// `extractBits`; of an `i32` with the sign of the bits' highest.
    pub(super) fn extract_bits(
        &mut self,
        x: Term,
        offset: Term,
        count: Term,
    ) -> Result<Term, Refusal> {
        let (offset, count) = self.bit_range(offset, count)?;
        let above = self.op(BinaryOp::Sub, Term::word(BITS), count)?;
        let left = self.op(BinaryOp::Sub, above, offset)?;
        let raised = self.op(BinaryOp::Shl, x, left)?;
        let bits = self.op(BinaryOp::Shr, raised, above)?;
        // A shift by 32 is one by 0, so an empty range is a case of its own.
        let empty = self.with(BinaryOp::Eq, count, 0)?;
        self.select(empty, Term::zero(x.ty()), bits)
    }

    /// `insertBits`.
    pub(super) fn insert_bits(
        &mut self,
        x: Term,
        bits: Term,
        offset: Term,
        count: Term,
    ) -> Result<Term, Refusal> {
        let ty = x.ty();
        let (offset, count) = self.bit_range(offset, count)?;
        let above = self.op(BinaryOp::Sub, Term::word(BITS), count)?;
        let low = self.op(BinaryOp::Shr, Term::word(u32::MAX), above)?;
        let mask = self.op(BinaryOp::Shl, low, offset)?;
        let empty = self.with(BinaryOp::Eq, count, 0)?;
        let mask = self.select(empty, Term::word(0), mask)?;
        let (x, bits) = (self.cast(x, Type::U32), self.cast(bits, Type::U32));
        let placed = self.op(BinaryOp::Shl, bits, offset)?;
        let placed = self.op(BinaryOp::And, placed, mask)?;
        let others = self.with(BinaryOp::Xor, mask, u32::MAX)?;
        let kept = self.op(BinaryOp::And, x, others)?;
        let result = self.op(BinaryOp::Or, kept, placed)?;
        Ok(self.cast(result, ty))
    }

    /// An offset and count of bits, cut to the word.
    fn bit_range(&mut self, offset: Term, count: Term) -> Result<(Term, Term), Refusal> {
        let offset = self.with(BinaryOp::Min, offset, BITS)?;
        let rest = self.op(BinaryOp::Sub, Term::word(BITS), offset)?;
        let count = self.op(BinaryOp::Min, count, rest)?;
        Ok((offset, count))
    }
}
