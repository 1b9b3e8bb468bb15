//! Refusals on their way to the audit log: summed up by who and why, so that a flood of them is a handful of entries.
//!
//! The audit log only grows. Were each refusal an entry, anybody could fill the disk; so they are counted for a minute and
//! written as sums, the largest first, at most [`MOST_ENTRIES`] of them and one for the rest.

use std::collections::HashMap;
use std::fmt;

use arknet_protocol::{Code, PublicKey};

use super::rate::AddressKey;

/// Entries that one minute makes at most, that of the rest not counted.
pub(super) const MOST_ENTRIES: usize = 32;
/// Pairs of party and code that are told apart within a minute. Past that they are counted together.
const MOST_PAIRS: usize = 4096;

/// Who was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// A client that showed its token.
    Client(PublicKey),
    /// Somebody at an address.
    Address(AddressKey),
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(key) => key.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// What is written to the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who was refused; `None` for all that are not listed one by one.
    pub party: Option<Party>,
    /// Why; `None` for several reasons.
    pub code: Option<Code>,
    /// How often.
    pub count: u64,
    /// What the first of them was told.
    pub detail: String,
}

/// The sums of the present minute.
#[derive(Debug, Default)]
pub struct Ledger {
    sums: HashMap<(Party, Code), (u64, String)>,
    rest: u64,
}

impl Ledger {
    /// Notes a refusal.
    pub fn note(&mut self, party: Party, code: Code, detail: &str) {
        let full = self.sums.len() >= MOST_PAIRS;
        match self.sums.get_mut(&(party, code)) {
            Some((count, _)) => *count += 1,
            None if full => self.rest += 1,
            None => {
                self.sums.insert((party, code), (1, detail.to_owned()));
            }
        }
    }

    /// What is to be written, and begins anew.
    pub fn take(&mut self) -> Vec<Entry> {
        let mut sums: Vec<_> = std::mem::take(&mut self.sums).into_iter().collect();
        sums.sort_by(|((party, code), (count, _)), ((other, why), (more, _))| {
            more.cmp(count)
                .then_with(|| party.cmp(other))
                .then_with(|| code.as_str().cmp(why.as_str()))
        });
        let unlisted = sums.split_off(sums.len().min(MOST_ENTRIES));
        let rest = unlisted
            .iter()
            .fold(std::mem::take(&mut self.rest), |sum, (_, (count, _))| {
                sum + count
            });
        let mut entries: Vec<Entry> = sums
            .into_iter()
            .map(|((party, code), (count, detail))| Entry {
                party: Some(party),
                code: Some(code),
                count,
                detail,
            })
            .collect();
        if rest > 0 {
            entries.push(Entry {
                party: None,
                code: None,
                count: rest,
                detail: format!("of {} more pairs of party and reason", unlisted.len()),
            });
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn party(number: u32) -> Party {
        Party::Address(AddressKey::of(IpAddr::V4(Ipv4Addr::from(number))))
    }

    #[test]
    fn equal_refusals_are_one_entry() {
        let mut ledger = Ledger::default();
        for _ in 0..1000 {
            ledger.note(party(1), Code::BadSignature, "first");
        }
        ledger.note(party(1), Code::Unauthorized, "other");
        let entries = ledger.take();
        assert_eq!(entries.len(), 2);
        assert_eq!(
            (entries[0].count, entries[0].code),
            (1000, Some(Code::BadSignature))
        );
        assert_eq!(entries[1].detail, "other");
        assert!(ledger.take().is_empty());
    }

    #[test]
    fn a_flood_from_everywhere_stays_small_and_nothing_is_lost_from_the_sum() {
        let mut ledger = Ledger::default();
        for number in 0..100_000 {
            ledger.note(party(number), Code::RateLimited, "");
        }
        assert_eq!(ledger.sums.len(), MOST_PAIRS);
        let entries = ledger.take();
        assert_eq!(entries.len(), MOST_ENTRIES + 1);
        let sum: u64 = entries.iter().map(|entry| entry.count).sum();
        assert_eq!(sum, 100_000);
    }
}
