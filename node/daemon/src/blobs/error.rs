//! Why a blob cannot be stored or read.

use std::io;
use std::path::{Path, PathBuf};

use arknet_protocol::BlobDigest;

use crate::store::{BeginUploadError, StoreError};

/// An error of the blobs.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no such blob.
    #[error("the blob {0} is not stored")]
    NotStored(BlobDigest),
    /// Its file is gone or has other bytes.
    #[error(
        "the file of the blob {0} is missing or damaged: check the disk, and restore it from a backup"
    )]
    Damaged(BlobDigest),
    /// More bytes than allowed.
    #[error("{bytes} bytes are more than the {limit} that a blob may have here")]
    TooLarge {
        /// The bytes, or how many had come when it was clear.
        bytes: u64,
        /// The most allowed.
        limit: u64,
    },
    /// The upload goes on elsewhere.
    #[error("the upload goes on at byte {expected}, not at {got}")]
    WrongOffset {
        /// Where it goes on.
        expected: u64,
        /// Where the caller began.
        got: u64,
    },
    /// More bytes came than were announced.
    #[error("more than the {0} bytes came that were announced")]
    TooMany(u64),
    /// Another call is sending the same blob.
    #[error("another call is sending this blob: wait until it is done")]
    Busy,
    /// The bytes are others than announced. Nothing of them is kept.
    #[error("the bytes have the digest {got}, not {announced}: send the blob again")]
    DigestMismatch {
        /// What was announced.
        announced: BlobDigest,
        /// What came.
        got: BlobDigest,
    },
    /// The client may not begin this upload.
    #[error(transparent)]
    Begin(BeginUploadError),
    /// The disk is full, or would be.
    #[error("the disk is full: nothing was stored")]
    Full,
    /// The output of a job is no plain file.
    #[error("{} is not a plain file with one name", .0.display())]
    NotPlain(PathBuf),
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
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program has an error.
    #[error("an internal error: {0}")]
    Panicked(String),
}

impl BlobError {
    /// The error for what the system says while `doing` something with `path`.
    pub(super) fn at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full,
            _ => Self::Io {
                doing,
                path,
                source,
            },
        }
    }

    /// The error for what the system says while a blob is read.
    pub(super) fn reading(digest: BlobDigest) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing: "reading the blob",
            path: PathBuf::from(digest.to_string()),
            source,
        }
    }
}

impl From<BeginUploadError> for BlobError {
    fn from(error: BeginUploadError) -> Self {
        match error {
            BeginUploadError::Store(error) => Self::Store(error),
            other => Self::Begin(other),
        }
    }
}
