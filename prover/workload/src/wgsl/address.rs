//! Addresses in memory: which word an index stands for, and whether it is in bounds.
//!
//! An access traps where its word is past the end of the memory. An index into an array that is not the whole
//! memory, or whose elements are longer than a word, could leave its array without that, or wrap around; so it
//! is compared with the array's length, and where it is too large the access is sent past the end of any memory.

use crate::ir::{BinaryOp, Length, MemoryId, Space, Span, Type};

use super::lowering::Lowering;
use super::operand::{Address, Place, Term};
use super::refusal::Refusal;
use super::shape::{Layout, Shape};

impl Lowering<'_> {
    /// The part of a place in memory at an index.
    pub(super) fn memory_part(
        &mut self,
        memory: MemoryId,
        layout: Layout,
        shape: &Shape,
        mut address: Address,
        index: Term,
        span: Span,
    ) -> Result<Place, Refusal> {
        if let Some(part) = index.constant().and_then(|at| shape.part(at, layout))
            && let Some(offset) = address.offset.checked_add(part.word)
            && offset.checked_add(part.shape.words(layout)).is_some()
        {
            address.offset = offset;
            return Ok(Place::Memory {
                memory,
                layout,
                shape: part.shape,
                address,
            });
        }
        let (element, stride) = shape
            .element(layout)
            .ok_or_else(|| Refusal::internal("no such member", span))?;
        let index = self.cast(index, Type::U32, span);
        let whole = stride == 1
            && address.offset == 0
            && address.base.is_none()
            && address.guard.is_none()
            && shape
                .parts()
                .is_none_or(|len| self.words_of(memory) == Some(len));
        if !whole {
            // Of a run-time sized array, the memory's end decides once the word's number cannot wrap around.
            let past_end = u32::MAX - address.offset - element.words(layout);
            let len = shape.parts().unwrap_or(past_end / stride.max(1));
            let inside = self.binary(BinaryOp::Lt, index, Term::word(len), span)?;
            address.guard = Some(match address.guard {
                None => inside,
                Some(guard) => self.binary(BinaryOp::And, guard, inside, span)?,
            });
        }
        let scaled = match stride {
            1 => index,
            _ => self.binary(BinaryOp::Mul, index, Term::word(stride), span)?,
        };
        address.base = Some(match address.base {
            None => scaled,
            Some(base) => self.binary(BinaryOp::Add, base, scaled, span)?,
        });
        Ok(Place::Memory {
            memory,
            layout,
            shape: element,
            address,
        })
    }

    /// The words of a memory, where they are known.
    fn words_of(&self, memory: MemoryId) -> Option<u32> {
        match &self.program.memory(memory).space {
            Space::Input { length, .. } | Space::Output { length, .. } => match length {
                Length::Words(words) => Some(*words),
                Length::Runtime => None,
            },
            Space::Private { words } | Space::Shared { words } => Some(*words),
            Space::Constant { words } => u32::try_from(words.len()).ok(),
        }
    }

    /// The type and index of each leaf at an address, ready for an access to all of them.
    pub(super) fn leaf_indices(
        &mut self,
        layout: Layout,
        shape: &Shape,
        address: Address,
        span: Span,
    ) -> Result<Vec<(Type, Term)>, Refusal> {
        if shape.is_runtime_sized() {
            return Err(Refusal::internal("a run-time sized value", span));
        }
        self.charge(shape.leaves(), span)?;
        let (base, offset) = match address.guard {
            None => (address.base, address.offset),
            Some(guard) => {
                let first = self.offset(address.base, address.offset, span)?;
                // No memory has so many words that this and what follows it are inside.
                let outside = Term::word(0u32.wrapping_sub(shape.words(layout).max(1)));
                (Some(self.select(guard, first, outside, span)), 0)
            }
        };
        shape
            .leaf_words(layout)
            .into_iter()
            .map(|(ty, word)| Ok((ty, self.offset(base, offset + word, span)?)))
            .collect()
    }

    fn offset(&mut self, base: Option<Term>, words: u32, span: Span) -> Result<Term, Refusal> {
        match (base, words) {
            (None, words) => Ok(Term::word(words)),
            (Some(base), 0) => Ok(base),
            (Some(base), words) => self.binary(BinaryOp::Add, base, Term::word(words), span),
        }
    }
}
