//! Why a node does not start.

use arknet_protocol::KeyFileError;

use crate::blobs::BlobError;
use crate::http::{ListenError, TlsError};
use crate::log::LogError;
use crate::pipeline::PipelineError;
use crate::scheduler::DeviceError;
use crate::store::{ChangeError, LockError, StoreError};

/// Why a node does not start. Each of them says what to do.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The data folder is somebody else's.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The node's key cannot be had.
    #[error("the node's key: {0}; `arknet node init` makes one")]
    Key(#[from] KeyFileError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What a former run left cannot be put in order.
    #[error("the jobs of a former run: {0}")]
    Recover(#[from] ChangeError),
    /// The blobs.
    #[error("the blobs: {0}")]
    Blobs(#[from] BlobError),
    /// The transparency log.
    #[error("the transparency log: {0}")]
    Log(#[from] LogError),
    /// The folder for attempts.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// A device that was asked for by name.
    #[error(transparent)]
    Devices(#[from] DeviceError),
    /// A listener.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The certificate.
    #[error("TLS: {0}")]
    Tls(#[from] TlsError),
    /// Signals of the system cannot be waited for.
    #[error("signals cannot be waited for: {0}")]
    Signals(std::io::Error),
}
