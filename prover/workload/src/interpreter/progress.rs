//! What the threads of a run tell each other: that time is up, or that the result is known already.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::job::{Invocation, Trap};

/// The state of a run that its threads share.
pub(super) struct Progress {
    /// `None` where the limit is beyond what the clock can express.
    deadline: Option<Instant>,
    over_time: AtomicBool,
    conflict: AtomicBool,
    /// The first invocation known to trap; `u32::MAX` for none.
    first_trap: AtomicU32,
    trap: Mutex<Option<(Invocation, Trap)>>,
}

/// Flags only tell others to stop; what they found is read after the threads have joined.
const ORDER: Ordering = Ordering::Relaxed;

impl Progress {
    /// A run that starts now. One without a limit never looks at the clock: not every system has one.
    pub(super) fn new(limit: Duration) -> Self {
        let is_limited = limit < Duration::MAX;
        Self::until(
            is_limited
                .then(Instant::now)
                .and_then(|now| now.checked_add(limit)),
        )
    }

    fn until(deadline: Option<Instant>) -> Self {
        Self {
            deadline,
            over_time: AtomicBool::new(false),
            conflict: AtomicBool::new(false),
            first_trap: AtomicU32::new(u32::MAX),
            trap: Mutex::new(None),
        }
    }

    /// A further run under the same deadline.
    pub(super) fn rerun(&self) -> Self {
        Self::until(self.deadline)
    }

    /// Looks at the clock, then as [`Self::wanted`].
    pub(super) fn check(&self, invocation: Invocation) -> ControlFlow<()> {
        if self.deadline.is_some_and(|end| Instant::now() >= end) {
            self.over_time.store(true, ORDER);
        }
        self.wanted(invocation)
    }

    /// Whether the result still depends on an invocation.
    #[inline]
    pub(super) fn wanted(&self, invocation: Invocation) -> ControlFlow<()> {
        if self.over_time.load(ORDER)
            || self.conflict.load(ORDER)
            || self.first_trap.load(ORDER) < invocation.0
        {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// Two invocations met: this run gives no result.
    pub(super) fn conflict(&self) {
        self.conflict.store(true, ORDER);
    }

    /// An invocation trapped; the first in the canonical order is kept.
    pub(super) fn trapped(&self, trap: Trap) {
        let invocation = trap.invocation();
        self.first_trap.fetch_min(invocation.0, ORDER);
        let mut first = self.trap.lock().unwrap_or_else(PoisonError::into_inner);
        if first
            .as_ref()
            .is_none_or(|(earlier, _)| invocation < *earlier)
        {
            *first = Some((invocation, trap));
        }
    }

    /// Whether the time was used up.
    pub(super) fn is_over_time(&self) -> bool {
        self.over_time.load(ORDER)
    }

    /// Whether two invocations met.
    pub(super) fn has_conflict(&self) -> bool {
        self.conflict.load(ORDER)
    }

    /// The first trap.
    pub(super) fn into_trap(self) -> Option<Trap> {
        let trap = self.trap.into_inner();
        trap.unwrap_or_else(PoisonError::into_inner)
            .map(|(_, trap)| trap)
    }
}
