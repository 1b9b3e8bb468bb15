//! What an operator decides about a fleet.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use arknet_protocol::PublicKey;

use super::nats::NatsConfig;

/// The node's side of a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetConfig {
    /// Where NATS is.
    pub nats: NatsConfig,
    /// Where workers fetch files and bring results.
    pub listen: SocketAddr,
    /// Certificate and key for that listener. Without them what passes can be read on the way, but not changed.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The workers. Nobody else gets work, files or a hearing.
    pub workers: Vec<WorkerEntry>,
    /// How long a worker may be silent before its attempts are given to others.
    pub lease: Duration,
}

/// A worker of a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerEntry {
    /// The operator's name for it.
    pub name: String,
    /// Its key.
    pub key: PublicKey,
}

impl FleetConfig {
    /// A lease that a worker keeps through a restart of NATS, and that does not make a client wait long for a dead one.
    pub const LEASE: Duration = Duration::from_secs(20);
}
