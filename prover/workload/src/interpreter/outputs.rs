//! Output memory of a run, which threads share.
//!
//! A word and its [`Touch`] live in one atomic. Only the toucher that the touch names as the only one ever
//! changes the value, or many do by atomics of one family and none reads it. So as long as no access is refused
//! each toucher has read nothing but initial words and its own: what it computed is what it would have
//! computed alone.

use std::sync::atomic::{AtomicU64, Ordering};

use super::arithmetic::evaluate_atomic;
use super::memory::Fault;
use super::touch::Touch;
use crate::ir::AtomicFamily;

/// The output buffers of a run.
pub(super) struct Outputs {
    buffers: Vec<Vec<AtomicU64>>,
}

/// Relaxed throughout: one word's history is all that matters, and threads meet at the end of the run.
const ORDER: Ordering = Ordering::Relaxed;

fn pack(touch: Touch, value: u32) -> u64 {
    u64::from(touch.to_bits()) << 32 | u64::from(value)
}

fn touch(packed: u64) -> Touch {
    Touch::from_bits((packed >> 32) as u32)
}

impl Outputs {
    /// Output buffers with these initial words.
    pub(super) fn new<'a>(initial: impl Iterator<Item = &'a [u32]>) -> Self {
        let cell = |&word| AtomicU64::new(pack(Touch::default(), word));
        Self {
            buffers: initial
                .map(|words| words.iter().map(cell).collect())
                .collect(),
        }
    }

    /// The words of each output buffer.
    pub(super) fn into_words(self) -> impl Iterator<Item = Vec<u32>> {
        let word = |cell: AtomicU64| cell.into_inner() as u32;
        self.buffers
            .into_iter()
            .map(move |cells| cells.into_iter().map(word).collect())
    }

    #[inline(always)]
    fn cell(&self, output: u32, index: u32) -> Result<&AtomicU64, Fault> {
        let cells = &self.buffers[output as usize];
        cells.get(index as usize).ok_or(Fault::OutOfBounds)
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
