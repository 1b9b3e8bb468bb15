//! What a pipeline is made of.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arknet_protocol::KeyPair;

use super::error::PipelineError;
use crate::blobs::Blobs;
use crate::config::Config;
use crate::store::Store;
use crate::task::Program;

/// A future that a trait object gives.
pub type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;

/// The transparency log, as far as a pipeline needs it.
pub trait Log: Send + Sync {
    /// The proof that the log has the leaf with this number, as text; it publishes the leaf where that is not done yet.
    /// The same leaf may be asked for again.
    fn inclusion(&self, leaf: u64) -> Future<'_, Result<String, PipelineError>>;
}

/// What attempts may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory of a child; what is free when it starts, where this is `None`.
    pub memory: Option<u64>,
    /// What a run may take beside the time that its job declares.
    pub executing: Duration,
    /// What a proof may take.
    pub proving: Duration,
    /// What a check may take.
    pub verifying: Duration,
    /// Attempts before a job is given up.
    pub attempts: u32,
    /// How long a job waits before its next attempt, doubled each time.
    pub pause: Duration,
    /// Whether to go on where the system lacks a wall that strangers' jobs need.
    pub allow_weak: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: None,
            executing: Duration::from_secs(60),
            proving: Duration::from_secs(3600),
            verifying: Duration::from_secs(600),
            attempts: 3,
            pause: Duration::from_secs(5),
            allow_weak: false,
        }
    }
}

impl From<&Config> for Limits {
    fn from(config: &Config) -> Self {
        Self {
            memory: config.jobs.child_memory.map(|size| size.0),
            proving: config.jobs.proving_time.0,
            verifying: config.jobs.verifying_time.0,
            attempts: config.jobs.attempts.get(),
            allow_weak: config.devices.allow_weak_sandbox,
            ..Self::default()
        }
    }
}

/// What a pipeline works with.
pub struct Parts {
    /// Jobs.
    pub store: Store,
    /// Their files.
    pub blobs: Blobs,
    /// Where receipts are logged.
    pub log: Arc<dyn Log>,
    /// The node's key.
    pub key: Arc<KeyPair>,
    /// What children run.
    pub program: Program,
    /// A folder of its own, on the disk of the blobs.
    pub scratch: PathBuf,
    /// What attempts may take.
    pub limits: Limits,
}
