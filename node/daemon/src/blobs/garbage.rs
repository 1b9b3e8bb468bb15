//! Blobs that nobody needs, uploads that nobody goes on with, and files that no row knows.

use std::fs::{DirEntry, ReadDir};
use std::path::Path;
use std::sync::{Arc, PoisonError};

use arknet_protocol::BlobDigest;

use crate::store::UnixMillis;

use super::layout::digest_of;
use super::{BlobError, Blobs, blocking};

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Blobs that no job needed.
    pub blobs: usize,
    /// Uploads that nobody went on with.
    pub uploads: usize,
}

impl Blobs {
    /// Removes what nobody needs any more. To be called every few minutes.
    pub async fn collect(&self, now: UnixMillis) -> Result<Collected, BlobError> {
        let inner = &self.0;
        let settings = inner.settings;
        let stale = inner
            .store
            .forget_uploads(now, now.plus(-settings.partial_after))
            .await?;
        for upload in &stale {
            let key = (upload.client, upload.digest);
            let active = &inner.active;
            // Somebody goes on with it just now; its file is removed when it is stale again, or at the next start.
            let busy = active
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .contains(&key);
            if !busy {
                self.remove(inner.layout.upload(&key.0, &key.1)).await?;
            }
        }
        // Alone, so that no blob is given its row between the forgetting and the removing.
        let _alone = inner.publishing.write().await;
        let unneeded = inner
            .store
            .forget_blobs(now, now.plus(-settings.unused_after))
            .await?;
        for digest in &unneeded {
            self.remove(inner.layout.blob(digest)).await?;
        }
        Ok(Collected {
            blobs: unneeded.len(),
            uploads: stale.len(),
        })
    }

    /// Removes the files that a crash left: complete ones without a row, and incomplete ones that no upload knows. To be
    /// called once at the start, before anything is stored. Gives their number.
    pub async fn sweep(&self) -> Result<usize, BlobError> {
        let inner = &self.0;
        let _alone = inner.publishing.write().await;
        let mut removed = 0;
        for folder in self.entries(inner.layout.blobs()).await? {
            let name = folder.file_name();
            let Some(name) = name.to_str().filter(|name| name.len() == 2) else {
                continue;
            };
            for file in self.entries(&folder.path()).await? {
                let known = match file
                    .file_name()
                    .to_str()
                    .and_then(|file| digest_of(name, file))
                {
                    Some(digest) => inner.store.blob(None, digest).await?.is_some(),
                    None => false,
                };
                if !known {
                    self.remove(file.path()).await?;
                    removed += 1;
                }
            }
        }
        for file in self.entries(inner.layout.partials()).await? {
            let known = match file.file_name().to_str().and_then(upload_key) {
                Some((client, digest)) => inner.store.upload(client, digest).await?.is_some(),
                None => false,
            };
            if !known {
                self.remove(file.path()).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    async fn remove(&self, path: std::path::PathBuf) -> Result<(), BlobError> {
        let inner = Arc::clone(&self.0);
        blocking(move || {
            inner
                .disk
                .remove(&path)
                .map_err(BlobError::at("removing", &path))
        })
        .await
    }

    async fn entries(&self, folder: &Path) -> Result<Vec<DirEntry>, BlobError> {
        let folder = folder.to_owned();
        blocking(move || {
            std::fs::read_dir(&folder)
                .and_then(ReadDir::collect)
                .map_err(BlobError::at("listing", &folder))
        })
        .await
    }
}

/// Whose upload of what a file of this name is.
fn upload_key(name: &str) -> Option<(arknet_protocol::PublicKey, BlobDigest)> {
    let (client, digest) = name.split_once('-')?;
    Some((
        format!("ed25519:{client}").parse().ok()?,
        digest.parse().ok()?,
    ))
}
