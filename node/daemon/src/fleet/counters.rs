//! What happened in the fleet, counted since the node's start.

use std::sync::atomic::{AtomicU64, Ordering};

/// Defines the counters with their names for metrics.
macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// Counters of the fleet.
        #[derive(Debug, Default)]
        pub struct Counters {
            $(pub(super) $name: AtomicU64,)+
        }

        impl Counters {
            /// Every counter by name.
            pub fn all(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name.load(Ordering::Relaxed))),+]
            }
        }
    };
}

counters! {
    /// Attempts given to workers.
    assigned,
    /// Outcomes that counted.
    outcomes,
    /// Outcomes and files of attempts that are not the worker's any more.
    stale,
    /// Attempts taken back because the worker was silent, late or draining.
    lost,
    /// Messages and calls that were not of a worker of this fleet, or malformed.
    rejected,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
