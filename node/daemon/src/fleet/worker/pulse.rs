//! What a worker has in hand, shared between the attempt and the thread that beats. No network in here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arknet_protocol::Phase;
use async_nats::Subject;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::fleet::Ticket;
use crate::fleet::message::{Heartbeat, Held, Orders, WorkerState};

/// Heartbeats whose answers are waited for.
const REMEMBERED: usize = 32;
/// The lease before the node has said what it is.
const FIRST_LEASE: Duration = Duration::from_secs(20);

/// What a worker has in hand.
#[derive(Clone, Debug)]
pub(super) struct Pulse(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    state: WorkerState,
    lease: Duration,
    /// When the latest answered heartbeat was sent. The node has held on to what the worker has since then at least.
    contact: Option<Instant>,
    sent: VecDeque<(u64, Instant)>,
    last_sent_ms: u64,
    in_hand: BTreeMap<Ticket, InHand>,
}

#[derive(Debug)]
struct InHand {
    phase: Option<Phase>,
    percent: u8,
    reply: Option<Subject>,
    taken: Instant,
    /// The last heartbeat before it was taken.
    after_ms: u64,
    dropped: CancellationToken,
}

/// An attempt in hand, until this is dropped.
#[derive(Debug)]
pub(super) struct Hold {
    pulse: Pulse,
    ticket: Ticket,
    dropped: CancellationToken,
}

/// What the thread that beats is to send.
#[derive(Debug)]
pub(super) struct Beat {
    pub(super) sent_ms: u64,
    pub(super) state: WorkerState,
    pub(super) held: Vec<Held>,
    /// Where NATS is told that messages are being worked on.
    pub(super) replies: Vec<Subject>,
    /// When the next one is due.
    pub(super) next: Duration,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                state: WorkerState::Ready,
                lease: FIRST_LEASE,
                contact: None,
                sent: VecDeque::new(),
                last_sent_ms: 0,
                in_hand: BTreeMap::new(),
            }),
            changed: Notify::new(),
        }))
    }

    /// Takes an attempt in hand. None while draining, or where it is in hand already.
    pub(super) fn take(
        &self,
        ticket: Ticket,
        reply: Option<Subject>,
        now: Instant,
    ) -> Option<Hold> {
        let mut state = self.state();
        let full = state.in_hand.len() >= Heartbeat::MAX_HELD;
        if state.state == WorkerState::Draining || full || state.in_hand.contains_key(&ticket) {
            return None;
        }
        let dropped = CancellationToken::new();
        let in_hand = InHand {
            phase: None,
            percent: 0,
            reply,
            taken: now,
            after_ms: state.last_sent_ms,
            dropped: dropped.clone(),
        };
        state.in_hand.insert(ticket, in_hand);
        drop(state);
        self.0.changed.notify_one();
        Some(Hold {
            pulse: self.clone(),
            ticket,
            dropped,
        })
    }

    /// Takes nothing from now on, and says so.
    pub(super) fn drain(&self) {
        self.state().state = WorkerState::Draining;
        self.0.changed.notify_one();
    }

    /// Ready once something has changed that the node should hear of at once.
    pub(super) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// The next heartbeat. Drops what was not kept for a lease.
    pub(super) fn beat(&self, now: Instant, now_ms: u64) -> Beat {
        let mut state = self.state();
        let sent_ms = now_ms.max(state.last_sent_ms + 1);
        state.last_sent_ms = sent_ms;
        state.sent.push_back((sent_ms, now));
        if state.sent.len() > REMEMBERED {
            state.sent.pop_front();
        }
        let (contact, lease) = (state.contact, state.lease);
        for in_hand in state.in_hand.values() {
            let known = contact.map_or(in_hand.taken, |contact| contact.max(in_hand.taken));
            if now.saturating_duration_since(known) > lease {
                in_hand.dropped.cancel();
            }
        }
        let held = state.in_hand.iter().map(|(ticket, in_hand)| Held {
            ticket: *ticket,
            phase: in_hand.phase,
            percent: in_hand.percent,
        });
        Beat {
            sent_ms,
            state: state.state,
            held: held.collect(),
            replies: state
                .in_hand
                .values()
                .filter_map(|in_hand| in_hand.reply.clone())
                .collect(),
            next: lease / 4,
        }
    }

    /// Hears what the node says about what is in hand.
    pub(super) fn hear(&self, orders: &Orders) {
        let mut state = self.state();
        state.lease = orders.lease();
        let answered = orders.answers_ms.and_then(|answered| {
            let sent = state.sent.iter().find(|(sent_ms, _)| *sent_ms == answered);
            sent.copied()
        });
        if let Some((_, at)) = answered {
            state.contact = state.contact.max(Some(at));
        }
        for (ticket, in_hand) in &state.in_hand {
            let unkept = answered.is_some_and(|(sent_ms, _)| {
                in_hand.after_ms < sent_ms && !orders.keep.contains(ticket)
            });
            if unkept || orders.closed.contains(ticket) {
                in_hand.dropped.cancel();
            }
        }
    }

    /// The lease that the node last named.
    pub(super) fn lease(&self) -> Duration {
        self.state().lease
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold {
    /// Says how far the attempt is.
    pub(super) fn progress(&self, phase: Phase, percent: u8) {
        let mut state = self.pulse.state();
        if let Some(in_hand) = state.in_hand.get_mut(&self.ticket) {
            in_hand.phase = Some(phase);
            in_hand.percent = percent.min(100);
        }
    }

    /// Ready once the node does not want it any more, or was not heard for a lease.
    pub(super) fn dropped(&self) -> WaitForCancellationFutureOwned {
        self.dropped.clone().cancelled_owned()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.pulse.state().in_hand.remove(&self.ticket);
        self.pulse.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use arknet_protocol::{JobId, KeyPair};

    use super::*;
    use crate::fleet::message::VERSION;

    fn ticket(job: u8) -> Ticket {
        Ticket {
            job: JobId([job; 16]),
            segment: 0,
            attempt: 1,
        }
    }

    fn orders(answers_ms: Option<u64>, keep: &[Ticket], closed: &[Ticket]) -> Orders {
        let key = KeyPair::from_seed([1; 32]).unwrap().public();
        Orders {
            version: VERSION,
            node: key,
            worker: key,
            answers_ms,
            keep: keep.to_vec(),
            closed: closed.to_vec(),
            lease_ms: 10_000,
        }
    }

    fn is_dropped(hold: &Hold) -> bool {
        hold.dropped.is_cancelled()
    }

    #[test]
    fn what_the_node_does_not_keep_is_dropped() {
        let (pulse, now) = (Pulse::new(), Instant::now());
        let old = pulse.take(ticket(1), None, now).unwrap();
        let beat = pulse.beat(now, 1_000);
        assert_eq!(beat.held.len(), 1);
        // Taken after the heartbeat that is answered: the answer says nothing about it.
        let new = pulse.take(ticket(2), None, now).unwrap();
        pulse.hear(&orders(Some(999), &[], &[]));
        assert!(!is_dropped(&old) && !is_dropped(&new));
        pulse.hear(&orders(Some(1_000), &[], &[]));
        assert!(is_dropped(&old) && !is_dropped(&new));
        pulse.beat(now, 1_000);
        pulse.hear(&orders(Some(1_001), &[ticket(2)], &[]));
        assert!(!is_dropped(&new));
        pulse.hear(&orders(None, &[], &[ticket(2)]));
        assert!(is_dropped(&new));
        drop(new);
        assert_eq!(pulse.beat(now, 2_000).held.len(), 1);
    }

    #[test]
    fn without_an_answer_for_a_lease_all_is_dropped() {
        let (pulse, start) = (Pulse::new(), Instant::now());
        let later = |seconds| start + Duration::from_secs(seconds);
        let hold = pulse.take(ticket(1), None, start).unwrap();
        pulse.beat(start, 1_000);
        pulse.hear(&orders(Some(1_000), &[ticket(1)], &[]));
        pulse.beat(later(9), 10_000);
        pulse.beat(later(10), 11_000);
        assert!(!is_dropped(&hold));
        // An answer counts from when its heartbeat was sent, not from when it came.
        pulse.hear(&orders(Some(10_000), &[ticket(1)], &[]));
        pulse.beat(later(19), 20_000);
        assert!(!is_dropped(&hold));
        // One that was heard before renews nothing.
        pulse.hear(&orders(Some(1_000), &[ticket(1)], &[]));
        pulse.beat(later(20), 21_000);
        assert!(is_dropped(&hold));
    }

    #[test]
    fn draining_takes_nothing_more() {
        let (pulse, now) = (Pulse::new(), Instant::now());
        let hold = pulse.take(ticket(1), None, now).unwrap();
        assert!(pulse.take(ticket(1), None, now).is_none());
        pulse.drain();
        assert!(pulse.take(ticket(2), None, now).is_none());
        let beat = pulse.beat(now, 1);
        assert_eq!((beat.state, beat.held.len()), (WorkerState::Draining, 1));
        assert!(!is_dropped(&hold));
    }

    #[test]
    fn the_time_of_heartbeats_grows_whatever_the_clock_does() {
        let (pulse, now) = (Pulse::new(), Instant::now());
        let sent: Vec<_> = [5, 5, 3, 9].map(|ms| pulse.beat(now, ms).sent_ms).into();
        assert_eq!(sent, [5, 6, 7, 9]);
    }
}
