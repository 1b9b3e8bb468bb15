//! Which worker has which ticket, and until when. No clock, no network: time comes in, decisions come out.
//!
//! A ticket is opened once, for one worker, and closed once. It ends by the worker's outcome, or the node closes it: the
//! worker was silent for a lease, gives it back by draining, or is past the deadline. What a worker says of a ticket that
//! is not open for it is stale and changes nothing.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use arknet_protocol::PublicKey;

use super::Ticket;
use super::message::{Heartbeat, Held, WorkerDevice, WorkerState};

/// How many leases a worker may take to begin with a ticket: it may be in the middle of fetching blobs, or the message
/// may wait for NATS to come back.
const LEASES_TO_BEGIN: u32 = 3;
/// How far a worker's clock may be from the node's. What somebody has kept of a dead worker's heartbeats is of no use
/// after that time.
const CLOCK_TOLERANCE_MS: u64 = 60_000;

/// Why the node takes a ticket back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lost {
    /// The worker never began with it.
    NeverBegun,
    /// The worker began and fell silent.
    Silent,
    /// The worker began and does not have it in hand any more: it was started anew.
    GivenUp,
    /// The worker drains, and had not begun or could not end in time.
    Draining,
    /// Its time is over.
    Late,
}

impl Lost {
    /// What to tell people.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NeverBegun => "the worker did not begin in time",
            Self::Silent => "the worker fell silent",
            Self::GivenUp => "the worker does not go on with it",
            Self::Draining => "the worker stops",
            Self::Late => "the worker was not done by the deadline",
        }
    }
}

/// Why a heartbeat does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not newer than the last.
    #[error("it was sent before another that came already")]
    Repeated,
    /// The clocks are too far apart.
    #[error(
        "its clock differs from the node's by more than {CLOCK_TOLERANCE_MS} ms: set both by NTP"
    )]
    Clock,
}

/// What was last heard of a worker.
#[derive(Clone, Debug)]
pub struct Presence {
    /// When it came, by the node's clock.
    pub heard: Instant,
    /// Whether it takes work.
    pub state: WorkerState,
    /// What it computes with.
    pub device: WorkerDevice,
    sent_ms: u64,
}

#[derive(Clone, Copy, Debug)]
struct Lease {
    worker: PublicKey,
    begun: bool,
    given_up: Option<Lost>,
    until: Instant,
    deadline: Instant,
}

/// The tickets that are open and the workers that were heard.
#[derive(Debug)]
pub struct Ledger {
    lease: Duration,
    open: HashMap<Ticket, Lease>,
    workers: BTreeMap<PublicKey, Presence>,
}

impl Ledger {
    /// An empty ledger.
    pub fn new(lease: Duration) -> Self {
        Self {
            lease,
            open: HashMap::new(),
            workers: BTreeMap::new(),
        }
    }

    /// Opens a ticket for a worker. False where it is open already: it belongs to whoever opened it.
    pub fn open(
        &mut self,
        ticket: Ticket,
        worker: PublicKey,
        now: Instant,
        deadline: Instant,
    ) -> bool {
        if self.open.contains_key(&ticket) {
            return false;
        }
        let lease = Lease {
            worker,
            begun: false,
            given_up: None,
            until: now + self.lease * LEASES_TO_BEGIN,
            deadline,
        };
        self.open.insert(ticket, lease);
        true
    }

    /// Closes a ticket. False where it was not open for this worker.
    pub fn close(&mut self, ticket: &Ticket, worker: &PublicKey) -> bool {
        let ours = self.is_open(ticket, worker);
        if ours {
            self.open.remove(ticket);
        }
        ours
    }

    /// Whether a ticket is open for this worker.
    pub fn is_open(&self, ticket: &Ticket, worker: &PublicKey) -> bool {
        self.open
            .get(ticket)
            .is_some_and(|lease| lease.worker == *worker)
    }

    /// Every ticket that is open for a worker.
    pub fn kept_by(&self, worker: &PublicKey) -> Vec<Ticket> {
        let open = self.open.iter();
        open.filter(|(_, lease)| lease.worker == *worker)
            .map(|(ticket, _)| *ticket)
            .collect()
    }

    /// Takes a heartbeat and returns how far the tickets are that are open for its worker.
    pub fn heartbeat(
        &mut self,
        heartbeat: &Heartbeat,
        now: Instant,
        now_ms: u64,
    ) -> Result<Vec<Held>, Refused> {
        let worker = heartbeat.worker;
        if heartbeat.sent_ms.abs_diff(now_ms) > CLOCK_TOLERANCE_MS {
            return Err(Refused::Clock);
        }
        let last = self.workers.get(&worker);
        if last.is_some_and(|last| heartbeat.sent_ms <= last.sent_ms) {
            return Err(Refused::Repeated);
        }
        self.workers.insert(
            worker,
            Presence {
                heard: now,
                state: heartbeat.state,
                device: heartbeat.device.clone(),
                sent_ms: heartbeat.sent_ms,
            },
        );
        let mut under_way = Vec::new();
        for held in &heartbeat.held {
            let lease = self.open.get_mut(&held.ticket);
            if let Some(lease) = lease.filter(|lease| lease.worker == worker) {
                lease.begun = true;
                lease.until = now + self.lease;
                under_way.push(*held);
            }
        }
        // Heartbeats come in order, so what has begun and is not held will not be again. A worker stops taking before it
        // says that it drains: what it has not begun then it never will.
        let drains = heartbeat.state == WorkerState::Draining;
        for (ticket, lease) in &mut self.open {
            let held = heartbeat.held.iter().any(|held| held.ticket == *ticket);
            if lease.worker == worker && !held && (lease.begun || drains) {
                lease.given_up = Some(if drains {
                    Lost::Draining
                } else {
                    Lost::GivenUp
                });
            }
        }
        Ok(under_way)
    }

    /// Closes what no worker will end any more.
    pub fn sweep(&mut self, now: Instant) -> Vec<(Ticket, PublicKey, Lost)> {
        let mut lost = Vec::new();
        self.open.retain(|ticket, lease| {
            let why = match lease.given_up {
                _ if now >= lease.deadline => Lost::Late,
                Some(why) => why,
                None if now < lease.until => return true,
                None if lease.begun => Lost::Silent,
                None => Lost::NeverBegun,
            };
            lost.push((*ticket, lease.worker, why));
            false
        });
        lost
    }

    /// What is known of a worker that was heard within the last lease.
    pub fn present(&self, worker: &PublicKey, now: Instant) -> Option<&Presence> {
        let presence = self.workers.get(worker);
        presence.filter(|presence| now.saturating_duration_since(presence.heard) < self.lease)
    }
}

#[cfg(test)]
mod tests {
    use arknet_protocol::{Fingerprint, JobId, KeyPair};
    use proptest::prelude::*;

    use super::*;
    use crate::fleet::message::VERSION;

    const LEASE: Duration = Duration::from_secs(10);

    fn ticket(job: u8, attempt: u32) -> Ticket {
        Ticket {
            job: JobId([job; 16]),
            segment: 0,
            attempt,
        }
    }

    fn beat(worker: PublicKey, sent_ms: u64, state: WorkerState, held: &[Ticket]) -> Heartbeat {
        let held = held.iter().map(|ticket| Held {
            ticket: *ticket,
            phase: None,
            percent: 0,
        });
        Heartbeat {
            version: VERSION,
            node: worker,
            worker,
            sent_ms,
            state,
            device: WorkerDevice {
                backend: "cpu".to_owned(),
                description: "interpreter".to_owned(),
                fingerprint: Fingerprint([0; 32]),
            },
            held: held.collect(),
        }
    }

    fn key(seed: u8) -> PublicKey {
        KeyPair::from_seed([seed; 32]).unwrap().public()
    }

    #[test]
    fn a_silent_worker_loses_its_ticket_and_one_that_beats_keeps_it() {
        let (worker, start) = (key(1), Instant::now());
        let later = |seconds| start + Duration::from_secs(seconds);
        let mut ledger = Ledger::new(LEASE);
        let deadline = later(1000);
        assert!(ledger.open(ticket(1, 1), worker, start, deadline));
        assert!(ledger.open(ticket(2, 1), worker, start, deadline));
        assert!(!ledger.open(ticket(1, 1), key(2), start, deadline));
        let first = beat(
            worker,
            1_000,
            WorkerState::Ready,
            &[ticket(1, 1), ticket(9, 1)],
        );
        let under_way = ledger.heartbeat(&first, later(1), 1_000).unwrap();
        assert_eq!(under_way.len(), 1);
        assert_eq!(ledger.sweep(later(10)), []);
        assert_eq!(
            ledger.sweep(later(11)),
            [(ticket(1, 1), worker, Lost::Silent)]
        );
        assert_eq!(
            ledger.sweep(later(30)),
            [(ticket(2, 1), worker, Lost::NeverBegun)]
        );
        assert!(!ledger.close(&ticket(1, 1), &worker));
        assert!(ledger.present(&worker, later(10)).is_some());
        assert!(ledger.present(&worker, later(11)).is_none());
    }

    #[test]
    fn nobody_lives_on_old_heartbeats() {
        let (worker, now) = (key(1), Instant::now());
        let mut ledger = Ledger::new(LEASE);
        let mut hear = |sent_ms, now_ms| {
            let beat = beat(worker, sent_ms, WorkerState::Ready, &[]);
            ledger.heartbeat(&beat, now, now_ms).map(drop)
        };
        assert_eq!(hear(100_000, 100_000), Ok(()));
        assert_eq!(hear(100_000, 100_001), Err(Refused::Repeated));
        assert_eq!(hear(99_999, 100_001), Err(Refused::Repeated));
        assert_eq!(hear(100_001, 160_002), Err(Refused::Clock));
        assert_eq!(hear(160_001, 100_000), Err(Refused::Clock));
        assert_eq!(hear(100_001, 160_001), Ok(()));
    }

    #[test]
    fn a_draining_worker_gives_back_what_it_has_not_begun() {
        let (worker, now) = (key(1), Instant::now());
        let mut ledger = Ledger::new(LEASE);
        for job in [1, 2] {
            ledger.open(ticket(job, 1), worker, now, now + 100 * LEASE);
        }
        let drains = beat(worker, 1, WorkerState::Draining, &[ticket(1, 1)]);
        ledger.heartbeat(&drains, now, 1).unwrap();
        assert_eq!(ledger.sweep(now), [(ticket(2, 1), worker, Lost::Draining)]);
        assert_eq!(ledger.kept_by(&worker), [ticket(1, 1)]);
        let anew = beat(worker, 2, WorkerState::Ready, &[]);
        ledger.heartbeat(&anew, now, 2).unwrap();
        assert_eq!(ledger.sweep(now), [(ticket(1, 1), worker, Lost::GivenUp)]);
    }

    #[test]
    fn the_deadline_ends_even_what_beats() {
        let (worker, now) = (key(1), Instant::now());
        let mut ledger = Ledger::new(LEASE);
        ledger.open(ticket(1, 1), worker, now, now + LEASE / 2);
        let beat = beat(worker, 1, WorkerState::Ready, &[ticket(1, 1)]);
        ledger.heartbeat(&beat, now, 1).unwrap();
        assert_eq!(
            ledger.sweep(now + LEASE / 2),
            [(ticket(1, 1), worker, Lost::Late)]
        );
    }

    proptest! {
        /// Whatever happens in whatever order, an opened ticket ends once: by its worker or by the sweep.
        #[test]
        fn a_ticket_ends_once(
            events in prop::collection::vec((0u8..4, 0u8..4, 1u8..3, 0u64..20), 0..200),
        ) {
            let mut ledger = Ledger::new(LEASE);
            let mut now = Instant::now();
            let mut now_ms = 1_000_000;
            let mut attempts = [0; 4];
            let mut live: HashMap<Ticket, PublicKey> = HashMap::new();
            for (what, job, worker, seconds) in events {
                now += Duration::from_secs(seconds);
                now_ms += 1000 * seconds + 1;
                let worker = key(worker);
                let current = ticket(job, attempts[usize::from(job)]);
                match what {
                    0 => {
                        if !live.contains_key(&current) {
                            attempts[usize::from(job)] += 1;
                            let next = ticket(job, attempts[usize::from(job)]);
                            prop_assert!(ledger.open(next, worker, now, now + 4 * LEASE));
                            live.insert(next, worker);
                        }
                    }
                    1 => {
                        let held = ledger
                            .heartbeat(&beat(worker, now_ms, WorkerState::Ready, &[current]), now, now_ms)
                            .unwrap();
                        prop_assert_eq!(!held.is_empty(), live.get(&current) == Some(&worker));
                    }
                    2 => {
                        let ours = live.get(&current) == Some(&worker);
                        prop_assert_eq!(ledger.close(&current, &worker), ours);
                        if ours {
                            live.remove(&current);
                        }
                    }
                    _ => {
                        for (lost, of, _) in ledger.sweep(now) {
                            prop_assert_eq!(live.remove(&lost), Some(of));
                        }
                    }
                }
            }
        }
    }
}
