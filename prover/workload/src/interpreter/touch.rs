//! Who touched a word of memory: the state that race detection keeps for each.
//!
//! The states form a ladder, *untouched → read by one → read by many*, *untouched → updated by one → updated by
//! many*, and *untouched or read or updated by one → used by that one*, which covers every history without a
//! race. An update is an atomic; all of many are of one family. An access for which the ladder has no rung is
//! the second half of a race. Whether there is such an access does not depend on the order of the accesses.
//!
//! Who touches is a number: that of an invocation or, where only accesses of different workgroups matter, of
//! a workgroup.

use crate::ir::AtomicFamily;

/// What an access does to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Read,
    Write,
    Update(AtomicFamily),
}

impl Action {
    /// Whether this action and another's on one word are a race if nothing orders them.
    pub(super) fn races_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Read, Self::Read) => false,
            (Self::Update(one), Self::Update(other)) => one != other,
            _ => true,
        }
    }
}

/// The history of a word so far.
///
/// The low bits are what was done, the others who did it, plus one; nobody stands for many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Touch(u32);

const KIND_BITS: u32 = 4;
const UNTOUCHED: u32 = 0;
const READ: u32 = 1;
const USED: u32 = 2;
const FIRST_UPDATE: u32 = 3;

const fn update(family: AtomicFamily) -> u32 {
    FIRST_UPDATE + family as u32
}

impl Touch {
    const UNTOUCHED: Self = Self(UNTOUCHED);
    const READ_BY_MANY: Self = Self(READ);

    /// Touchers are fewer than 2^26, so nothing is shifted out.
    #[inline(always)]
    const fn one(who: u32, kind: u32) -> Self {
        Self(((who + 1) << KIND_BITS) | kind)
    }

    /// Used by this one alone.
    pub(super) fn of(who: u32) -> Self {
        Self::one(who, USED)
    }

    /// The bits, to be stored.
    pub(super) fn to_bits(self) -> u32 {
        self.0
    }

    /// What [`Self::to_bits`] gave.
    pub(super) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The one who touched the word, if it was one.
    pub(super) fn only(self) -> Option<u32> {
        (self.0 >> KIND_BITS).checked_sub(1)
    }

    /// Whether anybody touched the word, and nobody but `who`.
    #[inline(always)]
    fn is_only(self, who: u32) -> bool {
        self.0 >> KIND_BITS == who + 1
    }

    /// The history after a load; `None` if it races.
    #[inline(always)]
    pub(super) fn read(self, who: u32) -> Option<Self> {
        let used = Self::one(who, USED);
        let read = Self::one(who, READ);
        if self == used || self == read || self == Self::READ_BY_MANY {
            Some(self)
        } else if self == Self::UNTOUCHED {
            Some(read)
        } else if self.is_only(who) {
            Some(used)
        } else if self.0 & ((1 << KIND_BITS) - 1) == READ {
            Some(Self::READ_BY_MANY)
        } else {
            None
        }
    }

    /// The history after a store; `None` if it races.
    #[inline(always)]
    pub(super) fn write(self, who: u32) -> Option<Self> {
        (self == Self::UNTOUCHED || self.is_only(who)).then_some(Self::one(who, USED))
    }

    /// The history after an atomic; `None` if it races.
    #[inline(always)]
    pub(super) fn update(self, who: u32, family: AtomicFamily) -> Option<Self> {
        let by_one = Self::one(who, update(family));
        let by_many = Self(update(family));
        if self == by_one || self == by_many {
            Some(self)
        } else if self == Self::UNTOUCHED {
            Some(by_one)
        } else if self.is_only(who) {
            Some(Self::one(who, USED))
        } else if self.0 & ((1 << KIND_BITS) - 1) == update(family) {
            Some(by_many)
        } else {
            None
        }
    }

    /// The history after an access; `None` if it races.
    #[inline(always)]
    pub(super) fn after(self, who: u32, action: Action) -> Option<Self> {
        match action {
            Action::Read => self.read(who),
            Action::Write => self.write(who),
            Action::Update(family) => self.update(who, family),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Dispatch;

    /// The definition: some two accesses of different touchers race.
    fn races(accesses: &[(u32, Action)]) -> bool {
        accesses.iter().any(|&(one, action)| {
            accesses
                .iter()
                .any(|&(other, another)| one != other && action.races_with(another))
        })
    }

    #[test]
    fn the_ladder_refuses_exactly_the_racy_histories() {
        let actions = [
            Action::Read,
            Action::Write,
            Action::Update(AtomicFamily::Add),
            Action::Update(AtomicFamily::Xor),
        ];
        let last = Dispatch::MAX_INVOCATIONS as u32 - 1;
        let choices: Vec<_> = [0, 1, last]
            .into_iter()
            .flat_map(|who| actions.map(|action| (who, action)))
            .collect();
        for code in 0..12usize.pow(5) {
            let history: Vec<_> = (0..5)
                .map(|at| choices[code / 12usize.pow(at) % 12])
                .collect();
            let end = history
                .iter()
                .try_fold(Touch::default(), |touch, &(who, action)| {
                    touch.after(who, action)
                });
            assert_eq!(end.is_none(), races(&history), "{history:?}");
        }
    }

    #[test]
    fn all_families_are_told_apart() {
        let families = [
            AtomicFamily::Add,
            AtomicFamily::MinU,
            AtomicFamily::MinI,
            AtomicFamily::MaxU,
            AtomicFamily::MaxI,
            AtomicFamily::And,
            AtomicFamily::Or,
            AtomicFamily::Xor,
        ];
        for one in families {
            for other in families {
                let touch = Touch::default().update(3, one).unwrap();
                assert_eq!(touch.update(4, other).is_some(), one == other);
            }
        }
    }

    #[test]
    fn the_only_one_to_touch_a_word_is_known() {
        let (a, b) = (7, 8);
        let one = Touch::default().read(a);
        assert_eq!(one.and_then(Touch::only), Some(a));
        assert_eq!(one.and_then(|t| t.write(a)).and_then(Touch::only), Some(a));
        assert_eq!(one.and_then(|t| t.read(b)).and_then(Touch::only), None);
        assert_eq!(Touch::default().only(), None);
    }
}
