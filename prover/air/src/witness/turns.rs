//! Words that change hands at barriers, as one workgroup uses them.
//!
//! What a word is in a phase (one invocation's, anybody's to read, anybody's to update) is known when the phase is over.
//! Until then its accesses wait, and then their entries get the states that they found.

use arknet_workload::ir::{AtomicFamily, BinaryOp, Type};
use rustc_hash::FxHashMap;

use super::log::entry;
use super::usage::Touch;
use crate::fixed::WordState;
use crate::lower::party;

/// What an access does to a word.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    Load,
    Store(u32),
    Update {
        family: AtomicFamily,
        op: BinaryOp,
        ty: Type,
        operand: u32,
    },
}

/// Where an access's entry is: the block, by position in the machine's order, and the place in its log.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntryPlace {
    pub(super) position: usize,
    pub(super) offset: usize,
}

/// An access of the present phase.
struct Waiting {
    invocation: u32,
    deed: Deed,
    time: u32,
    /// Nowhere, where nothing is logged.
    place: Option<EntryPlace>,
}

/// Two invocations meet on a word in a phase who must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Raced;

/// A word of a workgroup.
pub(super) struct Word {
    value: u32,
    touch: Touch,
    /// The state after all phases that are over.
    party: u32,
    order: u32,
    phase: u32,
    /// The phase of the accesses that wait.
    waiting_phase: u32,
    waiting: Vec<Waiting>,
    /// The first access of all.
    first: Option<EntryPlace>,
}

/// The words of a workgroup, by memory table and index.
pub(super) type GroupWords = FxHashMap<(usize, u32), Word>;

impl Word {
    pub(super) fn new(value: u32) -> Self {
        Self {
            value,
            touch: Touch::default(),
            party: 0,
            order: 0,
            phase: 0,
            waiting_phase: 0,
            waiting: Vec::new(),
            first: None,
        }
    }

    /// Does an access in a phase, counted from 1, and returns the word that it finds.
    pub(super) fn access(
        &mut self,
        deed: Deed,
        invocation: u32,
        [phase, time]: [u32; 2],
        place: Option<EntryPlace>,
        logs: &mut [Vec<u32>],
    ) -> Result<u32, Raced> {
        if self.waiting_phase != phase {
            self.end_phase(logs)?;
            self.waiting_phase = phase;
        }
        let before = self.value;
        match deed {
            Deed::Load => self.touch.loaded = true,
            Deed::Store(value) => {
                self.touch.stored = true;
                self.value = value;
            }
            Deed::Update {
                family,
                op,
                ty,
                operand,
            } => {
                self.touch.update(family);
                self.value = arknet_workload::interpreter::evaluate_binary(op, ty, before, operand);
            }
        }
        self.waiting.push(Waiting {
            invocation,
            deed,
            time,
            place,
        });
        Ok(before)
    }

    /// Decides whose the word was in the phase that is over and completes the entries of its accesses.
    fn end_phase(&mut self, logs: &mut [Vec<u32>]) -> Result<(), Raced> {
        let waiting = std::mem::take(&mut self.waiting);
        let Some(first) = waiting.first() else {
            return Ok(());
        };
        let many = members(&first.deed).filter(|&code| {
            waiting
                .iter()
                .all(|access| members(&access.deed) == Some(code))
        });
        let alone = waiting
            .iter()
            .all(|access| access.invocation == first.invocation);
        let party = match many {
            Some(code) => code,
            None if alone => party::owner(first.invocation),
            None => return Err(Raced),
        };
        for (count, access) in (0..).zip(&waiting) {
            if let Some(EntryPlace { position, offset }) = access.place {
                if self.phase == 0 {
                    self.first = access.place;
                }
                let found = &mut logs[position][offset..];
                found[entry::ORDER] = self.order;
                found[entry::OWN] = u32::from(many.is_none());
                found[entry::CHANGES] = u32::from(count == 0);
                found[entry::PARTY] = self.party;
                found[entry::PHASE] = self.phase;
            }
            self.order = if many.is_some() { count } else { access.time };
            (self.party, self.phase) = (party, self.waiting_phase);
        }
        Ok(())
    }

    /// Ends the last phase and returns what becomes of the word and what was done to it.
    pub(super) fn end(
        mut self,
        home: u32,
        logs: &mut [Vec<u32>],
    ) -> Result<(WordState, Touch), Raced> {
        self.end_phase(logs)?;
        if let (Some(EntryPlace { position, offset }), true) = (self.first, home > 0) {
            // The first state of a buffer's word has the party of the last.
            logs[position][offset + entry::PARTY] = self.party;
        }
        let state = WordState {
            party: self.party,
            written: self.touch.is_written(),
            value: self.value,
            order: self.order,
            phase: self.phase,
            home,
            ..WordState::default()
        };
        Ok((state, self.touch))
    }
}

/// The party of many that an access may belong to.
fn members(deed: &Deed) -> Option<u32> {
    match deed {
        Deed::Load => Some(party::READERS),
        Deed::Store(_) => None,
        Deed::Update { family, .. } => Some(party::updaters(*family)),
    }
}
