//! Output memory that invocations on several threads share.
//!
//! A word and its [`Touch`] live in one atomic. Only the invocation that the touch names as the writer ever
//! changes the value, so as long as no access is refused each invocation has read nothing but initial words
//! and its own: what it computed is what it would have computed alone.

use std::sync::atomic::{AtomicU64, Ordering};

use super::machine::{Fault, Outputs};
use super::touch::Touch;
use crate::job::Invocation;

/// The output buffers of a run.
pub(super) struct Shared {
    outputs: Vec<Vec<AtomicU64>>,
}

/// Relaxed throughout: one word's history is all that matters, and threads meet at the end of the run.
const ORDER: Ordering = Ordering::Relaxed;

fn pack(touch: Touch, value: u32) -> u64 {
    u64::from(touch.to_bits()) << 32 | u64::from(value)
}

fn touch(packed: u64) -> Touch {
    Touch::from_bits((packed >> 32) as u32)
}

impl Shared {
    /// Output buffers with these initial words.
    pub(super) fn new<'a>(initial: impl Iterator<Item = &'a [u32]>) -> Self {
        let cell = |&word| AtomicU64::new(pack(Touch::default(), word));
        Self {
            outputs: initial
                .map(|words| words.iter().map(cell).collect())
                .collect(),
        }
    }

    /// The words of each output buffer.
    pub(super) fn into_words(self) -> impl Iterator<Item = Vec<u32>> {
        let word = |cell: AtomicU64| cell.into_inner() as u32;
        self.outputs
            .into_iter()
            .map(move |cells| cells.into_iter().map(word).collect())
    }
}

impl Outputs for &Shared {
    #[inline]
    fn load(
        &mut self,
        output: u32,
        index: u32,
        invocation: Invocation,
        _op: usize,
    ) -> Result<u32, Fault> {
        let cells = &self.outputs[output as usize];
        let cell = cells.get(index as usize).ok_or(Fault::OutOfBounds)?;
        let mut seen = cell.load(ORDER);
        // Another thread can move the touch on twice at most, so this ends.
        loop {
            let before = touch(seen);
            let after = before.read(invocation).ok_or(Fault::Conflict)?;
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
    fn store(
        &mut self,
        output: u32,
        index: u32,
        value: u32,
        invocation: Invocation,
        _op: usize,
    ) -> Result<(), Fault> {
        let cells = &self.outputs[output as usize];
        let cell = cells.get(index as usize).ok_or(Fault::OutOfBounds)?;
        let mut seen = cell.load(ORDER);
        loop {
            let before = touch(seen);
            let after = before.write(invocation).ok_or(Fault::Conflict)?;
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
}
