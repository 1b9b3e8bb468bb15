//! What a node is told, with every default filled in.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use arknet_protocol::api::NodeLimits;

use crate::abuse::{GuardSettings, Rate, Thresholds};
use crate::blobs::BlobSettings;
use crate::http::{ConnectionLimits, Pace};
use crate::store::{Admission, Quotas};

/// The files of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain of certificates, in PEM.
    pub certificate: PathBuf,
    /// The key, in PEM.
    pub key: PathBuf,
}

/// What a node is told.
#[derive(Clone, Debug)]
pub struct NodeSettings {
    /// The data folder.
    pub data: PathBuf,
    /// Where clients are listened for.
    pub listen: SocketAddr,
    /// Where the operator is listened for.
    pub admin: SocketAddr,
    /// With which certificate clients are answered; none means without TLS.
    pub tls: Option<TlsFiles>,
    /// What is asked of connections.
    pub connections: ConnectionLimits,
    /// What is asked of callers.
    pub guard: GuardSettings,
    /// How slowly bodies may come.
    pub pace: Pace,
    /// The bounds of every job.
    pub limits: NodeLimits,
    /// Quotas and the length of the queue.
    pub admission: Admission,
    /// What is kept of blobs.
    pub blobs: BlobSettings,
    /// Event streams of one client at a time.
    pub streams_per_client: usize,
    /// Event streams of all clients at a time.
    pub streams: usize,
}

impl NodeSettings {
    /// The defaults for a node on the data folder `data`.
    pub fn on(data: PathBuf) -> Self {
        const GIB: u64 = 1 << 30;
        const DAY_MS: i64 = 86_400_000;
        let rate = |per_second, burst| Rate { per_second, burst };
        let count = |count| std::num::NonZeroU32::new(count).unwrap_or(std::num::NonZeroU32::MIN);
        Self {
            data,
            listen: SocketAddr::from(([127, 0, 0, 1], 7117)),
            admin: SocketAddr::from(([127, 0, 0, 1], 7118)),
            tls: None,
            connections: ConnectionLimits::default(),
            guard: GuardSettings {
                address: rate(count(200), count(400)),
                client: rate(count(50), count(100)),
                thresholds: Thresholds::default(),
                quarantine: Duration::from_secs(24 * 60 * 60),
            },
            pace: Pace::default(),
            limits: NodeLimits {
                blob_bytes: GIB,
                memory: GIB,
                time_ms: 10 * 60 * 1000,
            },
            admission: Admission {
                quotas: Quotas {
                    running: 4,
                    queued: 100,
                    bytes: 10 * GIB,
                    device_seconds: 6 * 60 * 60,
                },
                max_queue: 10_000,
            },
            blobs: BlobSettings {
                max_bytes: GIB,
                min_free: GIB,
                unused_after: 7 * DAY_MS,
                partial_after: DAY_MS,
            },
            streams_per_client: 16,
            streams: 2048,
        }
    }
}
