//! How a client behaves, as one number that fades.
//!
//! Each kind of trespass is counted in an exponentially weighted sum with one half-life: what happened a half-life ago counts
//! half. The score weighs the kinds and scales them by the share of trespasses among all that the client did, so that a busy
//! client is not judged by its size. The share never scales below [`LEAST_SHARE`]: good calls do not buy the right to attack.

use std::time::Duration;

use crate::store::UnixMillis;

/// Good calls excuse at most this much of a score.
const LEAST_SHARE: f64 = 0.2;
/// A client with less than this many calls in memory is judged as if it had made them, all good: the first mistakes of a new
/// client are no pattern.
const BENEFIT: f64 = 4.0;

/// What counts against a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trespass {
    /// A call that was refused for what it says.
    Rejected,
    /// A call over the client's rate or quota.
    OverRate,
    /// A request whose signature does not hold.
    BadSignature,
    /// A nonce that was used, or a request that is no longer valid.
    Replayed,
    /// A job that its client cancelled while a device worked on it.
    Cancelled,
    /// A job that declared far more than it used, and so kept others from what it did not need.
    Overdeclared,
}

impl Trespass {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Rejected,
        Self::OverRate,
        Self::BadSignature,
        Self::Replayed,
        Self::Cancelled,
        Self::Overdeclared,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected calls",
            Self::OverRate => "calls over a rate or quota",
            Self::BadSignature => "signatures that do not hold",
            Self::Replayed => "replayed or stale requests",
            Self::Cancelled => "jobs cancelled at work",
            Self::Overdeclared => "jobs that declare far more than they use",
        }
    }

    const fn weight(self) -> f64 {
        match self {
            Self::Rejected | Self::Cancelled => 1.0,
            Self::OverRate => 0.5,
            Self::BadSignature | Self::Replayed => 3.0,
            Self::Overdeclared => 0.25,
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// How a client is treated because of its conduct.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As configured.
    #[default]
    Good,
    /// Slowed down.
    Throttled,
    /// Not let in.
    Quarantined,
}

/// When a score has consequences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// The score from which a client is throttled. It is again well below half of it.
    pub throttle: f64,
    /// The score from which a client is quarantined.
    pub quarantine: f64,
    /// After this time a trespass counts half.
    pub half_life: Duration,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            throttle: 20.0,
            quarantine: 80.0,
            half_life: Duration::from_secs(600),
        }
    }
}

/// What is remembered of one client.
#[derive(Clone, Debug, Default)]
pub struct Conduct {
    good: f64,
    bad: [f64; Trespass::ALL.len()],
    at: UnixMillis,
    level: Level,
}

impl Conduct {
    /// The level so far.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Takes the level that was decided elsewhere, such as by the operator, and forgets what was held against the client
    /// where it is let off.
    pub fn set_level(&mut self, level: Level) {
        if level < self.level {
            self.bad = Default::default();
        }
        self.level = level;
    }

    /// Lets what is remembered fade until `now`. A clock that went back changes nothing.
    fn fade(&mut self, now: UnixMillis, thresholds: &Thresholds) {
        let half_lives = now.since(self.at) as f64 / thresholds.half_life.as_millis().max(1) as f64;
        let factor = 0.5_f64.powf(half_lives);
        self.good *= factor;
        self.bad.iter_mut().for_each(|count| *count *= factor);
        self.at = self.at.max(now);
    }

    /// Something that a client is expected to do was done.
    pub fn good(&mut self, now: UnixMillis, thresholds: &Thresholds) {
        self.fade(now, thresholds);
        self.good += 1.0;
    }

    /// Something counts against the client. Gives the new level where it changes.
    pub fn trespass(
        &mut self,
        now: UnixMillis,
        what: Trespass,
        thresholds: &Thresholds,
    ) -> Option<Level> {
        self.fade(now, thresholds);
        self.bad[what.index()] += 1.0;
        self.judge(thresholds)
    }

    /// Lets time pass. Gives the new level where it changes.
    pub fn pass(&mut self, now: UnixMillis, thresholds: &Thresholds) -> Option<Level> {
        self.fade(now, thresholds);
        self.judge(thresholds)
    }

    fn judge(&mut self, thresholds: &Thresholds) -> Option<Level> {
        let score = self.score();
        let level = match self.level {
            _ if score >= thresholds.quarantine => Level::Quarantined,
            // A quarantine ends by its term or by the operator, not by silence.
            Level::Quarantined => Level::Quarantined,
            _ if score >= thresholds.throttle => Level::Throttled,
            // Between half and whole a client stays where it is, so that it does not flutter.
            Level::Throttled if score >= thresholds.throttle / 2.0 => Level::Throttled,
            _ => Level::Good,
        };
        let changed = level != self.level;
        self.level = level;
        changed.then_some(level)
    }

    /// The score.
    pub fn score(&self) -> f64 {
        let bad: f64 = self.bad.iter().sum();
        let weighted: f64 = Trespass::ALL
            .iter()
            .map(|what| what.weight() * self.bad[what.index()])
            .sum();
        weighted * (bad / (bad + self.good + BENEFIT)).max(LEAST_SHARE)
    }

    /// How much of each kind is remembered, the most first, without what has faded.
    pub fn counts(&self) -> Vec<(Trespass, f64)> {
        let mut counts: Vec<(Trespass, f64)> = Trespass::ALL
            .iter()
            .map(|what| (*what, self.bad[what.index()]))
            .filter(|(_, count)| *count >= 0.1)
            .collect();
        counts.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        counts
    }

    /// Why the score is what it is, in a sentence for the client and the operator.
    pub fn explanation(&self, thresholds: &Thresholds) -> String {
        let counts: Vec<String> = self
            .counts()
            .into_iter()
            .map(|(what, count)| format!("{count:.1} {}", what.as_str()))
            .collect();
        format!(
            "score {:.1} (slowed down from {}, quarantined from {}) for {}, each counting half after {} seconds",
            self.score(),
            thresholds.throttle,
            thresholds.quarantine,
            if counts.is_empty() {
                "nothing recent".to_owned()
            } else {
                counts.join(", ")
            },
            thresholds.half_life.as_secs(),
        )
    }

    /// Whether there is nothing left to remember.
    pub fn is_forgotten(&self) -> bool {
        self.level == Level::Good && self.good + self.bad.iter().sum::<f64>() < 0.01
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn thresholds() -> Thresholds {
        Thresholds::default()
    }

    #[test]
    fn bad_signatures_throttle_and_then_quarantine() {
        let mut conduct = Conduct::default();
        let mut levels = Vec::new();
        for at in 0..60 {
            let changed = conduct.trespass(UnixMillis(at), Trespass::BadSignature, &thresholds());
            levels.extend(changed.map(|level| (at, level)));
        }
        let expected = [(9, Level::Throttled), (30, Level::Quarantined)];
        assert_eq!(levels, expected);
        assert!(
            conduct
                .explanation(&thresholds())
                .contains("60.0 signatures")
        );
    }

    #[test]
    fn a_busy_client_with_few_mistakes_is_left_alone() {
        let mut conduct = Conduct::default();
        for at in 0..2_000 {
            let now = UnixMillis(at * 100);
            match at % 50 {
                0 => assert_eq!(
                    conduct.trespass(now, Trespass::Rejected, &thresholds()),
                    None
                ),
                _ => conduct.good(now, &thresholds()),
            }
        }
    }

    #[test]
    fn good_calls_do_not_buy_attacks() {
        let mut conduct = Conduct::default();
        for _ in 0..1_000_000 {
            conduct.good(UnixMillis(1), &thresholds());
        }
        for _ in 0..200 {
            conduct.trespass(UnixMillis(1), Trespass::BadSignature, &thresholds());
        }
        assert_eq!(conduct.level(), Level::Quarantined);
    }

    #[test]
    fn a_throttled_client_is_let_off_after_a_while_and_a_quarantined_one_is_not() {
        let mut throttled = Conduct::default();
        for _ in 0..10 {
            throttled.trespass(UnixMillis(0), Trespass::Replayed, &thresholds());
        }
        assert_eq!(throttled.level(), Level::Throttled);
        // At three quarters of the threshold it stays where it is.
        assert_eq!(throttled.pass(UnixMillis(200_000), &thresholds()), None);
        assert_eq!(
            throttled.pass(UnixMillis(1_800_000), &thresholds()),
            Some(Level::Good)
        );

        let mut quarantined = Conduct::default();
        quarantined.set_level(Level::Quarantined);
        assert_eq!(quarantined.pass(UnixMillis(i64::MAX), &thresholds()), None);
        quarantined.set_level(Level::Good);
        assert_eq!(quarantined.score(), 0.0);
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Good,
        Bad(usize),
        Wait(i64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            Just(Step::Good),
            (0..Trespass::ALL.len()).prop_map(Step::Bad),
            (-10_000_i64..10_000_000).prop_map(Step::Wait),
        ];
        prop::collection::vec(step, 0..200)
    }

    proptest! {
        #[test]
        fn scores_are_sane(steps in steps()) {
            let thresholds = thresholds();
            let mut conduct = Conduct::default();
            let mut now = 0_i64;
            for step in steps {
                let (before, level) = (conduct.score(), conduct.level());
                match step {
                    Step::Good => {
                        conduct.good(UnixMillis(now), &thresholds);
                        prop_assert!(conduct.score() <= before);
                    }
                    Step::Bad(index) => {
                        conduct.trespass(UnixMillis(now), Trespass::ALL[index], &thresholds);
                    }
                    Step::Wait(millis) => {
                        now += millis;
                        conduct.pass(UnixMillis(now), &thresholds);
                        // Time alone never makes it worse.
                        prop_assert!(conduct.score() <= before && conduct.level() <= level);
                    }
                }
                prop_assert!(conduct.score().is_finite() && conduct.score() >= 0.0);
                prop_assert!(conduct.score() < thresholds.quarantine || conduct.level() == Level::Quarantined);
            }
        }

        #[test]
        fn every_trespass_counts(index in 0..Trespass::ALL.len(), count in 1_usize..50) {
            let mut conduct = Conduct::default();
            for _ in 0..count {
                let before = conduct.score();
                conduct.trespass(UnixMillis(5), Trespass::ALL[index], &thresholds());
                prop_assert!(conduct.score() > before);
            }
        }
    }
}
