//! Runs the invocations of a workgroup one after the other, from barrier to barrier.
//!
//! Barriers stand in uniform control flow, so all invocations come to the same one, or all to their end. What an
//! invocation needs again after the barrier is put aside while the others catch up.

use super::code::Code;
use super::machine::{Halt, Machine, Point, Stop};
use super::memory::CommonMemory;
use crate::job::Invocation;

impl Machine<'_> {
    /// Words put aside for each invocation: its carried registers and its steps.
    pub(super) fn kept_words(code: &Code) -> usize {
        if code.barriers.any() {
            code.carried.len() + 1
        } else {
            0
        }
    }

    /// Runs an invocation of a kernel without barriers; gives its steps.
    pub(super) fn run_alone(
        &mut self,
        invocation: Invocation,
        memory: &mut impl CommonMemory,
    ) -> Result<u32, Stop> {
        match self.start(invocation, 0, memory)? {
            Halt::End { steps } => Ok(steps),
            Halt::Barrier { .. } => unreachable!("the kernel has no barrier"),
        }
    }

    /// Runs a workgroup; gives the most steps of its invocations.
    pub(super) fn run_group(
        &mut self,
        group: u32,
        memory: &mut impl CommonMemory,
    ) -> Result<u32, Stop> {
        let size = self.job.dispatch().group_invocations();
        let first = group * size;
        memory.enter(group);
        let mut most = 0;
        if !self.code.barriers.any() {
            for invocation in (first..first + size).map(Invocation) {
                most = most.max(self.run_alone(invocation, memory)?);
            }
            return Ok(most);
        }
        let mut at = None;
        loop {
            let mut barrier = None;
            for (slot, invocation) in (first..first + size).map(Invocation).enumerate() {
                let halt = match at {
                    None => self.start(invocation, slot, memory)?,
                    Some(at) => {
                        let steps = self.resume(slot);
                        self.account(self.code.carried.len() as u64, invocation)?;
                        self.go_on(invocation, slot, Point { at, steps }, memory)?
                    }
                };
                match halt {
                    Halt::End { steps } => most = most.max(steps),
                    Halt::Barrier { scope, next } => {
                        debug_assert!(barrier.is_none_or(|other| other == (scope, next.at)));
                        self.put_aside(slot, next.steps);
                        barrier = Some((scope, next.at));
                    }
                }
            }
            match barrier {
                Some((scope, next)) if memory.goes_on() => {
                    memory.pass(scope);
                    at = Some(next);
                }
                _ => return Ok(most),
            }
        }
    }

    fn put_aside(&mut self, slot: usize, steps: u32) {
        let kept = Self::kept_words(self.code);
        let waiting = &mut self.waiting[slot * kept..][..kept];
        waiting[0] = steps;
        for (word, &register) in waiting[1..].iter_mut().zip(&self.code.carried) {
            *word = self.registers[register as usize];
        }
    }

    /// Takes back what was put aside; gives the steps.
    fn resume(&mut self, slot: usize) -> u32 {
        let kept = Self::kept_words(self.code);
        let waiting = &self.waiting[slot * kept..][..kept];
        for (&word, &register) in waiting[1..].iter().zip(&self.code.carried) {
            self.registers[register as usize] = word;
        }
        waiting[0]
    }
}
