//! Why an attempt stops on the node's own account.

use std::io;
use std::path::PathBuf;

use crate::blobs::BlobError;
use crate::store::{ChangeError, StoreError};

/// Why an attempt stops that neither the job nor the device is to blame for.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The job has moved on, or the store failed.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The scratch folder cannot be used.
    #[error("`{}` cannot be used: {source}; is the disk full or read-only?", path.display())]
    Scratch {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A blob cannot be read or stored.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// The log does not take the receipt now.
    #[error("the log has no inclusion proof: {0}")]
    Log(String),
    /// What is stored does not fit together.
    #[error("what is stored of this job does not fit together: {0}")]
    Inconsistent(String),
}

impl From<StoreError> for PipelineError {
    fn from(error: StoreError) -> Self {
        Self::Change(error.into())
    }
}

impl PipelineError {
    /// Whether the job has moved on, so that the attempt is of no use to anybody.
    pub fn is_stale(&self) -> bool {
        matches!(
            self,
            Self::Change(
                ChangeError::Stale { .. } | ChangeError::NoSuchJob(_) | ChangeError::Sealed(_)
            )
        )
    }
}
