//! What the page shows at a glance: the answer to `GET /admin/v1/overview`.
//!
//! Times are milliseconds since 1970 by the node's clock.

use std::collections::BTreeMap;

use arknet_protocol::api::DeviceInfo;
use arknet_protocol::{JobId, PublicKey};
use serde::Serialize;

/// The node at a moment.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// The node's key.
    pub node: PublicKey,
    /// The version of the program.
    pub version: String,
    /// Now.
    pub now_ms: u64,
    /// When the node started.
    pub started_ms: u64,
    /// Whether it takes jobs.
    pub accepting: bool,
    /// Jobs by state.
    pub jobs: JobCounts,
    /// What it computes with.
    pub devices: Vec<DeviceLine>,
    /// Who uses it.
    pub clients: Vec<ClientLine>,
    /// Its transparency log.
    pub log: Option<LogLine>,
    /// Its disk.
    pub storage: StorageLine,
}

/// How many jobs there are. Those that ended count until the node forgets them.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct JobCounts {
    /// Waiting.
    pub queued: u64,
    /// Running.
    pub executing: u64,
    /// Being proven.
    pub proving: u64,
    /// Having their proof checked.
    pub verifying: u64,
    /// Done.
    pub done: u64,
    /// Failed.
    pub failed: u64,
    /// Cancelled or expired.
    pub dropped: u64,
}

/// A device and how it does.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceLine {
    /// What clients see of it.
    pub info: DeviceInfo,
    /// The job it works on.
    pub job: Option<JobId>,
    /// Failures in a row.
    pub failures: u64,
    /// Why it is drained.
    pub reason: Option<String>,
    /// Measured throughput, by measure.
    pub rates: BTreeMap<String, RateLine>,
    /// The last hours in which it worked, oldest first; at most 48.
    pub hours: Vec<DeviceHourLine>,
}

/// A measured throughput.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RateLine {
    /// Units a second, averaged with more weight on the latest.
    pub value: f64,
    /// Measurements so far.
    pub samples: u64,
}

/// An hour of a device.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DeviceHourLine {
    /// When it began.
    pub start_ms: u64,
    /// Attempts that ended.
    pub jobs: u64,
    /// Those that failed because of the device.
    pub failures: u64,
    /// Milliseconds at work.
    pub busy_ms: u64,
}

/// A client, how much of its quota it uses, and how it behaves.
#[derive(Clone, Debug, Serialize)]
pub struct ClientLine {
    /// Its key.
    pub client: PublicKey,
    /// `good`, `throttled` or `quarantined`.
    pub standing: String,
    /// Why it is not `good`.
    pub reason: Option<String>,
    /// Until when.
    pub until_ms: Option<u64>,
    /// The anomaly score; 0 is spotless.
    pub score: f64,
    /// What the score is made of, as a sentence.
    pub explanation: Option<String>,
    /// What it uses and may use.
    pub quota: QuotaUse,
}

/// A client's quotas.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct QuotaUse {
    /// Jobs under way.
    pub running: Quota,
    /// Jobs that wait.
    pub queued: Quota,
    /// Bytes of blobs.
    pub bytes: Quota,
    /// Milliseconds on devices today.
    pub device_ms: Quota,
}

/// How much of something is used.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Quota {
    /// This much is.
    pub used: u64,
    /// This much may be.
    pub limit: u64,
}

/// The transparency log.
#[derive(Clone, Debug, Serialize)]
pub struct LogLine {
    /// Its verifier key, as a signed note's `name+hash+key`.
    pub key: String,
    /// Its name.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// The Merkle root, as the checkpoint prints it.
    pub root: String,
    /// The witnesses that cosigned it.
    pub witnesses: Vec<String>,
    /// The checkpoint as it is served.
    pub checkpoint: String,
}

/// The disk.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StorageLine {
    /// Bytes of all blobs.
    pub blob_bytes: u64,
    /// Bytes that are free where the data lie, where that is known.
    pub free_bytes: Option<u64>,
}
