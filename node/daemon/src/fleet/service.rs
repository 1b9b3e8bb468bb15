//! What the node does for its fleet all the time: it hears heartbeats and outcomes, takes back what is lost, and serves
//! files.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arknet_protocol::{KeyPair, PublicKey};
use futures_util::StreamExt;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::config::FleetConfig;
use super::counters::{Counters, count};
use super::files;
use super::hub::{Rejected, Shared, WorkerView};
use super::message::Orders;
use super::nats::{ConnectionError, QueueError, Taken, connect};
use crate::http::{ConnectionLimits, ListenError, Listener, Tls, TlsError};
use crate::metrics::Metrics;

/// How long to wait with the next try after NATS failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Why a fleet cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// NATS.
    #[error(transparent)]
    Nats(#[from] ConnectionError),
    /// The listener for files.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Its certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Two workers of one key or name.
    #[error("two workers of the fleet have the {what} {which}")]
    Twice {
        /// `key` or `name`.
        what: &'static str,
        /// Which.
        which: String,
    },
    /// A lease that no message can carry.
    #[error("a lease of {0:?} is not between half a second and ten minutes")]
    Lease(Duration),
}

/// The fleet of a node. It ends when it is dropped, and the attempts at its workers are taken back then.
pub struct Fleet {
    shared: Arc<Shared>,
    files: SocketAddr,
    tls: Option<Tls>,
    /// They end with it.
    _tasks: JoinSet<()>,
}

impl Fleet {
    /// Starts the fleet of a node. NATS need not be there yet; the address for files must be free.
    pub async fn start(
        config: &FleetConfig,
        key: Arc<KeyPair>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, FleetError> {
        if !Orders::LEASE_MS.contains(&u64::try_from(config.lease.as_millis()).unwrap_or(u64::MAX))
        {
            return Err(FleetError::Lease(config.lease));
        }
        let workers = workers(config)?;
        let tls = match &config.tls {
            None => None,
            Some((certificate, key)) => Some(Tls::open(certificate, key)?),
        };
        let listener = Listener::fleet(config.listen, tls.clone()).await?;
        let files = listener.address();
        let client = connect(&config.nats, "arknet node").await?;
        let shared = Arc::new(Shared::new(key, client, workers, config.lease));
        let mut tasks = JoinSet::new();
        // All of them end when the set is dropped.
        let (limits, never) = (ConnectionLimits::default(), CancellationToken::new());
        let routes = files::routes(Arc::clone(&shared));
        tasks.spawn(listener.serve(routes, limits, metrics, never));
        tasks.spawn(hear_heartbeats(Arc::clone(&shared)));
        tasks.spawn(hear_outcomes(Arc::clone(&shared)));
        tasks.spawn(sweep(Arc::clone(&shared)));
        Ok(Self {
            shared,
            files,
            tls,
            _tasks: tasks,
        })
    }

    /// Where workers fetch files.
    pub fn files(&self) -> SocketAddr {
        self.files
    }

    /// The workers of the configuration.
    pub fn workers(&self) -> Vec<WorkerView> {
        self.shared.views()
    }

    /// What happened so far.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Reads the certificate of the listener again, for connections from now on.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.tls.as_ref().map_or(Ok(()), Tls::reload)
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

fn workers(config: &FleetConfig) -> Result<BTreeMap<PublicKey, String>, FleetError> {
    let mut workers = BTreeMap::new();
    for worker in &config.workers {
        if workers.values().any(|name| *name == worker.name) {
            return Err(FleetError::Twice {
                what: "name",
                which: worker.name.clone(),
            });
        }
        if workers.insert(worker.key, worker.name.clone()).is_some() {
            return Err(FleetError::Twice {
                what: "key",
                which: worker.key.to_string(),
            });
        }
    }
    Ok(workers)
}

async fn hear_heartbeats(shared: Arc<Shared>) {
    loop {
        let subject = shared.names.all("heartbeat");
        match shared.client.subscribe(subject).await {
            Ok(mut messages) => {
                while let Some(message) = messages.next().await {
                    let heard = shared.heartbeat(&message.subject, &message.payload).await;
                    note(&shared, heard);
                }
            }
            Err(error) => warn!(%error, "workers cannot be heard"),
        }
        sleep(PAUSE).await;
    }
}

async fn hear_outcomes(shared: Arc<Shared>) {
    let stream = shared.names.outcome_stream();
    let consumer = shared.names.node_consumer();
    let mut ready = false;
    loop {
        if !ready {
            match prepare(&shared).await {
                Ok(()) => {
                    info!("the fleet's queues are ready");
                    ready = true;
                }
                Err(error) => {
                    warn!(%error, "the fleet waits for NATS");
                    sleep(PAUSE).await;
                    continue;
                }
            }
        }
        match shared.queue.take(&stream, &consumer).await {
            Ok(None) => {}
            Ok(Some(taken)) => hear_outcome(&shared, &taken).await,
            Err(error) => {
                warn!(%error, "outcomes cannot be heard");
                // NATS may have come back without its data.
                ready = false;
                sleep(PAUSE).await;
            }
        }
    }
}

async fn hear_outcome(shared: &Shared, taken: &Taken) {
    let heard = shared.outcome(taken.subject(), taken.payload()).await;
    note(shared, heard);
    if let Err(error) = taken.finish().await {
        warn!(%error, "an outcome comes again");
    }
}

/// Makes the streams and consumers that are not there. The node makes those of its workers too, so that these need no
/// more rights at NATS than to use them.
async fn prepare(shared: &Shared) -> Result<(), QueueError> {
    let (names, queue) = (&shared.names, &shared.queue);
    let work = names.work_stream();
    queue.ensure_stream(&work, names.all("work")).await?;
    for worker in shared.workers() {
        let consumer = names.worker_consumer(worker);
        queue
            .ensure_consumer(&work, &consumer, names.work(worker), shared.lease())
            .await?;
    }
    let outcomes = names.outcome_stream();
    queue.ensure_stream(&outcomes, names.all("outcome")).await?;
    let node = names.node_consumer();
    queue
        .ensure_consumer(&outcomes, &node, names.all("outcome"), shared.lease())
        .await
}

async fn sweep(shared: Arc<Shared>) {
    let mut ticks = interval(shared.lease() / 8);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        shared.sweep();
    }
}

fn note(shared: &Shared, heard: Result<(), Rejected>) {
    if let Err(error) = heard {
        count(&shared.counters.rejected);
        warn!(%error, "a message of the fleet is dropped");
    }
}
