//! What others may ask of the scheduler.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arknet_protocol::api::DeviceState;
use arknet_protocol::{Fingerprint, JobId, JobKind, JobRequest};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::DeviceError;
use super::admission::{Experience, Load, Shape, TooLate, judge};
use super::service::Service;
use super::settings::Settings;
use crate::pipeline::Pipeline;
use crate::store::{Recovered, UnixMillis};

/// The scheduler of a node. It ends with this value.
#[derive(Debug)]
pub struct Scheduler {
    board: Arc<Board>,
    orders: mpsc::Sender<Order>,
    /// Until it is waited for.
    service: Mutex<Option<JoinHandle<()>>>,
}

/// A device, for those who look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceStatus {
    /// The operator's name for it.
    pub name: String,
    /// `cpu`, `wgpu` or `cuda`; what is configured, where the device is missing.
    pub backend: &'static str,
    /// What its driver calls it, or why it is missing.
    pub description: String,
    /// Its identity, where it is there.
    pub fingerprint: Option<Fingerprint>,
    /// The jobs that it takes.
    pub kinds: Vec<JobKind>,
    /// Whether it takes work.
    pub state: DeviceState,
    /// The job that it works on.
    pub job: Option<JobId>,
    /// Failures since it last did what it should.
    pub failures: u64,
    /// Why it is drained.
    pub drained: Option<String>,
}

/// What the scheduler shows.
#[derive(Debug, Default)]
pub(super) struct Board {
    devices: Mutex<Vec<DeviceStatus>>,
    experience: Mutex<Experience>,
    loads: Mutex<Vec<(JobKind, Load)>>,
    ending: AtomicBool,
}

/// What the scheduler is told.
#[derive(Debug)]
pub(super) enum Order {
    /// Give a device no more jobs until it is restored, for this reason.
    Hold(Fingerprint, String),
    /// Give it jobs again.
    Restore(Fingerprint),
    /// End.
    Stop,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is shown is whole after every change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Board {
    pub(super) fn show_devices(&self, devices: Vec<DeviceStatus>) {
        *lock(&self.devices) = devices;
    }

    pub(super) fn show_loads(&self, loads: Vec<(JobKind, Load)>) {
        *lock(&self.loads) = loads;
    }

    pub(super) fn experience(&self) -> MutexGuard<'_, Experience> {
        lock(&self.experience)
    }
}

impl Scheduler {
    /// Starts to schedule, once the devices are there that must be. `recovered` is what [`Store::recover`](crate::store::Store::recover) found.
    pub async fn start(
        pipeline: Pipeline,
        settings: Settings,
        recovered: Recovered,
    ) -> Result<Self, DeviceError> {
        let board = Arc::<Board>::default();
        let (orders, received) = mpsc::channel(64);
        let service =
            Service::new(pipeline, settings, recovered, Arc::clone(&board), received).await?;
        Ok(Self {
            board,
            orders,
            service: Mutex::new(Some(tokio::spawn(service.serve()))),
        })
    }

    /// The devices, as they were a moment ago.
    pub fn devices(&self) -> Vec<DeviceStatus> {
        lock(&self.board.devices).clone()
    }

    /// Whether it gives out jobs.
    pub fn is_ending(&self) -> bool {
        self.board.ending.load(Ordering::Relaxed)
    }

    /// Whether a job can be there by its deadline, by what was measured. A job without one always can.
    pub fn forecast(&self, request: &JobRequest, now: UnixMillis) -> Result<(), TooLate> {
        let Some(deadline) = request.options.deadline else {
            return Ok(());
        };
        let left = UnixMillis::from_seconds(deadline).since(now);
        let own = self.board.experience().of_shape(Shape::of(request));
        let loads = lock(&self.board.loads);
        let load = loads.iter().find(|(kind, _)| *kind == request.kind);
        match load {
            Some((_, load)) => judge(load, &request.client, own.unwrap_or(0), left),
            None => Ok(()),
        }
    }

    /// Gives a device no more jobs until it is restored. The job that it works on goes on.
    pub async fn hold(&self, device: Fingerprint, reason: String) {
        self.order(Order::Hold(device, reason)).await;
    }

    /// Gives a device jobs again.
    pub async fn restore(&self, device: Fingerprint) {
        self.order(Order::Restore(device)).await;
    }

    /// Takes no more jobs, gives those that run the configured time to end, and queues the others again.
    pub async fn stop(&self) {
        self.board.ending.store(true, Ordering::Relaxed);
        self.order(Order::Stop).await;
        let service = lock(&self.service).take();
        if let Some(service) = service
            && let Err(error) = service.await
        {
            tracing::error!(%error, "the scheduler ended badly");
        }
    }

    async fn order(&self, order: Order) {
        // One that has ended gives no device any job.
        let _ = self.orders.send(order).await;
    }
}

impl Drop for Scheduler {
    /// Ends it at once, and with it the children of all attempts.
    fn drop(&mut self) {
        if let Some(service) = &*lock(&self.service) {
            service.abort();
        }
    }
}
