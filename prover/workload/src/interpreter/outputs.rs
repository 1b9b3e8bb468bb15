//! Output memory of a run, which threads share.
//!
//! A word and its [`Touch`] live in one atomic. Only the toucher that the touch names as the only one ever
//! changes the value, or many do by atomics of one family and none reads it. So as long as no access is refused
//! each toucher has read nothing but initial words and its own: what it computed is what it would have
//! computed alone.

use std::collections::TryReserveError;
use std::sync::atomic::{AtomicU64, Ordering};

use super::arithmetic::evaluate_atomic;
use super::memory::Fault;
use super::touch::Touch;
use crate::ir::AtomicFamily;

/// The output buffers of a run.
///
/// A buffer lies in pieces, so that each can be given back to the system as soon as its words are copied: the
/// result and the words it is made from are not there twice.
pub(super) struct Outputs {
    buffers: Vec<Vec<Vec<AtomicU64>>>,
}

/// `log2` of a piece's words: 64 MiB, which allocators get from the system, and give back, one by one.
const LOG_PIECE: u32 = 23;
const PIECE: usize = 1 << LOG_PIECE;

/// Relaxed throughout: one word's history is all that matters, and threads meet at the end of the run.
const ORDER: Ordering = Ordering::Relaxed;

fn pack(touch: Touch, value: u32) -> u64 {
    u64::from(touch.to_bits()) << 32 | u64::from(value)
}

fn touch(packed: u64) -> Touch {
    Touch::from_bits((packed >> 32) as u32)
}

impl Outputs {
    /// Output buffers with these initial words, or an error where the system has not the memory.
    pub(super) fn new<'a>(
        initial: impl Iterator<Item = &'a [u32]>,
    ) -> Result<Self, TryReserveError> {
        let piece = |words: &[u32]| {
            let mut cells = Vec::new();
            cells.try_reserve_exact(words.len())?;
            let cell = |&word| AtomicU64::new(pack(Touch::default(), word));
            cells.extend(words.iter().map(cell));
            Ok::<_, TryReserveError>(cells)
        };
        let buffers = initial
            .map(|words| words.chunks(PIECE).map(piece).collect())
            .collect::<Result<_, TryReserveError>>()?;
        Ok(Self { buffers })
    }

    /// Bytes of a buffer of this many words.
    pub(super) fn bytes(words: usize) -> u64 {
        size_of::<AtomicU64>() as u64 * words as u64
    }

    /// Bytes that [`Self::into_words`] takes on top for such a buffer before it gives any back.
    pub(super) fn bytes_to_hand_over(words: usize) -> u64 {
        size_of::<u32>() as u64 * words.min(PIECE) as u64
    }

    /// The words of each output buffer, or an error where the system has not the memory.
    pub(super) fn into_words(self) -> impl Iterator<Item = Result<Vec<u32>, TryReserveError>> {
        self.buffers.into_iter().map(|pieces| {
            let mut words = Vec::new();
            words.try_reserve_exact(pieces.iter().map(Vec::len).sum())?;
            for cells in pieces {
                words.extend(cells.into_iter().map(|cell| cell.into_inner() as u32));
            }
            Ok(words)
        })
    }

    #[inline(always)]
    fn cell(&self, output: u32, index: u32) -> Result<&AtomicU64, Fault> {
        let pieces = &self.buffers[output as usize];
        pieces
            .get((index >> LOG_PIECE) as usize)
            .and_then(|cells| cells.get(index as usize % PIECE))
            .ok_or(Fault::OutOfBounds)
    }

    #[inline]
    pub(super) fn load(&self, output: u32, index: u32, who: u32) -> Result<u32, Fault> {
        let cell = self.cell(output, index)?;
        let mut seen = cell.load(ORDER);
        // Another thread can move the touch on twice at most, so this ends.
        loop {
            let before = touch(seen);
            let after = before.read(who).ok_or(Fault::Conflict)?;
            let value = seen as u32;
            if after == before {
                return Ok(value);
            }
            match cell.compare_exchange(seen, pack(after, value), ORDER, ORDER) {
                Ok(_) => return Ok(value),
                Err(now) => seen = now,
            }
        }
    }

    #[inline]
    pub(super) fn store(&self, output: u32, index: u32, value: u32, who: u32) -> Result<(), Fault> {
        let cell = self.cell(output, index)?;
        let mut seen = cell.load(ORDER);
        loop {
            let before = touch(seen);
            let after = before.write(who).ok_or(Fault::Conflict)?;
            if after == before {
                // Others are refused from here on, so nothing can come in between.
                cell.store(pack(after, value), ORDER);
                return Ok(());
            }
            match cell.compare_exchange(seen, pack(after, value), ORDER, ORDER) {
                Ok(_) => return Ok(()),
                Err(now) => seen = now,
            }
        }
    }

    #[inline]
    pub(super) fn update(
        &self,
        output: u32,
        index: u32,
        family: AtomicFamily,
        value: u32,
        who: u32,
    ) -> Result<(), Fault> {
        let cell = self.cell(output, index)?;
        let mut seen = cell.load(ORDER);
        // Each failure is another thread's success.
        loop {
            let after = touch(seen).update(who, family).ok_or(Fault::Conflict)?;
            let new = pack(after, evaluate_atomic(family, seen as u32, value));
            match cell.compare_exchange_weak(seen, new, ORDER, ORDER) {
                Ok(_) => return Ok(()),
                Err(now) => seen = now,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_of_several_pieces_are_one() {
        let last = PIECE as u32 + 1;
        let initial: Vec<u32> = (0..=last).collect();
        let outputs = Outputs::new([&initial[..], &[]].into_iter()).unwrap();
        for index in [0, last - 2, last - 1, last] {
            assert_eq!(outputs.load(0, index, 0).unwrap(), index);
        }
        outputs.store(0, last - 2, 7, 1).unwrap_err();
        outputs.store(0, last, 8, 0).unwrap();
        outputs.store(0, 5, 9, 3).unwrap();
        for (output, index) in [(0, last + 1), (0, u32::MAX), (1, 0)] {
            let fault = outputs.load(output, index, 0).unwrap_err();
            assert!(matches!(fault, Fault::OutOfBounds), "{fault:?}");
        }
        let mut expected = initial;
        (expected[last as usize], expected[5]) = (8, 9);
        let words: Vec<Vec<u32>> = outputs.into_words().map(Result::unwrap).collect();
        assert!(words == [expected, vec![]]);
    }
}
