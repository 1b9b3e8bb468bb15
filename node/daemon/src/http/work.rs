//! What the API asks of those that do the work: the scheduler.

use std::future::Future;
use std::pin::Pin;

use arknet_protocol::api::DeviceInfo;
use arknet_protocol::{Code, Fingerprint, JobId, JobRequest};

use crate::store::UnixMillis;

/// An answer that is not there yet.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why the node does not take a job that is otherwise fine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Inadmissible {
    /// It wants a device that is not here.
    #[error("this node has no device {0}; `GET /v1/node` lists those it has")]
    NoSuchDevice(Fingerprint),
    /// It would come too late.
    #[error("the deadline cannot be kept: {0}")]
    Deadline(String),
    /// No work is taken.
    #[error("the node takes no work now: {0}")]
    Closed(String),
}

impl Inadmissible {
    /// The code for it.
    pub fn code(&self) -> Code {
        match self {
            Self::NoSuchDevice(_) => Code::NoSuchDevice,
            Self::Deadline(_) => Code::DeadlineUnmeetable,
            Self::Closed(_) => Code::Unavailable,
        }
    }
}

/// A device and what it does.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceLoad {
    /// What clients see of it.
    pub info: DeviceInfo,
    /// The job that it works on.
    pub job: Option<JobId>,
}

/// Those that do the work. They see for themselves what becomes of jobs: the store tells its listeners.
pub trait Work: Send + Sync + 'static {
    /// The devices, as they were a moment ago.
    fn devices(&self) -> Vec<DeviceLoad>;

    /// Whether jobs are taken.
    fn accepting(&self) -> bool;

    /// Whether a job could be done here and in time.
    fn admit(&self, request: &JobRequest, now: UnixMillis) -> Result<(), Inadmissible>;

    /// Gives a device no more jobs (`Some(reason)`), or jobs again (`None`).
    fn hold(&self, device: Fingerprint, reason: Option<String>) -> Answer<'_, ()>;
}
