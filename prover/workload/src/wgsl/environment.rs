//! The current value of every mutable scalar while a program is lowered to SSA form.
//!
//! A *slot* is one mutable scalar: a local or private variable, a part of one that is only indexed by constants,
//! a function's result, or whether a function or `switch` was left. Slots form a stack, as calls are inlined. Writes are logged, so an arm
//! of an `if` can be lowered, its changes read off, and the state before it restored.

use std::collections::BTreeMap;

use crate::ir::Type;

use super::operand::Term;

/// Index of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(pub(super) usize);

impl Slot {
    /// The slot `offset` places on.
    pub(super) fn offset(self, offset: usize) -> Self {
        Self(self.0 + offset)
    }
}

/// A point in the log of writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize);

/// The slots and the log.
#[derive(Debug, Default)]
pub(super) struct Environment {
    slots: Vec<Term>,
    /// Slots written and what they held before. Entries of slots popped since stay; they are skipped.
    log: Vec<(Slot, Term)>,
}

impl Environment {
    /// Adds a slot on top of the stack.
    pub(super) fn push(&mut self, term: Term) -> Slot {
        self.slots.push(term);
        Slot(self.slots.len() - 1)
    }

    /// The slot that [`Environment::push`] adds next.
    pub(super) fn next_slot(&self) -> Slot {
        Slot(self.slots.len())
    }

    /// Number of slots, to be given to [`Environment::pop_to`] later.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Drops the slots above the first `len`.
    pub(super) fn pop_to(&mut self, len: usize) {
        self.slots.truncate(len);
    }

    /// What a slot holds.
    pub(super) fn get(&self, slot: Slot) -> Term {
        self.slots[slot.0]
    }

    /// The type of a slot, which never changes.
    pub(super) fn type_of(&self, slot: Slot) -> Type {
        self.slots[slot.0].ty()
    }

    /// Writes a slot.
    pub(super) fn set(&mut self, slot: Slot, term: Term) {
        debug_assert_eq!(self.type_of(slot), term.ty());
        self.log.push((slot, self.slots[slot.0]));
        self.slots[slot.0] = term;
    }

    /// Writes several slots.
    pub(super) fn set_all(&mut self, changes: &BTreeMap<Slot, Term>) {
        for (&slot, &term) in changes {
            self.set(slot, term);
        }
    }

    /// The present point in the log.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.log.len())
    }

    /// Restores the state at `mark` and gives what the slots written since held last. The stack must be as
    /// high as it was at `mark`.
    pub(super) fn take_changes(&mut self, mark: Mark) -> BTreeMap<Slot, Term> {
        let mut changes = BTreeMap::new();
        for (slot, before) in self.log.drain(mark.0..).rev() {
            let Some(current) = self.slots.get_mut(slot.0) else {
                continue;
            };
            changes.entry(slot).or_insert(*current);
            *current = before;
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(bits: u32) -> Term {
        Term::Const {
            ty: Type::U32,
            bits,
        }
    }

    #[test]
    fn changes_are_the_last_writes_and_are_undone() {
        let mut environment = Environment::default();
        let a = environment.push(word(1));
        let b = environment.push(word(2));
        environment.set(a, word(3));
        let mark = environment.mark();
        environment.set(a, word(4));
        let height = environment.len();
        let callee = environment.push(word(9));
        environment.set(callee, word(10));
        environment.pop_to(height);
        environment.set(b, word(5));
        environment.set(a, word(6));
        let changes = environment.take_changes(mark);
        assert_eq!(changes, BTreeMap::from([(a, word(6)), (b, word(5))]));
        assert_eq!(environment.get(a), word(3));
        assert_eq!(environment.get(b), word(2));
    }
}
