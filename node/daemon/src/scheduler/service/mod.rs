//! The task that gives devices their jobs.

mod give;
mod settle;
mod show;
mod tend;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use arknet_protocol::{Fingerprint, JobId, JobKind, JobState, PublicKey};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::admission::Shape;
use super::device::{Device, DeviceError};
use super::fair::FairShare;
use super::handle::{Board, Order};
use super::health::Health;
use super::settings::{DeviceSettings, Settings};
use crate::pipeline::{Pipeline, Reported, Stop};
use crate::store::{News, Recovered, Store, StoreError, UnixMillis};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_secs(1);
/// What tells the operator's reasons from the node's own, also after a restart.
const HELD: &str = "by the operator: ";

/// A configured device.
struct Slot {
    settings: DeviceSettings,
    found: Result<Device, String>,
    health: Health,
    busy: Option<Busy>,
}

/// What a device does.
struct Busy {
    task: Id,
    /// The job, where it is not a trial of the node's own.
    job: Option<Running>,
    /// What it is expected to take, in milliseconds, and since when.
    expected: u64,
    since: Instant,
}

struct Running {
    id: JobId,
    attempt: u32,
    client: PublicKey,
    kind: JobKind,
    shape: Shape,
    stop: watch::Sender<Option<Stop>>,
}

/// What a task of the service came to.
enum Came {
    Job(Reported),
    Trial(Result<(), String>),
    Found(usize, Result<Device, String>),
    Finished(Vec<(JobId, u32)>),
}

pub(super) struct Service {
    pipeline: Pipeline,
    store: Store,
    settings: Settings,
    board: Arc<Board>,
    orders: mpsc::Receiver<Order>,
    news: broadcast::Receiver<News>,
    slots: Vec<Slot>,
    share: FairShare<PublicKey>,
    /// The devices that each job failed on.
    avoid: HashMap<JobId, HashSet<Fingerprint>>,
    /// How many attempts at each job have failed.
    failures: HashMap<JobId, u32>,
    /// Sealed jobs whose receipts are not there yet.
    unfinished: Vec<(JobId, u32)>,
    finishing: bool,
    tasks: JoinSet<Came>,
    /// Jobs whose attempt has ended in a way that could not be stored.
    stranded: Vec<(JobId, u32)>,
    /// Whether something has changed since the queue was last read.
    changed: bool,
    ticks: u64,
    /// Since the order to end: when running jobs are called off.
    ending: Option<Instant>,
}

impl Service {
    pub(super) async fn new(
        pipeline: Pipeline,
        settings: Settings,
        recovered: Recovered,
        board: Arc<Board>,
        orders: mpsc::Receiver<Order>,
    ) -> Result<Self, DeviceError> {
        let store = pipeline.parts().store.clone();
        let slots = settings.devices.iter().map(|device| Slot {
            settings: device.clone(),
            found: Err("it is being looked for".to_owned()),
            health: Health::new(settings.drain_after, settings.rest, 0),
            busy: None,
        });
        let mut service = Self {
            news: store.listen(),
            store,
            slots: slots.collect(),
            share: FairShare::new(settings.quantum_ms),
            pipeline,
            settings,
            board,
            orders,
            avoid: HashMap::new(),
            failures: HashMap::new(),
            unfinished: recovered.sealed,
            finishing: false,
            tasks: JoinSet::new(),
            stranded: Vec::new(),
            changed: true,
            ticks: 0,
            ending: None,
        };
        for position in 0..service.slots.len() {
            let device = service.slots[position].settings.clone();
            if device.required {
                let found = service.open(device).await??;
                service.found(position, Ok(found)).await;
            }
        }
        service.look_for_devices();
        service.show(&[]);
        Ok(service)
    }

    /// Schedules until it is told to end.
    pub(super) async fn serve(mut self) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if self.ending.is_none() {
                if self.changed
                    && let Err(error) = self.give_out().await
                {
                    tracing::error!(%error, "the queue cannot be read");
                }
            } else if self.slots.iter().all(|slot| slot.busy.is_none()) {
                break;
            }
            let called_off = self.ending.unwrap_or_else(far);
            tokio::select! {
                Some(came) = self.tasks.join_next_with_id() => {
                    self.changed = true;
                    self.take(came).await;
                }
                news = self.news.recv() => self.hear(news).await,
                order = self.orders.recv() => {
                    self.changed = true;
                    self.obey(order.unwrap_or(Order::Stop)).await;
                }
                _ = tick.tick() => self.tick().await,
                () = sleep_until(called_off), if self.ending.is_some() => self.call_off(),
            }
        }
        self.tasks.shutdown().await;
    }

    /// Hears what happened to jobs: those that nobody wants any more are called off.
    async fn hear(&mut self, news: Result<News, RecvError>) {
        match news {
            Ok(News::Event(event)) => {
                if event.state.is_final() {
                    self.forget(&event.job);
                    self.stop_job(event.job);
                }
                let is_free = |slot: &Slot| slot.busy.is_none();
                self.changed |= event.state == JobState::Queued && self.slots.iter().any(is_free);
            }
            Ok(News::Progress { .. }) => {}
            Err(RecvError::Lagged(_)) => {
                let jobs: Vec<JobId> = self.running().map(|running| running.id).collect();
                for id in jobs {
                    let job = self.store.job(id).await;
                    if job.is_ok_and(|job| job.is_none_or(|job| job.summary.state.is_final())) {
                        self.stop_job(id);
                    }
                }
            }
            // The store is closed only after this task has ended.
            Err(RecvError::Closed) => tokio::time::sleep(TICK).await,
        }
    }

    fn running(&self) -> impl Iterator<Item = &Running> {
        let busy = self.slots.iter().filter_map(|slot| slot.busy.as_ref());
        busy.filter_map(|busy| busy.job.as_ref())
    }

    fn stop_job(&self, id: JobId) {
        for running in self.running().filter(|running| running.id == id) {
            running.stop.send_replace(Some(Stop::NotWanted));
        }
    }

    async fn obey(&mut self, order: Order) {
        let now = UnixMillis::now();
        match order {
            Order::Hold(device, reason) => {
                let Some(slot) = find(&mut self.slots, device) else {
                    return;
                };
                let reason = format!("{HELD}{reason}");
                slot.health.hold(reason.clone());
                let reason = Some(reason);
                log(self
                    .store
                    .set_drained(now, device, reason, "operator")
                    .await);
            }
            Order::Restore(device) => {
                let Some(slot) = find(&mut self.slots, device) else {
                    return;
                };
                slot.health.restore();
                log(self.store.set_drained(now, device, None, "operator").await);
            }
            Order::Stop => {
                self.ending
                    .get_or_insert_with(|| Instant::now() + self.settings.grace);
            }
        }
    }

    /// Calls off what still runs, to be queued again.
    fn call_off(&mut self) {
        for running in self.running() {
            running.stop.send_if_modified(|stop| {
                let first = stop.is_none();
                stop.get_or_insert(Stop::ShuttingDown);
                first
            });
        }
        // Until they have ended there is nothing more to call off.
        self.ending = Some(far());
    }
}

fn find(slots: &mut [Slot], device: Fingerprint) -> Option<&mut Slot> {
    let is = |found: &Device| found.fingerprint == device;
    slots
        .iter_mut()
        .find(|slot| slot.found.as_ref().is_ok_and(is))
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

fn clock(now: UnixMillis) -> u64 {
    now.since(UnixMillis(0))
}

/// A time that does not come.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(u32::MAX.into())
}

/// What the node learns about a device is worth little where it cannot be stored; it is said.
fn log(stored: Result<(), StoreError>) {
    if let Err(error) = stored {
        tracing::error!(%error, "what a device did cannot be stored");
    }
}
