//! Pauses between attempts: each about twice as long as the one before, and no two clients alike.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::error::ClientError;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(15);
/// Whoever is told to come back later than this is told so, and not kept waiting.
const LONGEST_ASKED_FOR: Duration = Duration::from_secs(60);

/// The failures in a row so far.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    failures: u32,
    allowed: u32,
}

impl Backoff {
    /// Gives up at the failure after `allowed` of them.
    pub(crate) fn new(allowed: u32) -> Self {
        Self {
            failures: 0,
            allowed,
        }
    }

    /// Something got through.
    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Waits before the next attempt, or returns the error where there should be none.
    pub(crate) async fn wait(&mut self, error: ClientError) -> Result<(), ClientError> {
        let pause = self.next(error)?;
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// How long to wait before the next attempt.
    fn next(&mut self, error: ClientError) -> Result<Duration, ClientError> {
        let asked = error.retry_after().unwrap_or_default();
        if !error.is_transient() || self.failures >= self.allowed || asked > LONGEST_ASKED_FOR {
            return Err(error);
        }
        let pause = self.pause(random());
        self.failures += 1;
        Ok(pause.max(asked))
    }

    /// Between half and all of the present bound.
    fn pause(&self, random: u64) -> Duration {
        let bound = FIRST
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST);
        bound / 2 + (bound / 2).mul_f64(random as f64 / u64::MAX as f64)
    }
}

/// Any number: the standard library seeds its hashers from the system's randomness.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

#[cfg(test)]
mod tests {
    use arknet_protocol::{Code, Problem};

    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let mut backoff = Backoff::new(10);
        assert_eq!(backoff.pause(0), FIRST / 2);
        assert_eq!(backoff.pause(u64::MAX), FIRST);
        backoff.failures = 2;
        assert_eq!(backoff.pause(u64::MAX), 4 * FIRST);
        backoff.failures = u32::MAX;
        assert_eq!(backoff.pause(u64::MAX), LONGEST);
    }

    #[test]
    fn there_is_an_end() {
        let broken = || ClientError::Broken {
            what: "it".to_owned(),
            reason: "gone".to_owned(),
        };
        let mut backoff = Backoff::new(2);
        backoff.next(broken()).unwrap();
        backoff.next(broken()).unwrap();
        backoff.next(broken()).unwrap_err();
        backoff.succeeded();
        backoff.next(broken()).unwrap();
        let lasting = ClientError::Setup("no".to_owned());
        backoff.next(lasting).unwrap_err();
    }

    #[test]
    fn a_node_may_ask_for_patience_but_not_for_hours() {
        let busy = |seconds| {
            let mut problem = Problem::new(Code::Unavailable, "busy");
            problem.retry_after = Some(seconds);
            ClientError::Refused(Box::new(problem))
        };
        let mut backoff = Backoff::new(5);
        assert_eq!(backoff.next(busy(20)).unwrap(), Duration::from_secs(20));
        backoff.next(busy(3600)).unwrap_err();
    }
}
