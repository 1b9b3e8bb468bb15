//! `arknet worker`: a machine that performs attempts for a node.
//!
//! A worker knows its node by key and believes nobody else. It takes one assignment at a time from its queue, fetches the
//! blobs from the node, performs the attempt as the node would (`crate::task`), brings the results back, says how it ended,
//! and goes on when the node has closed the ticket. All that time a thread of its own beats. Told to stop, it takes nothing
//! more, ends what it has in hand if that does not take too long, and says so.
//!
//! One worker is one device. A machine with several has several workers, each with a key of its own.

mod attempt;
mod children;
mod courier;
mod folder;
mod heart;
mod pulse;
mod settings;

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arknet_protocol::{KeyPair, PublicKey};
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

pub use attempt::Job;
pub use children::Children;
pub use courier::CourierError;
pub use settings::{SettingsError, WorkerSettings};

use super::message::{Ends, WorkerDevice};
use super::nats::{ConnectionError, Names, NatsConfig, Queue, connect};
use crate::task::{Ended, Progress};
use courier::Courier;
use heart::{Heart, Identity};
use pulse::Pulse;

/// The pause after NATS failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Performs attempts.
pub trait Execute: Send + Sync {
    /// What it computes with.
    fn device(&self) -> WorkerDevice;

    /// Performs one. `progress` hears how far it is; once `dropped` is ready nobody wants it any more.
    fn execute(
        &self,
        job: Job<'_>,
        progress: &mut (dyn FnMut(Progress) + Send),
        dropped: impl Future<Output = ()> + Send,
    ) -> impl Future<Output = Ended> + Send;
}

/// What an operator decides about a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerConfig {
    /// The node that it works for.
    pub node: PublicKey,
    /// Where the node's fleet listens for file calls.
    pub files: String,
    /// Who may sign that listener's certificate, in place of the system's list.
    pub authority: Option<PathBuf>,
    /// Where NATS is.
    pub nats: NatsConfig,
    /// The folder for attempts. Those in it are deleted at the start.
    pub scratch: PathBuf,
    /// How long an attempt in hand may go on when the worker is told to stop.
    pub drain: Duration,
}

/// Why a worker does not work.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// NATS.
    #[error(transparent)]
    Nats(#[from] ConnectionError),
    /// The node's files.
    #[error(transparent)]
    Courier(#[from] CourierError),
    /// The folder for attempts.
    #[error("the folder for attempts {}: {source}", path.display())]
    Scratch {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The thread that beats.
    #[error("the thread for heartbeats cannot be started: {0}")]
    Heart(io::Error),
}

/// What a worker has at hand for every attempt.
struct Bench<E> {
    key: Arc<KeyPair>,
    ends: Ends,
    names: Names,
    queue: Queue,
    courier: Courier,
    scratch: PathBuf,
    pulse: Pulse,
    execute: E,
}

/// Works until `stop` is ready and what is in hand has ended. NATS and the node may come later and go away meanwhile.
pub async fn run<E: Execute>(
    config: &WorkerConfig,
    key: Arc<KeyPair>,
    execute: E,
    stop: impl Future<Output = ()>,
) -> Result<(), WorkerError> {
    let ends = Ends {
        node: config.node,
        worker: key.public(),
    };
    clear(&config.scratch).map_err(|source| WorkerError::Scratch {
        path: config.scratch.clone(),
        source,
    })?;
    let courier = Courier::new(
        &config.files,
        config.authority.as_deref(),
        config.node,
        Arc::clone(&key),
    )?;
    let pulse = Pulse::new();
    let identity = Identity {
        key: Arc::clone(&key),
        ends,
        device: execute.device(),
    };
    let heart =
        Heart::start(config.nats.clone(), identity, pulse.clone()).map_err(WorkerError::Heart)?;
    let bench = Bench {
        key,
        ends,
        names: Names::of(&ends.node),
        queue: Queue::new(connect(&config.nats, "arknet worker").await?),
        courier,
        scratch: config.scratch.clone(),
        pulse,
        execute,
    };
    bench.work_until(stop, config.drain).await;
    heart.stop().await;
    info!("the worker has stopped");
    Ok(())
}

impl<E: Execute> Bench<E> {
    async fn work_until(&self, stop: impl Future<Output = ()>, drain: Duration) {
        let stream = self.names.work_stream();
        let consumer = self.names.worker_consumer(&self.ends.worker);
        tokio::pin!(stop);
        loop {
            let taken = tokio::select! {
                biased;
                () = &mut stop => break,
                taken = self.queue.take(&stream, &consumer) => taken,
            };
            match taken {
                Ok(None) => {}
                Ok(Some(taken)) => {
                    let dealing = self.deal_with(taken);
                    tokio::pin!(dealing);
                    tokio::select! {
                        biased;
                        () = &mut stop => {
                            self.pulse.drain();
                            info!("the worker ends what it has in hand, and stops");
                            if timeout(drain, dealing).await.is_err() {
                                warn!("what is in hand takes too long and is given back");
                            }
                            return;
                        }
                        () = &mut dealing => {}
                    }
                }
                Err(error) => {
                    warn!(%error, "no assignment can be asked for");
                    tokio::select! {
                        () = &mut stop => break,
                        () = sleep(PAUSE) => {}
                    }
                }
            }
        }
        self.pulse.drain();
    }
}

/// Empties the folder for attempts: those in it were given to others long ago, or come again from the start.
fn clear(scratch: &Path) -> io::Result<()> {
    std::fs::create_dir_all(scratch)?;
    for entry in std::fs::read_dir(scratch)? {
        let entry = entry?;
        // An attempt's folder is named by its ticket. What somebody else put here is left alone.
        let name = entry.file_name();
        let is_attempt = name.to_string_lossy().split('-').count() == 3;
        if entry.file_type()?.is_dir() && is_attempt {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
