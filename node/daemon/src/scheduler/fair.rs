//! Which client is served next: deficit round robin by time on devices.
//!
//! Each client has an account of milliseconds. A round gives every waiting client the same quantum; who has credit is
//! served, and pays for what its job took. How long a job takes is known only after it, so what is expected is paid in
//! advance and settled at the end; an account may go below zero, and is then passed over for as many rounds. A client
//! that has nothing to do saves nothing up, and one that comes back has the debts it left with. Where nobody waits,
//! nobody is hurt, and debts are forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// Shares of clients `C`.
#[derive(Clone, Debug)]
pub struct FairShare<C> {
    quantum: i64,
    accounts: BTreeMap<C, i64>,
    last: Option<C>,
}

impl<C: Copy + Ord> FairShare<C> {
    /// Rounds of `quantum` milliseconds, at least one.
    pub fn new(quantum: u32) -> Self {
        Self {
            quantum: i64::from(quantum.max(1)),
            accounts: BTreeMap::new(),
            last: None,
        }
    }

    /// The client to serve next, of those that wait.
    pub fn next(&mut self, waiting: &BTreeSet<C>) -> Option<C> {
        // Credit is for those who wait.
        self.accounts
            .retain(|client, balance| *balance < 0 || waiting.contains(client));
        let richest = waiting.iter().map(|client| self.balance(client)).max()?;
        if richest <= 0 {
            // All the rounds at once until one of them has credit.
            let rounds = -(richest / self.quantum) + 1;
            for client in waiting {
                let balance = self.accounts.entry(*client).or_insert(0);
                *balance = balance
                    .saturating_add(rounds.saturating_mul(self.quantum))
                    .min(self.quantum);
            }
        }
        let has_credit = |client: &&C| self.balance(client) > 0;
        let next = match &self.last {
            Some(last) => waiting
                .range((Bound::Included(*last), Bound::Unbounded))
                .find(has_credit)
                .or_else(|| waiting.iter().find(has_credit)),
            None => waiting.iter().find(has_credit),
        };
        self.last = next.copied();
        self.last
    }

    /// Takes milliseconds from a client's account, or gives some back.
    pub fn charge(&mut self, client: C, millis: i64) {
        let balance = self.accounts.entry(client).or_insert(0);
        *balance = balance.saturating_sub(millis);
    }

    /// What a client's account holds.
    pub fn balance(&self, client: &C) -> i64 {
        self.accounts.get(client).copied().unwrap_or(0)
    }

    /// Forgets everything: nobody waits.
    pub fn forget(&mut self) {
        self.accounts.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nobody_waits_and_one_waits() {
        let mut share = FairShare::<u8>::new(100);
        assert_eq!(share.next(&BTreeSet::new()), None);
        let one = BTreeSet::from([7]);
        share.charge(7, 1_000_000);
        assert_eq!(share.next(&one), Some(7));
    }

    #[test]
    fn who_comes_back_has_its_debts_and_no_savings() {
        let mut share = FairShare::<u8>::new(100);
        let (one, both) = (BTreeSet::from([1]), BTreeSet::from([1, 2]));
        assert_eq!(share.next(&both), Some(1));
        share.charge(1, 5_000);
        assert_eq!(share.next(&BTreeSet::from([2])), Some(2));
        // 1 went away and came back: 2 is still first for a while.
        for _ in 0..40 {
            assert_eq!(share.next(&both), Some(2));
            share.charge(2, 100);
        }
        let mut share = FairShare::<u8>::new(100);
        for _ in 0..1000 {
            assert_eq!(share.next(&one), Some(1));
            share.charge(1, 100);
        }
        // 2 was away all the time, which gives it no more than a turn.
        let mut in_a_row = 0;
        while share.next(&both) == Some(2) {
            share.charge(2, 100);
            in_a_row += 1;
        }
        assert!(in_a_row <= 2, "{in_a_row}");
    }

    #[test]
    fn a_quiet_node_forgets() {
        let mut share = FairShare::<u16>::new(10);
        for client in 0..1000 {
            share.next(&BTreeSet::from([client]));
            share.charge(client, 1000);
        }
        assert_eq!(share.next(&BTreeSet::new()), None);
        assert_eq!(share.balance(&999), -990);
        share.forget();
        assert!(share.accounts.is_empty());
    }

    proptest! {
        /// Clients that always wait get the same time, whatever their jobs take, but for a job and a round.
        #[test]
        fn time_is_shared(costs in prop::collection::vec((0u8..6, 1i64..20_000), 200..600), quantum in 1u32..5_000) {
            let waiting: BTreeSet<u8> = (0..4).collect();
            let mut share = FairShare::new(quantum);
            let mut served = [0i64; 4];
            for (kind, cost) in costs {
                let client = share.next(&waiting).expect("they wait");
                // One of them has only long jobs.
                let cost = if client == 0 { 20_000 } else { cost + i64::from(kind) };
                // What was expected is settled with what it was.
                share.charge(client, 500);
                share.charge(client, cost - 500);
                served[usize::from(client)] += cost;
            }
            let (most, least) = (served.iter().max(), served.iter().min());
            let apart = most.zip(least).map_or(0, |(most, least)| most - least);
            prop_assert!(apart <= 2 * (20_005 + i64::from(quantum)), "{served:?}");
        }
    }
}
