//! Calls per second, for each address and for each client: a token bucket each, with a bound on how many are remembered.

use std::fmt;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

/// Keys that are remembered at a time. Past that, new keys share one bucket: who floods from many addresses slows down other
/// newcomers, and nobody that the node knows.
const MOST_KEYS: usize = 100_000;

/// How much of something may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In the long run, per second.
    pub per_second: NonZeroU32,
    /// At once, after a pause.
    pub burst: NonZeroU32,
}

impl Rate {
    fn quota(self) -> Quota {
        Quota::per_second(self.per_second).allow_burst(self.burst)
    }

    /// A tenth of this, at least one.
    #[must_use]
    pub fn tenth(self) -> Self {
        let tenth =
            |whole: NonZeroU32| NonZeroU32::new(whole.get() / 10).unwrap_or(NonZeroU32::MIN);
        Self {
            per_second: tenth(self.per_second),
            burst: tenth(self.burst),
        }
    }
}

/// What counts as one address: an IPv4 address, or the half of an IPv6 address that a network is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressKey(IpAddr);

impl AddressKey {
    /// The key of `address`.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::from([a, b, c, d, 0, 0, 0, 0])
            }
            address => address,
        })
    }
}

impl fmt::Display for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{address}/64"),
        }
    }
}

/// A rate for each key.
pub struct Limiter<K: Hash + Eq + Clone> {
    keys: DefaultKeyedRateLimiter<K>,
    newcomers: governor::DefaultDirectRateLimiter,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// With this rate for each key.
    pub fn new(rate: Rate) -> Self {
        Self {
            keys: DefaultKeyedRateLimiter::dashmap(rate.quota()),
            newcomers: governor::DefaultDirectRateLimiter::direct(rate.quota()),
            clock: DefaultClock::default(),
        }
    }

    /// Takes one from the bucket of `key`, or says after how many seconds there will be one.
    pub fn take(&self, key: &K) -> Result<(), u64> {
        let outcome = match self.keys.len() < MOST_KEYS {
            true => self.keys.check_key(key),
            false => self.newcomers.check(),
        };
        outcome.map_err(|early| {
            let wait = early.wait_time_from(self.clock.now());
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
        })
    }

    /// Takes `count` more from the bucket of `key` where they are there: what it did cost more than a call.
    pub fn charge(&self, key: &K, count: NonZeroU32) {
        // A bucket with less than `count` in it is as good as empty.
        let _ = self.keys.check_key_n(key, count);
    }

    /// Forgets keys whose buckets are full again.
    pub fn forget_idle(&self) {
        self.keys.retain_recent();
        self.keys.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        Rate {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        }
    }

    #[test]
    fn a_burst_passes_and_the_next_waits() {
        let limiter = Limiter::new(rate(1, 3));
        for _ in 0..3 {
            assert_eq!(limiter.take(&1), Ok(()));
        }
        assert_eq!(limiter.take(&1), Err(1));
        assert_eq!(limiter.take(&2), Ok(()));
    }

    #[test]
    fn what_costs_more_takes_more() {
        let limiter = Limiter::new(rate(1, 10));
        limiter.charge(&1, NonZeroU32::new(9).unwrap());
        assert_eq!(limiter.take(&1), Ok(()));
        assert!(limiter.take(&1).is_err());
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let of = |text: &str| AddressKey::of(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:2:ffff::"));
        assert_ne!(of("2001:db8:1:2::3"), of("2001:db8:1:3::3"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_eq!(of("2001:db8::1").to_string(), "2001:db8::/64");
    }
}
