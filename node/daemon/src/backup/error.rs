//! Why there is no backup, or none that can be restored.

use std::io;
use std::path::{Path, PathBuf};

use arknet_protocol::BlobDigest;

use crate::store::{AuditError, LockError, StoreError};

/// An error of backing up or restoring.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The backup's folder is there already.
    #[error("{} is there already: name a folder that is not", .0.display())]
    Exists(PathBuf),
    /// There is no whole backup.
    #[error("{} is not a complete backup: it has no {}", .0.display(), super::MANIFEST)]
    Incomplete(PathBuf),
    /// Its description is not one.
    #[error("{} does not describe a backup: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Something in it is not what it was.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// A blob that a job needs cannot be had.
    #[error("the blob {0}, which a job needs, is missing or damaged: `arknet doctor` says more")]
    Blob(BlobDigest),
    /// The audit log does not hold.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// There is a database where one is to be restored.
    #[error("{} has a database already: move it away first, so that nothing is lost", .0.display())]
    Occupied(PathBuf),
    /// The data folder is in use.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The database cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be used.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl BackupError {
    /// The error for what the system says while `doing` something with `path`.
    pub(super) fn at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
