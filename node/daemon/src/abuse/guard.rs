//! Rates, scores and the ledger together: what a call is asked on its way in, and what is remembered of it.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arknet_protocol::{Code, Problem, PublicKey};

use super::conduct::{Conduct, Level, Thresholds, Trespass};
use super::ledger::{Entry, Ledger, Party};
use super::rate::{AddressKey, Limiter, Rate};
use crate::store::{ClientRecord, Standing, UnixMillis};

/// A call without a valid token costs its address this much more than one with.
const PRICE_OF_A_STRANGER: NonZeroU32 = NonZeroU32::new(4).expect("it is four");

/// What is asked of callers.
#[derive(Clone, Copy, Debug)]
pub struct GuardSettings {
    /// Calls of one address.
    pub address: Rate,
    /// Calls of one client.
    pub client: Rate,
    /// When conduct has consequences.
    pub thresholds: Thresholds,
    /// How long a quarantine lasts that the node itself decides on.
    pub quarantine: Duration,
}

/// A level that changed, to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub client: PublicKey,
    /// The new standing.
    pub standing: Standing,
    /// Why.
    pub reason: String,
    /// Until when, where it ends by itself.
    pub until: Option<UnixMillis>,
}

/// A client with something against it, for the operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// The client.
    pub client: PublicKey,
    /// Its score.
    pub score: f64,
    /// What is remembered, the most first.
    pub counts: Vec<(Trespass, f64)>,
    /// The same as a sentence.
    pub explanation: String,
}

#[derive(Debug, Default)]
struct Remembered {
    conduct: Conduct,
    quarantined_until: Option<UnixMillis>,
}

/// Rates, scores and the ledger.
pub struct Guard {
    settings: GuardSettings,
    addresses: Limiter<AddressKey>,
    clients: Limiter<PublicKey>,
    throttled: Limiter<PublicKey>,
    /// Only clients that showed a token are here, so it cannot grow past the tokens that there are.
    conduct: Mutex<HashMap<PublicKey, Remembered>>,
    ledger: Mutex<Ledger>,
}

impl Guard {
    /// A guard that knows nobody.
    pub fn new(settings: GuardSettings) -> Self {
        Self {
            settings,
            addresses: Limiter::new(settings.address),
            clients: Limiter::new(settings.client),
            throttled: Limiter::new(settings.client.tenth()),
            conduct: Mutex::default(),
            ledger: Mutex::default(),
        }
    }

    fn conduct(&self) -> MutexGuard<'_, HashMap<PublicKey, Remembered>> {
        self.conduct.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a call of `address` in, before anything else is looked at.
    pub fn admit_address(&self, address: AddressKey) -> Result<(), Box<Problem>> {
        self.addresses.take(&address).map_err(|seconds| {
            let Rate { per_second, burst } = self.settings.address;
            wait(
                Code::RateLimited,
                seconds,
                format!("this address may make {per_second} calls a second, and {burst} at once; try again in {seconds} s"),
            )
        })
    }

    /// Lets a call of `client` in, whose token was good.
    pub fn admit_client(
        &self,
        client: PublicKey,
        record: &ClientRecord,
        now: UnixMillis,
    ) -> Result<(), Box<Problem>> {
        let slow = record.standing_at(now) != Standing::Good;
        let (limiter, code) = match slow {
            true => (&self.throttled, Code::Throttled),
            false => (&self.clients, Code::RateLimited),
        };
        limiter.take(&client).map_err(|seconds| {
            let detail = match slow {
                true => format!("this client is {}: {}; try again in {seconds} s", record.standing, record.reason),
                false => {
                    let Rate { per_second, burst } = self.settings.client;
                    format!("this client may make {per_second} calls a second, and {burst} at once; try again in {seconds} s")
                }
            };
            wait(code, seconds, detail)
        })
    }

    /// Notes that a call was refused. Gives what changes because of it.
    pub fn refused(&self, party: Party, problem: &Problem, now: UnixMillis) -> Option<Change> {
        if !is_of_interest(problem.code) {
            return None;
        }
        self.ledger().note(party, problem.code, &problem.detail);
        match party {
            Party::Client(client) => self.trespass(client, trespass(problem.code)?, now),
            Party::Address(address) => {
                if problem.code == Code::Unauthorized {
                    self.addresses.charge(&address, PRICE_OF_A_STRANGER);
                }
                None
            }
        }
    }

    /// Notes something that counts against a client. Gives what changes because of it.
    pub fn trespass(&self, client: PublicKey, what: Trespass, now: UnixMillis) -> Option<Change> {
        let mut all = self.conduct();
        let remembered = all.entry(client).or_default();
        let level = remembered
            .conduct
            .trespass(now, what, &self.settings.thresholds)?;
        Some(self.change(client, remembered, level, now))
    }

    /// Notes something that a client is expected to do.
    pub fn good(&self, client: PublicKey, now: UnixMillis) {
        let mut all = self.conduct();
        let remembered = all.entry(client).or_default();
        remembered.conduct.good(now, &self.settings.thresholds);
    }

    /// Takes over a standing that was decided elsewhere: by the operator, or before the node was started.
    pub fn set_standing(&self, client: PublicKey, standing: Standing, until: Option<UnixMillis>) {
        let mut all = self.conduct();
        let remembered = all.entry(client).or_default();
        remembered.quarantined_until = until;
        remembered.conduct.set_level(match standing {
            Standing::Good => Level::Good,
            Standing::Throttled => Level::Throttled,
            Standing::Quarantined => Level::Quarantined,
        });
    }

    /// Lets time pass: what is past fades, quarantines end, idle keys are forgotten. Gives what changes.
    pub fn pass(&self, now: UnixMillis) -> Vec<Change> {
        self.addresses.forget_idle();
        self.clients.forget_idle();
        self.throttled.forget_idle();
        let mut changes = Vec::new();
        let mut all = self.conduct();
        for (client, remembered) in all.iter_mut() {
            if remembered
                .quarantined_until
                .is_some_and(|until| until <= now)
            {
                remembered.quarantined_until = None;
                remembered.conduct.set_level(Level::Good);
            }
            if let Some(level) = remembered.conduct.pass(now, &self.settings.thresholds) {
                changes.push(self.change(*client, remembered, level, now));
            }
        }
        all.retain(|_, remembered| !remembered.conduct.is_forgotten());
        changes
    }

    fn change(
        &self,
        client: PublicKey,
        remembered: &mut Remembered,
        level: Level,
        now: UnixMillis,
    ) -> Change {
        let explanation = remembered.conduct.explanation(&self.settings.thresholds);
        let term = i64::try_from(self.settings.quarantine.as_millis()).unwrap_or(i64::MAX);
        let (standing, until) = match level {
            Level::Good => (Standing::Good, None),
            Level::Throttled => (Standing::Throttled, None),
            Level::Quarantined => (Standing::Quarantined, Some(now.plus(term))),
        };
        remembered.quarantined_until = until;
        Change {
            client,
            standing,
            reason: explanation,
            until,
        }
    }

    /// The clients with something against them, the worst first.
    pub fn suspects(&self, now: UnixMillis) -> Vec<Suspect> {
        let mut suspects: Vec<Suspect> = self
            .conduct()
            .iter()
            .map(|(client, remembered)| {
                let mut conduct = remembered.conduct.clone();
                conduct.pass(now, &self.settings.thresholds);
                Suspect {
                    client: *client,
                    score: conduct.score(),
                    counts: conduct.counts(),
                    explanation: conduct.explanation(&self.settings.thresholds),
                }
            })
            .filter(|suspect| suspect.score >= 0.1)
            .collect();
        suspects.sort_by(|a, b| b.score.total_cmp(&a.score));
        suspects
    }

    /// What is to be written to the audit log, and begins anew.
    pub fn take_ledger(&self) -> Vec<Entry> {
        self.ledger().take()
    }
}

fn wait(code: Code, seconds: u64, detail: String) -> Box<Problem> {
    Box::new(Problem {
        retry_after: Some(seconds.max(1)),
        ..Problem::new(code, detail)
    })
}

/// Whether the audit log is to know of it. What happens to those who do nothing wrong is left out.
fn is_of_interest(code: Code) -> bool {
    code.status() < 500
        && !matches!(
            code,
            Code::NotReady | Code::WrongState | Code::WrongOffset | Code::MissingBlobs
        )
}

/// What a refusal counts as, where it counts against the client.
fn trespass(code: Code) -> Option<Trespass> {
    Some(match code {
        Code::BadSignature => Trespass::BadSignature,
        Code::NonceUsed | Code::RequestExpired | Code::NotYetValid => Trespass::Replayed,
        Code::RateLimited | Code::Throttled | Code::QuotaExceeded => Trespass::OverRate,
        Code::BadRequest
        | Code::InvalidRequest
        | Code::WrongScope
        | Code::WrongClient
        | Code::WrongAudience
        | Code::TooLarge
        | Code::UnsupportedMediaType
        | Code::DigestMismatch
        | Code::OverNodeLimit
        | Code::RequestTimeout => Trespass::Rejected,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use arknet_protocol::KeyPair;

    use super::*;

    fn guard() -> Guard {
        let rate = |per_second, burst| Rate {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        };
        Guard::new(GuardSettings {
            address: rate(1, 10),
            client: rate(1, 20),
            thresholds: Thresholds::default(),
            quarantine: Duration::from_secs(3600),
        })
    }

    fn key(seed: u8) -> PublicKey {
        KeyPair::from_seed([seed; 32]).unwrap().public()
    }

    const NOW: UnixMillis = UnixMillis(1_000_000);

    #[test]
    fn strangers_use_up_their_address_faster() {
        let guard = guard();
        let address = AddressKey::of(IpAddr::V4(Ipv4Addr::LOCALHOST));
        for _ in 0..2 {
            guard.admit_address(address).unwrap();
            let problem = Problem::new(Code::Unauthorized, "no token");
            assert_eq!(guard.refused(Party::Address(address), &problem, NOW), None);
        }
        let problem = guard.admit_address(address).unwrap_err();
        assert_eq!(
            (problem.code, problem.retry_after),
            (Code::RateLimited, Some(1))
        );
    }

    #[test]
    fn a_throttled_client_has_a_tenth_and_is_told_why() {
        let guard = guard();
        let record = ClientRecord {
            standing: Standing::Throttled,
            reason: "score 21".to_owned(),
            ..ClientRecord::default()
        };
        guard.admit_client(key(1), &record, NOW).unwrap();
        guard.admit_client(key(1), &record, NOW).unwrap();
        let problem = guard.admit_client(key(1), &record, NOW).unwrap_err();
        assert_eq!(problem.code, Code::Throttled);
        assert!(problem.detail.contains("score 21"), "{}", problem.detail);
        // Another one is not slowed down.
        for _ in 0..20 {
            guard
                .admit_client(key(2), &ClientRecord::default(), NOW)
                .unwrap();
        }
        let problem = guard
            .admit_client(key(2), &ClientRecord::default(), NOW)
            .unwrap_err();
        assert_eq!(problem.code, Code::RateLimited);
    }

    #[test]
    fn a_quarantine_has_a_reason_and_a_term() {
        let guard = guard();
        let problem = Problem::new(Code::BadSignature, "the signature does not hold");
        let mut changes = Vec::new();
        for _ in 0..31 {
            changes.extend(guard.refused(Party::Client(key(1)), &problem, NOW));
        }
        let standings: Vec<Standing> = changes.iter().map(|change| change.standing).collect();
        assert_eq!(standings, [Standing::Throttled, Standing::Quarantined]);
        assert_eq!(changes[1].until, Some(NOW.plus(3_600_000)));
        assert!(
            changes[1].reason.contains("signatures that do not hold"),
            "{}",
            changes[1].reason
        );
        assert_eq!(guard.suspects(NOW)[0].client, key(1));

        // Refusals of others' calls do not count against it, and the end of the term is no change to be written.
        assert_eq!(guard.pass(NOW.plus(3_599_999)), []);
        assert_eq!(guard.pass(NOW.plus(3_600_000)), []);
        assert_eq!(guard.suspects(NOW.plus(3_600_000)), []);
        assert_eq!(guard.take_ledger().len(), 1);
    }

    #[test]
    fn what_happens_to_honest_clients_is_not_held_against_them() {
        let guard = guard();
        for code in [
            Code::NotReady,
            Code::MissingBlobs,
            Code::Unavailable,
            Code::Internal,
            Code::NotFound,
        ] {
            for _ in 0..200 {
                let problem = Problem::new(code, "");
                assert_eq!(
                    guard.refused(Party::Client(key(1)), &problem, NOW),
                    None,
                    "{code}"
                );
            }
        }
        assert_eq!(guard.suspects(NOW), []);
    }
}
