//! Common memory of a run in which nothing has raced yet: every access works on the words themselves.
//!
//! An access that meets another's is refused, which ends the run; see [`race`](super::race). Until then every
//! invocation has seen what the start of the phase and its own accesses left.

use std::collections::HashMap;

use super::arithmetic::evaluate_atomic;
use super::code::{Array, Code};
use super::memory::{Common, CommonMemory, Fault, Origin, Word};
use super::outputs::Outputs;
use super::touch::{Action, Touch};
use crate::ir::{AtomicFamily, BarrierScope};

/// What one thread sees.
pub(super) struct Direct<'a> {
    outputs: &'a Outputs,
    arrays: &'a [Array],
    /// The words of all shared arrays.
    shared: Vec<SharedWord>,
    /// Workgroup barriers that the workgroup has passed.
    phase: u64,
    group: u32,
    /// Where there are storage barriers, what invocations of this workgroup did to output words since the last
    /// one. The outputs then know which workgroup touched a word; else they know which invocation.
    within: Option<HashMap<(u32, u32), Touch>>,
}

#[derive(Clone, Copy, Default)]
struct SharedWord {
    value: u32,
    /// What happened in `phase`.
    touch: Touch,
    phase: u64,
}

impl<'a> Direct<'a> {
    pub(super) fn new(code: &'a Code, outputs: &'a Outputs) -> Self {
        Self {
            outputs,
            arrays: &code.shareds,
            shared: vec![SharedWord::default(); Array::total(&code.shareds)],
            phase: 0,
            group: 0,
            within: code.barriers.storage.then(HashMap::new),
        }
    }

    /// Bytes of what one thread keeps of shared memory.
    pub(super) fn bytes(code: &Code) -> usize {
        size_of::<SharedWord>() * Array::total(&code.shareds)
    }

    /// Who touches an output word.
    #[inline(always)]
    fn toucher(&self, origin: Origin) -> u32 {
        match self.within {
            Some(_) => self.group,
            None => origin.invocation.0,
        }
    }

    /// Checks an access to an output word against those of the same workgroup, where they are kept apart.
    #[inline(always)]
    fn check_within(&mut self, word: Word, action: Action, origin: Origin) -> Result<(), Fault> {
        if let Some(within) = &mut self.within {
            let touch = within.entry((word.memory, word.index)).or_default();
            let after = touch.after(origin.invocation.0, action);
            *touch = after.ok_or(Fault::Conflict)?;
        }
        Ok(())
    }

    fn forget_within(&mut self) {
        match &mut self.within {
            // Clearing takes as long as the most there ever was in it.
            Some(within) if within.len() < within.capacity() / 16 => *within = HashMap::new(),
            Some(within) => within.clear(),
            None => {}
        }
    }

    /// A shared word after the checks of an access.
    #[inline(always)]
    fn shared_word(
        &mut self,
        word: Word,
        action: Action,
        origin: Origin,
    ) -> Result<&mut u32, Fault> {
        let range = self.arrays[word.memory as usize].range(0);
        let found = self.shared[range].get_mut(word.index as usize);
        let found = found.ok_or(Fault::OutOfBounds)?;
        if found.phase != self.phase {
            found.phase = self.phase;
            found.touch = Touch::default();
        }
        let after = found.touch.after(origin.invocation.0, action);
        found.touch = after.ok_or(Fault::Conflict)?;
        Ok(&mut found.value)
    }
}

impl CommonMemory for Direct<'_> {
    #[inline(always)]
    fn load(&mut self, word: Word, origin: Origin) -> Result<u32, Fault> {
        match word.space {
            Common::Output => {
                let who = self.toucher(origin);
                let value = self.outputs.load(word.memory, word.index, who)?;
                self.check_within(word, Action::Read, origin)?;
                Ok(value)
            }
            Common::Shared => self
                .shared_word(word, Action::Read, origin)
                .map(|value| *value),
        }
    }

    #[inline(always)]
    fn store(&mut self, word: Word, value: u32, origin: Origin) -> Result<(), Fault> {
        match word.space {
            Common::Output => {
                let who = self.toucher(origin);
                self.outputs.store(word.memory, word.index, value, who)?;
                self.check_within(word, Action::Write, origin)
            }
            Common::Shared => {
                *self.shared_word(word, Action::Write, origin)? = value;
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn update(
        &mut self,
        word: Word,
        family: AtomicFamily,
        value: u32,
        origin: Origin,
    ) -> Result<(), Fault> {
        let action = Action::Update(family);
        match word.space {
            Common::Output => {
                let who = self.toucher(origin);
                self.outputs
                    .update(word.memory, word.index, family, value, who)?;
                self.check_within(word, action, origin)
            }
            Common::Shared => {
                let word = self.shared_word(word, action, origin)?;
                *word = evaluate_atomic(family, *word, value);
                Ok(())
            }
        }
    }

    fn enter(&mut self, group: u32) {
        self.group = group;
        self.phase = 0;
        self.shared.fill(SharedWord::default());
        self.forget_within();
    }

    fn goes_on(&mut self) -> bool {
        true
    }

    fn pass(&mut self, scope: BarrierScope) {
        match scope {
            BarrierScope::Workgroup => self.phase += 1,
            BarrierScope::Storage => self.forget_within(),
        }
    }
}
