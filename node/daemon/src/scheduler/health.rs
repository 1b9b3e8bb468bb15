//! When a device gets no more jobs, and when it gets them again.
//!
//! A device that fails several times in a row is drained: it would fail the next job too, and each costs a client time.
//! It is tried again with a job of the node's own, at first soon and then ever more rarely; one that succeeds brings it
//! back. A device that the operator has drained stays so until the operator brings it back.

/// Between two trials there are at most so many times the first pause.
const SLOWEST: u64 = 32;

/// Whether a device gets jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Failures in a row that drain it.
    limit: u64,
    /// Milliseconds after which a drained device is first tried.
    rest: u64,
    failures: u64,
    drained: Option<Drained>,
}

/// Why a device gets no jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drained {
    /// For people.
    pub reason: String,
    /// When it is tried next, in milliseconds since 1970; never, where the operator drained it.
    probe_at: Option<u64>,
    probes: u32,
}

impl Health {
    /// A device that has failed so often in a row; `limit` failures drain it, for `rest` milliseconds at first. None is
    /// drained by fewer than one failure.
    pub fn new(limit: u64, rest: u64, failures: u64) -> Self {
        Self {
            limit: limit.max(1),
            rest: rest.max(1),
            failures,
            drained: None,
        }
    }

    /// Why it gets no jobs, where it gets none.
    pub fn drained(&self) -> Option<&Drained> {
        self.drained.as_ref()
    }

    /// Failures since it last did what it should.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// Takes in how an attempt ended that the device is to blame or to thank for. Gives the reason where that drains it.
    pub fn report(&mut self, failure: Option<&str>, now: u64) -> Option<String> {
        let Some(failure) = failure else {
            self.failures = 0;
            return None;
        };
        self.failures = self.failures.saturating_add(1);
        if self.drained.is_some() || self.failures < self.limit {
            return None;
        }
        let reason = format!("{} failures in a row, the last: {failure}", self.failures);
        self.drain(reason.clone(), now);
        Some(reason)
    }

    /// Drains it, to be tried again.
    pub fn drain(&mut self, reason: String, now: u64) {
        self.drained = Some(Drained {
            reason,
            probe_at: Some(now.saturating_add(self.rest)),
            probes: 0,
        });
    }

    /// Drains it until the operator brings it back.
    pub fn hold(&mut self, reason: String) {
        self.drained = Some(Drained {
            reason,
            probe_at: None,
            probes: 0,
        });
    }

    /// Gives it jobs again.
    pub fn restore(&mut self) {
        self.failures = 0;
        self.drained = None;
    }

    /// Whether it is to be tried now.
    pub fn wants_probe(&self, now: u64) -> bool {
        let at = self.drained.as_ref().and_then(|drained| drained.probe_at);
        at.is_some_and(|at| at <= now)
    }

    /// Takes in how a trial ended. Gives whether it is back.
    pub fn probed(&mut self, succeeded: bool, now: u64) -> bool {
        let Some(drained) = &mut self.drained else {
            return false;
        };
        if succeeded {
            self.restore();
            return true;
        }
        drained.probes = drained.probes.saturating_add(1);
        let factor = 1u64.checked_shl(drained.probes).unwrap_or(u64::MAX);
        let pause = self.rest.saturating_mul(factor.min(SLOWEST));
        drained.probe_at = drained.probe_at.map(|_| now.saturating_add(pause));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_in_a_row_drain_and_a_trial_brings_back() {
        let mut health = Health::new(3, 30_000, 0);
        assert_eq!(health.report(Some("lost"), 0), None);
        assert_eq!(health.report(Some("lost"), 0), None);
        assert_eq!(health.report(None, 0), None);
        assert_eq!(health.report(Some("lost"), 0), None);
        assert_eq!(health.report(Some("lost"), 0), None);
        let reason = health.report(Some("wrong"), 1000).unwrap();
        assert_eq!(reason, "3 failures in a row, the last: wrong");
        // Said once.
        assert_eq!(health.report(Some("wrong"), 1000), None);
        assert!(!health.wants_probe(30_999));
        assert!(health.wants_probe(31_000));
        assert!(health.probed(true, 31_000));
        assert_eq!((health.drained(), health.failures()), (None, 0));
    }

    #[test]
    fn trials_become_rarer_and_never_stop() {
        let mut health = Health::new(1, 1000, 0);
        health.report(Some("lost"), 0);
        let mut now = 0;
        let mut trials = 0;
        while now < 100 * SLOWEST * 1000 {
            now += 500;
            if health.wants_probe(now) {
                trials += 1;
                assert!(!health.probed(false, now));
            }
        }
        assert!((98..=110).contains(&trials), "{trials}");
    }

    #[test]
    fn what_the_operator_drains_is_not_tried() {
        let mut health = Health::new(3, 1000, 2);
        health.hold("maintenance".to_owned());
        assert!(!health.wants_probe(u64::MAX));
        assert!(!health.probed(false, 0));
        assert!(!health.wants_probe(u64::MAX));
        health.restore();
        assert_eq!(health.drained(), None);
    }
}
