//! What a backup says about itself.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use arknet_protocol::{BlobDigest, PublicKey};
use serde::{Deserialize, Serialize};

use super::{BackupError, MANIFEST};

/// Bytes of a description that are read.
const MAX_BYTES: u64 = 64 << 10;

/// `backup.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The form of the backup: 1.
    pub(super) version: u32,
    /// The node that it is of.
    pub(super) node: PublicKey,
    /// When it was made, in seconds since 1970.
    pub(super) made_at: u64,
    /// The version of the database.
    pub(super) database_version: u32,
    /// The digest of its file.
    pub(super) database: BlobDigest,
    /// Entries of the audit log.
    pub(super) audit_entries: u64,
    /// The hash after the last of them.
    pub(super) audit_hash: Option<BlobDigest>,
    /// Entries of the transparency log.
    pub(super) leaves: u64,
    /// Blobs.
    pub(super) blobs: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// Whether the keys are in it.
    pub(super) keys: bool,
}

impl Manifest {
    pub(super) const VERSION: u32 = 1;

    pub(super) fn read(backup: &Path) -> Result<Self, BackupError> {
        let path = backup.join(MANIFEST);
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BackupError::Incomplete(backup.to_owned()));
            }
            other => other.map_err(BackupError::at("opening", &path))?,
        };
        let mut text = Vec::new();
        file.take(MAX_BYTES)
            .read_to_end(&mut text)
            .map_err(BackupError::at("reading", &path))?;
        let wrong = |reason: String| BackupError::Manifest {
            path: path.clone(),
            reason,
        };
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        match manifest.version {
            Self::VERSION => Ok(manifest),
            other => Err(wrong(format!(
                "it has version {other}, and this program knows version {}",
                Self::VERSION
            ))),
        }
    }

    pub(super) fn write(&self, backup: &Path) -> Result<(), BackupError> {
        let path = backup.join(MANIFEST);
        let text = serde_json::to_vec_pretty(self).map_err(|error| BackupError::Manifest {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        File::create_new(&path)
            .and_then(|mut file| {
                file.write_all(&text)?;
                file.sync_all()
            })
            .map_err(BackupError::at("writing", &path))
    }
}
