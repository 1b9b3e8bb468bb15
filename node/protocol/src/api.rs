//! What the API answers, as JSON. Clients ignore keys they do not know, so answers may grow.

use serde::{Deserialize, Serialize};

use crate::digest::{BlobDigest, Fingerprint, JobId, RequestDigest};
use crate::identity::PublicKey;
use crate::request::PresetName;
use crate::state::{JobKind, JobState, Phase, Reason};

/// What a node says of itself: `GET /v1/node`, for everybody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeInfo {
    /// The node's key: the audience of requests and the signer of attestations.
    pub node: PublicKey,
    /// The version of the program.
    pub version: String,
    /// The node's clock, in seconds since 1970.
    pub time: u64,
    /// What it does.
    pub kinds: Vec<JobKind>,
    /// The proofs it makes.
    pub presets: Vec<PresetName>,
    /// The bounds of every job.
    pub limits: NodeLimits,
    /// What it computes with.
    pub devices: Vec<DeviceInfo>,
    /// The verifier key of its transparency log, as a signed note's `name+hash+key`.
    pub log: Option<String>,
    /// Whether it takes jobs now.
    pub accepting: bool,
}

/// The bounds that a node sets to every job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeLimits {
    /// Bytes of a blob.
    pub blob_bytes: u64,
    /// The largest `limits.memory`.
    pub memory: u64,
    /// The largest `limits.time_ms`.
    pub time_ms: u64,
}

/// A device of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceInfo {
    /// The operator's name for it.
    pub name: String,
    /// `cpu`, `wgpu` or `cuda`.
    pub backend: String,
    /// What the driver calls it.
    pub description: String,
    /// Its identity, for jobs that want one device.
    pub fingerprint: Fingerprint,
    /// Whether it takes work.
    pub state: DeviceState,
}

/// Whether a device takes work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DeviceState {
    /// It waits for work.
    Idle,
    /// It works.
    Busy,
    /// It failed too often and is given nothing until a test job succeeds.
    Drained,
    /// It is not there.
    Missing,
}

/// Where a blob stands: `GET /v1/blobs/{digest}/status` and the answer to an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlobStatus {
    /// Which blob.
    pub digest: BlobDigest,
    /// Bytes that are safely there; an upload goes on here.
    pub received: u64,
    /// Whether all of it is there.
    pub complete: bool,
}

/// A job: `GET /v1/jobs/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobView {
    /// Its id.
    pub id: JobId,
    /// The digest of its request, which its receipt carries.
    pub request: RequestDigest,
    /// Whose it is.
    pub client: PublicKey,
    /// What is done.
    pub kind: JobKind,
    /// Where it is.
    pub state: JobState,
    /// How far the present phase is.
    pub percent: Option<u8>,
    /// Attempts so far, the present one included.
    pub attempt: u32,
    /// Its priority among the client's jobs.
    pub priority: u8,
    /// After this it is of no use, in seconds since 1970.
    pub deadline: Option<u64>,
    /// The device of the present or last attempt, by the operator's name.
    pub device: Option<String>,
    /// Why it ended without a result.
    pub reason: Option<Reason>,
    /// The same for people: for a kernel that trapped, the place in its source.
    pub detail: Option<String>,
    /// When it came into each state, in order.
    pub timeline: Vec<StateChange>,
    /// Its outputs, once it is done.
    pub outputs: Vec<OutputView>,
    /// The receipt, once it is done.
    pub receipt: Option<BlobDigest>,
    /// The receipt's place in the transparency log.
    pub log_index: Option<u64>,
}

/// When a job came into a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateChange {
    /// The state.
    pub state: JobState,
    /// In which attempt.
    pub attempt: u32,
    /// Milliseconds since 1970.
    pub at_ms: u64,
}

/// A buffer after the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutputView {
    /// The variable's name in the WGSL.
    pub name: String,
    /// The blob with its words.
    pub digest: BlobDigest,
    /// Its bytes.
    pub size: u64,
}

/// Some of a client's jobs, newest first: `GET /v1/jobs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobList {
    /// The jobs.
    pub jobs: Vec<JobView>,
    /// What to pass as `cursor` for those that follow.
    pub next: Option<String>,
}

/// One event of `GET /v1/jobs/{id}/events`. Its SSE id is `sequence`, from which a broken stream goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobEvent {
    /// Grows with every event of the node.
    pub sequence: u64,
    /// Which job.
    pub job: JobId,
    /// Milliseconds since 1970.
    pub at_ms: u64,
    /// Where it is now.
    pub state: JobState,
    /// Which attempt.
    pub attempt: u32,
    /// The phase that is under way.
    pub phase: Option<Phase>,
    /// How far it is.
    pub percent: Option<u8>,
    /// Why it ended without a result.
    pub reason: Option<Reason>,
    /// The same for people.
    pub detail: Option<String>,
}

/// Which jobs a job's inputs come from and where its outputs went: `GET /v1/jobs/{id}/lineage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lineage {
    /// The job that was asked about.
    pub job: JobId,
    /// Every job that is connected with it, itself included.
    pub jobs: Vec<LineageJob>,
    /// Which output became which input.
    pub edges: Vec<LineageEdge>,
    /// Whether there are more than are listed.
    pub truncated: bool,
}

/// A job of a lineage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineageJob {
    /// Its id.
    pub id: JobId,
    /// What is done.
    pub kind: JobKind,
    /// Where it is.
    pub state: JobState,
}

/// An output that became an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineageEdge {
    /// The job that made it.
    pub from: JobId,
    /// The job that took it.
    pub to: JobId,
    /// The blob.
    pub digest: BlobDigest,
}
