//! Who touched a word of output memory: the state that race detection keeps for each.
//!
//! The states form a ladder, *untouched → read by one → read by many* and *untouched or read by one → written
//! by that one*, which covers every history without a race. An access for which the ladder has no rung is the
//! second half of a race. Whether there is such an access does not depend on the order of the accesses.

use crate::job::Invocation;

/// The history of a word so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Touch(u32);

impl Touch {
    const UNTOUCHED: Self = Self(0);
    const MANY_READERS: Self = Self(1);

    /// Read by this invocation alone. Invocations are fewer than 2^26, so nothing is shifted out.
    fn reader(invocation: Invocation) -> Self {
        Self(((invocation.0 + 1) << 2) | 2)
    }

    /// Written, and perhaps read, by this invocation alone.
    pub(super) fn writer(invocation: Invocation) -> Self {
        Self(((invocation.0 + 1) << 2) | 3)
    }

    /// The bits, to be stored.
    pub(super) fn to_bits(self) -> u32 {
        self.0
    }

    /// What [`Self::to_bits`] gave.
    pub(super) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The one invocation that touched the word, if it was one.
    pub(super) fn only(self) -> Option<Invocation> {
        (self.0 >> 2).checked_sub(1).map(Invocation)
    }

    /// The history after a load; `None` if it meets another's store.
    #[inline(always)]
    pub(super) fn read(self, invocation: Invocation) -> Option<Self> {
        if self == Self::UNTOUCHED {
            Some(Self::reader(invocation))
        } else if self == Self::writer(invocation)
            || self == Self::reader(invocation)
            || self == Self::MANY_READERS
        {
            Some(self)
        } else if self.0 & 3 == 2 {
            Some(Self::MANY_READERS)
        } else {
            None
        }
    }

    /// The history after a store; `None` if it meets another's access.
    #[inline(always)]
    pub(super) fn write(self, invocation: Invocation) -> Option<Self> {
        let writer = Self::writer(invocation);
        let alone = self == writer || self == Self::UNTOUCHED || self == Self::reader(invocation);
        alone.then_some(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Access, Dispatch};

    /// The definition: two invocations touched the word, and one of them wrote.
    fn races(accesses: &[(Invocation, Access)]) -> bool {
        accesses.iter().any(|&(writer, access)| {
            access == Access::Write && accesses.iter().any(|&(other, _)| other != writer)
        })
    }

    #[test]
    fn the_ladder_refuses_exactly_the_racy_histories() {
        let last = Invocation(Dispatch::MAX_INVOCATIONS as u32 - 1);
        let choices: Vec<_> = [Invocation(0), Invocation(1), last]
            .into_iter()
            .flat_map(|invocation| [(invocation, Access::Read), (invocation, Access::Write)])
            .collect();
        for code in 0..6usize.pow(5) {
            let history: Vec<_> = (0..5)
                .map(|at| choices[code / 6usize.pow(at) % 6])
                .collect();
            let end = history
                .iter()
                .try_fold(
                    Touch::default(),
                    |touch, &(invocation, access)| match access {
                        Access::Read => touch.read(invocation),
                        Access::Write => touch.write(invocation),
                    },
                );
            assert_eq!(end.is_none(), races(&history), "{history:?}");
        }
    }

    #[test]
    fn the_only_one_to_touch_a_word_is_known() {
        let (a, b) = (Invocation(7), Invocation(8));
        let one = Touch::default().read(a);
        assert_eq!(one.and_then(Touch::only), Some(a));
        assert_eq!(one.and_then(|t| t.write(a)).and_then(Touch::only), Some(a));
        assert_eq!(one.and_then(|t| t.read(b)).and_then(Touch::only), None);
        assert_eq!(Touch::default().only(), None);
    }
}
