//! Common memory for workgroups that run one after the other, each as if it were alone: what a run with a
//! race is judged by.
//!
//! An invocation sees each word as the current phase found it, or as its own writes left it where nobody else
//! wrote to the word since. At the end of a phase the writes of all are there, in the order in which they were
//! made. The first access in the canonical order that completes a race is kept; so is, in a second pass, the
//! first access that it races with.

use std::collections::HashMap;

use super::arithmetic::evaluate_atomic;
use super::code::{Array, Code};
use super::memory::{Common, CommonMemory, Fault, Origin, Word};
use super::touch::{Action, Touch};
use crate::ir::{AtomicFamily, BarrierScope};
use crate::job::Invocation;

/// An access to a word of common memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) word: Word,
    pub(super) action: Action,
    pub(super) origin: Origin,
    pub(super) group: u32,
    /// Barriers for this memory that the workgroup had passed.
    phase: u64,
}

impl Sighting {
    /// Whether two accesses of a run are a race.
    fn races_with(&self, other: &Self) -> bool {
        self.word == other.word
            && self.origin.invocation != other.origin.invocation
            && (self.phase == other.phase || self.group != other.group)
            && self.action.races_with(other.action)
    }
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Search {
    /// The access that completes a race.
    Second,
    /// The first access that races with this one.
    First(Sighting),
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) sighting: Sighting,
    /// The one workgroup that touched the word before, if it was one.
    pub(super) only_group: Option<u32>,
}

/// The common memory of a sequential run.
pub(super) struct Isolated<'a> {
    initial: Vec<&'a [u32]>,
    arrays: &'a [Array],
    /// Which workgroups touched each word of each output.
    across: Vec<Vec<Touch>>,
    /// The words that the workgroup touched.
    within: HashMap<Word, Cell>,
    group: u32,
    workgroup_phase: u64,
    storage_phase: u64,
    /// Whether accesses of the workgroup raced with each other.
    raced: bool,
    search: Search,
    found: Option<Found>,
}

/// A word that the workgroup touched.
#[derive(Clone, Copy)]
struct Cell {
    phase: u64,
    /// What invocations did in the phase.
    touch: Touch,
    /// As the phase found it.
    base: u32,
    /// With the writes of all so far.
    merged: u32,
    /// Who wrote to it last in the phase, and what that invocation made of it.
    own: Option<(Invocation, u32)>,
}

impl Cell {
    fn new(base: u32) -> Self {
        Self {
            phase: 0,
            touch: Touch::default(),
            base,
            merged: base,
            own: None,
        }
    }

    fn turn_to(&mut self, phase: u64) {
        if self.phase != phase {
            self.phase = phase;
            self.touch = Touch::default();
            self.base = self.merged;
            self.own = None;
        }
    }

    /// As an invocation sees it.
    fn seen_by(&self, invocation: Invocation) -> u32 {
        match self.own {
            Some((owner, value)) if owner == invocation => value,
            _ => self.base,
        }
    }
}

impl<'a> Isolated<'a> {
    pub(super) fn new(code: &'a Code, initial: Vec<&'a [u32]>, search: Search) -> Self {
        let across = initial
            .iter()
            .map(|words| vec![Touch::default(); words.len()])
            .collect();
        Self {
            initial,
            arrays: &code.shareds,
            across,
            within: HashMap::new(),
            group: 0,
            workgroup_phase: 0,
            storage_phase: 0,
            raced: false,
            search,
            found: None,
        }
    }

    /// What was looked for.
    pub(super) fn found(&self) -> Option<Found> {
        self.found
    }

    /// A word before the workgroup touched it.
    fn initial(&self, word: Word) -> Result<u32, Fault> {
        match word.space {
            Common::Output => {
                let words = self.initial[word.memory as usize];
                words.get(word.index as usize).copied()
            }
            Common::Shared => {
                let words = self.arrays[word.memory as usize].words;
                (word.index < words).then_some(0)
            }
        }
        .ok_or(Fault::OutOfBounds)
    }

    /// Takes note of an access. Gives the word as it was just before.
    fn access(&mut self, word: Word, action: Action, origin: Origin) -> Result<&mut Cell, Fault> {
        let initial = self.initial(word)?;
        let phase = match word.space {
            Common::Output => self.storage_phase,
            Common::Shared => self.workgroup_phase,
        };
        let sighting = Sighting {
            word,
            action,
            origin,
            group: self.group,
            phase,
        };
        let across = match word.space {
            Common::Output => self.across[word.memory as usize].get_mut(word.index as usize),
            Common::Shared => None,
        };
        let cell = self
            .within
            .entry(word)
            .or_insert_with(|| Cell::new(initial));
        cell.turn_to(phase);
        let after = cell.touch.after(origin.invocation.0, action);
        let races = match self.search {
            Search::Second => {
                self.raced |= after.is_none();
                let before = across.as_deref().copied();
                let after_across = before.map(|before| before.after(self.group, action));
                let races_across = after_across == Some(None);
                if let (Some(across), Some(Some(after))) = (across, after_across) {
                    *across = after;
                }
                (after.is_none() || races_across).then(|| match before {
                    Some(before) => before.only(),
                    None => Some(self.group),
                })
            }
            Search::First(second) => sighting.races_with(&second).then_some(None),
        };
        if let (None, Some(only_group)) = (self.found, races) {
            self.found = Some(Found {
                sighting,
                only_group,
            });
        }
        // After a race the word is whoever's accesses come: only their own view of it matters.
        cell.touch = after.unwrap_or_else(|| Touch::of(origin.invocation.0));
        Ok(cell)
    }
}

impl CommonMemory for Isolated<'_> {
    fn load(&mut self, word: Word, origin: Origin) -> Result<u32, Fault> {
        let cell = self.access(word, Action::Read, origin)?;
        Ok(cell.seen_by(origin.invocation))
    }

    fn store(&mut self, word: Word, value: u32, origin: Origin) -> Result<(), Fault> {
        let cell = self.access(word, Action::Write, origin)?;
        cell.own = Some((origin.invocation, value));
        cell.merged = value;
        Ok(())
    }

    fn update(
        &mut self,
        word: Word,
        family: AtomicFamily,
        value: u32,
        origin: Origin,
    ) -> Result<(), Fault> {
        let cell = self.access(word, Action::Update(family), origin)?;
        let own = evaluate_atomic(family, cell.seen_by(origin.invocation), value);
        cell.own = Some((origin.invocation, own));
        cell.merged = evaluate_atomic(family, cell.merged, value);
        Ok(())
    }

    fn enter(&mut self, group: u32) {
        self.group = group;
        self.within = HashMap::new();
        (self.workgroup_phase, self.storage_phase) = (0, 0);
        self.raced = false;
    }

    fn goes_on(&mut self) -> bool {
        match self.search {
            Search::Second => !self.raced,
            Search::First(_) => self.found.is_none(),
        }
    }

    fn pass(&mut self, scope: BarrierScope) {
        match scope {
            BarrierScope::Workgroup => self.workgroup_phase += 1,
            BarrierScope::Storage => self.storage_phase += 1,
        }
    }
}
