//! The node's side of the fleet: what is shared between the attempts under way and the messages that come in.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arknet_protocol::api::DeviceState;
use arknet_protocol::{Fingerprint, KeyPair, PublicKey};
use async_nats::Client;
use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};

use super::Ticket;
use super::counters::{Counters, count};
use super::desk::Desk;
use super::ledger::{Ledger, Lost, Refused};
use super::message::{
    AssignmentDigest, Ends, Heartbeat, Held, InvalidMessage, Orders, Outcome, OutcomeResult,
    VERSION, WorkerState, open, seal,
};
use super::nats::{Names, Queue};

/// A worker as the scheduler and the operator see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerView {
    /// Its key.
    pub key: PublicKey,
    /// The operator's name for it.
    pub name: String,
    /// Whether it takes work.
    pub state: DeviceState,
    /// What it computes with, once it was heard.
    pub device: Option<RemoteDevice>,
}

/// What a worker computes with, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteDevice {
    /// `cpu`, `wgpu` or `cuda`.
    pub backend: String,
    /// What the driver calls it.
    pub description: String,
    /// Its identity.
    pub fingerprint: Fingerprint,
}

/// How a ticket ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// The worker says how.
    Outcome(OutcomeResult),
    /// The node took it back.
    Lost(Lost),
}

/// Who waits for a ticket's end.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) worker: PublicKey,
    pub(super) assignment: AssignmentDigest,
    pub(super) desk: Arc<Desk>,
    pub(super) progress: mpsc::Sender<Held>,
    pub(super) end: oneshot::Sender<Ending>,
}

/// Why a message from NATS does not count.
#[derive(Debug, thiserror::Error)]
pub(super) enum Rejected {
    #[error("subject `{0}` names no worker of this fleet")]
    Stranger(String),
    #[error(transparent)]
    Message(#[from] InvalidMessage),
    #[error("a heartbeat: {0}")]
    Heartbeat(#[from] Refused),
}

/// All that the tasks of the fleet share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) key: Arc<KeyPair>,
    pub(super) names: Names,
    pub(super) client: Client,
    pub(super) queue: Queue,
    pub(super) counters: Counters,
    workers: BTreeMap<PublicKey, String>,
    lease: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    ledger: Ledger,
    waiting: HashMap<Ticket, Waiter>,
}

impl Shared {
    pub(super) fn new(
        key: Arc<KeyPair>,
        client: Client,
        workers: BTreeMap<PublicKey, String>,
        lease: Duration,
    ) -> Self {
        Self {
            names: Names::of(&key.public()),
            queue: Queue::new(client.clone()),
            key,
            client,
            counters: Counters::default(),
            workers,
            lease,
            state: Mutex::new(State {
                ledger: Ledger::new(lease),
                waiting: HashMap::new(),
            }),
        }
    }

    pub(super) fn node(&self) -> PublicKey {
        self.key.public()
    }

    pub(super) fn lease(&self) -> Duration {
        self.lease
    }

    pub(super) fn workers(&self) -> impl Iterator<Item = &PublicKey> {
        self.workers.keys()
    }

    /// The operator's name for a worker of this fleet.
    pub(super) fn name_of(&self, worker: &PublicKey) -> Option<&str> {
        self.workers.get(worker).map(String::as_str)
    }

    /// Milliseconds since 1970.
    pub(super) fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn views(&self) -> Vec<WorkerView> {
        let now = Instant::now();
        let state = self.state();
        let workers = self.workers.iter();
        let view = |(key, name): (&PublicKey, &String)| {
            let presence = state.ledger.present(key, now);
            let is_busy = state.waiting.values().any(|waiter| waiter.worker == *key);
            WorkerView {
                key: *key,
                name: name.clone(),
                state: match presence.map(|presence| presence.state) {
                    None => DeviceState::Missing,
                    Some(WorkerState::Draining) => DeviceState::Drained,
                    Some(WorkerState::Ready) if is_busy => DeviceState::Busy,
                    Some(WorkerState::Ready) => DeviceState::Idle,
                },
                device: presence.map(|presence| RemoteDevice {
                    backend: presence.device.backend.clone(),
                    description: presence.device.description.clone(),
                    fingerprint: presence.device.fingerprint,
                }),
            }
        };
        workers.map(view).collect()
    }

    /// Opens a ticket. False where it is open already.
    pub(super) fn open(&self, ticket: Ticket, waiter: Waiter, patience: Duration) -> bool {
        let now = Instant::now();
        let mut state = self.state();
        let opened = state
            .ledger
            .open(ticket, waiter.worker, now, now + patience);
        if opened {
            state.waiting.insert(ticket, waiter);
        }
        opened
    }

    /// Closes a ticket that nobody waits for any more, and whether it was open still.
    pub(super) fn close(&self, ticket: &Ticket, worker: &PublicKey) -> bool {
        let mut state = self.state();
        let closed = state.ledger.close(ticket, worker);
        if closed {
            state.waiting.remove(ticket);
        }
        closed
    }

    /// The files of a ticket, if it is open for this worker.
    pub(super) fn desk(&self, ticket: &Ticket, worker: &PublicKey) -> Option<Arc<Desk>> {
        let state = self.state();
        if !state.ledger.is_open(ticket, worker) {
            return None;
        }
        let waiter = state.waiting.get(ticket);
        waiter.map(|waiter| Arc::clone(&waiter.desk))
    }

    /// Takes a message with a heartbeat, and answers it.
    pub(super) async fn heartbeat(&self, subject: &str, payload: &[u8]) -> Result<(), Rejected> {
        let ends = self.ends(subject)?;
        let heartbeat: Heartbeat = open(payload, &ends)?;
        {
            let mut state = self.state();
            let State { ledger, waiting } = &mut *state;
            let under_way = ledger.heartbeat(&heartbeat, Instant::now(), self.now_ms())?;
            for held in under_way {
                if let Some(waiter) = waiting.get(&held.ticket) {
                    // Who does not keep up hears of a later one.
                    let _ = waiter.progress.try_send(held);
                }
            }
        }
        self.answer(&ends, heartbeat.sent_ms).await;
        Ok(())
    }

    /// Takes a message with an outcome. One that is stale is counted and dropped.
    pub(super) async fn outcome(&self, subject: &str, payload: &[u8]) -> Result<(), Rejected> {
        let ends = self.ends(subject)?;
        let outcome: Outcome = open(payload, &ends)?;
        let waiter = {
            let mut state = self.state();
            let expected = state
                .waiting
                .get(&outcome.ticket)
                .is_some_and(|waiter| waiter.assignment == outcome.assignment);
            let counts = expected && state.ledger.close(&outcome.ticket, &ends.worker);
            let waiter = counts.then(|| state.waiting.remove(&outcome.ticket));
            waiter.flatten()
        };
        if let Some(waiter) = waiter {
            count(&self.counters.outcomes);
            // Whoever waited may have gone, and then nobody wants it.
            let _ = waiter.end.send(Ending::Outcome(outcome.result));
        } else {
            count(&self.counters.stale);
            info!(ticket = %outcome.ticket, worker = %ends.worker, "a stale outcome is dropped");
        }
        // Stale or not, it is closed, and the worker waits to hear so.
        self.tell_closed(&ends, outcome.ticket).await;
        Ok(())
    }

    /// Takes back what no worker will end any more.
    pub(super) fn sweep(&self) {
        let mut state = self.state();
        for (ticket, worker, why) in state.ledger.sweep(Instant::now()) {
            count(&self.counters.lost);
            let name = self.name_of(&worker).unwrap_or_default();
            warn!(%ticket, worker = name, reason = why.reason(), "an attempt is taken back");
            if let Some(waiter) = state.waiting.remove(&ticket) {
                let _ = waiter.end.send(Ending::Lost(why));
            }
        }
    }

    /// Tells a worker that a ticket is closed. If this is lost, the answer to its next heartbeat says the same.
    pub(super) async fn tell_closed(&self, ends: &Ends, ticket: Ticket) {
        self.order(ends, None, Vec::new(), vec![ticket]).await;
    }

    async fn answer(&self, ends: &Ends, sent_ms: u64) {
        let mut keep = self.state().ledger.kept_by(&ends.worker);
        keep.truncate(Heartbeat::MAX_HELD);
        self.order(ends, Some(sent_ms), keep, Vec::new()).await;
    }

    async fn order(
        &self,
        ends: &Ends,
        answers_ms: Option<u64>,
        keep: Vec<Ticket>,
        closed: Vec<Ticket>,
    ) {
        let orders = Orders {
            version: VERSION,
            node: ends.node,
            worker: ends.worker,
            answers_ms,
            keep,
            closed,
            lease_ms: u64::try_from(self.lease.as_millis()).unwrap_or(u64::MAX),
        };
        let subject = self.names.orders(&ends.worker);
        let sealed = seal(&orders, &self.key);
        let sent = self.client.publish(subject, sealed.into()).await;
        if let Err(error) = sent {
            warn!(%error, worker = %ends.worker, "orders are not sent");
        }
    }

    fn ends(&self, subject: &str) -> Result<Ends, Rejected> {
        let worker = Names::worker_of(subject).filter(|worker| self.workers.contains_key(worker));
        Ok(Ends {
            node: self.node(),
            worker: worker
                .ok_or_else(|| Rejected::Stranger(subject.chars().take(200).collect()))?,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
