//! Where files are. Names are made from keys and digests only, never from text that anybody sent.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use arknet_protocol::{BlobDigest, PublicKey};

use super::BlobError;

/// The folders of blobs in a data folder.
pub(crate) struct Layout {
    blobs: PathBuf,
    partial: PathBuf,
}

impl Layout {
    pub(crate) fn new(data: &Path) -> Self {
        Self {
            blobs: data.join("blobs"),
            partial: data.join("partial"),
        }
    }

    /// Makes the folders.
    pub(super) fn create(&self) -> Result<(), BlobError> {
        for folder in [&self.blobs, &self.partial] {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(BlobError::at("creating", folder))?;
        }
        Ok(())
    }

    /// The folder of all blobs.
    pub(crate) fn blobs(&self) -> &Path {
        &self.blobs
    }

    /// The folder of files that are not complete.
    pub(super) fn partials(&self) -> &Path {
        &self.partial
    }

    /// The folder of a blob's file.
    pub(crate) fn folder(&self, digest: &BlobDigest) -> PathBuf {
        self.blobs.join(&digest.to_string()[..2])
    }

    /// The file of a blob.
    pub(crate) fn blob(&self, digest: &BlobDigest) -> PathBuf {
        self.folder(digest).join(&digest.to_string()[2..])
    }

    /// The file of an upload.
    pub(super) fn upload(&self, client: &PublicKey, digest: &BlobDigest) -> PathBuf {
        let client: String = client
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.partial.join(format!("{client}-{digest}"))
    }

    /// A file that is made here.
    pub(super) fn new_file(&self, number: u64) -> PathBuf {
        self.partial.join(format!("new-{number}"))
    }
}

/// The digest that a file is named by, given the name of its folder and its own.
pub(super) fn digest_of(folder: &str, file: &str) -> Option<BlobDigest> {
    (folder.len() == 2).then(|| format!("{folder}{file}").parse().ok())?
}
