//! The bytes of blobs: kernels, inputs, outputs, receipts. Files named by their digest.
//!
//! ```text
//!  client ─▶ partial/KEY-DIGEST ─ all bytes, digest right ─▶ sync ─▶ rename ─▶ blobs/ab/cdef… ─▶ sync folder ─▶ row
//!  output ─▶ partial/new-N      ─────────────────────────────┘
//! ```
//!
//! A file gets its final name only when it is complete, synced and of the right digest; its row comes after that, and
//! only rows make blobs exist. A crash in between leaves a file without a row, which the next start removes. Whose a blob
//! is, is in the store: who wants to own a blob that is there already must send all of its bytes, since knowing a digest
//! is no proof of having had the data.

mod disk;
mod error;
mod garbage;
mod layout;
mod scrub;
mod upload;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arknet_protocol::api::BlobStatus;
use arknet_protocol::{BlobDigest, BlobHasher, PublicKey};
use tokio::sync::RwLock;

use crate::store::{BlobRecord, Store, UnixMillis};

use disk::{Disk, DiskFile, SystemDisk};
pub(crate) use layout::Layout;

pub use error::BlobError;
pub use garbage::Collected;
pub use scrub::ScrubReport;
pub use upload::{Begun, Upload};

/// Bytes that are read, hashed and written at a time.
const CHUNK: usize = 256 << 10;

/// What the operator decides about blobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobSettings {
    /// The largest blob.
    pub max_bytes: u64,
    /// Uploads are refused that would leave less than this much of the disk free.
    pub min_free: u64,
    /// A blob that no job needs is removed this long after it was last sent, in milliseconds.
    pub unused_after: i64,
    /// An upload that nobody goes on with is removed after this long, in milliseconds.
    pub partial_after: i64,
}

/// The blobs of a node. Clones share them.
#[derive(Clone)]
pub struct Blobs(Arc<Inner>);

struct Inner {
    store: Store,
    layout: Layout,
    disk: Box<dyn Disk>,
    settings: BlobSettings,
    /// Uploads that a call is writing to.
    active: Mutex<HashSet<(PublicKey, BlobDigest)>>,
    /// Shared by those who give a file its name and then its row; alone for who takes both away.
    publishing: RwLock<()>,
    /// Numbers of files that are made here.
    next: AtomicU64,
}

impl Blobs {
    /// Opens the blobs of the data folder `data`, and makes the folders where they are not there.
    pub fn in_folder(data: &Path, store: Store, settings: BlobSettings) -> Result<Self, BlobError> {
        Self::with_disk(data, store, settings, Box::new(SystemDisk))
    }

    fn with_disk(
        data: &Path,
        store: Store,
        settings: BlobSettings,
        disk: Box<dyn Disk>,
    ) -> Result<Self, BlobError> {
        let layout = Layout::new(data);
        layout.create()?;
        Ok(Self(Arc::new(Inner {
            store,
            layout,
            disk,
            settings,
            active: Mutex::default(),
            publishing: RwLock::default(),
            next: AtomicU64::new(0),
        })))
    }

    /// What the operator decided.
    pub fn settings(&self) -> BlobSettings {
        self.0.settings
    }

    /// Where a blob of a client stands.
    pub async fn status(
        &self,
        client: PublicKey,
        digest: BlobDigest,
    ) -> Result<BlobStatus, BlobError> {
        if let Some(blob) = self.0.store.blob(Some(client), digest).await? {
            return Ok(BlobStatus {
                digest,
                received: blob.bytes,
                complete: true,
            });
        }
        let upload = self.0.store.upload(client, digest).await?;
        Ok(BlobStatus {
            digest,
            received: upload.map_or(0, |upload| upload.durable),
            complete: false,
        })
    }

    /// Opens a stored blob, whosever it is, and gives its length.
    pub async fn open(&self, digest: BlobDigest) -> Result<(tokio::fs::File, u64), BlobError> {
        let record = self.0.store.blob(None, digest).await?;
        let record = record.ok_or(BlobError::NotStored(digest))?;
        let path = self.0.layout.blob(&digest);
        let file = match tokio::fs::File::open(&path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BlobError::Damaged(digest));
            }
            other => other.map_err(BlobError::at("opening", &path))?,
        };
        let length = file
            .metadata()
            .await
            .map_err(BlobError::at("reading", &path))?
            .len();
        match length == record.bytes {
            true => Ok((file, length)),
            false => Err(BlobError::Damaged(digest)),
        }
    }

    /// The bytes of a blob that has at most `limit`. They are checked against the digest.
    pub async fn bytes(&self, digest: BlobDigest, limit: u64) -> Result<Vec<u8>, BlobError> {
        let (file, length) = self.open(digest).await?;
        if length > limit {
            return Err(BlobError::TooLarge {
                bytes: length,
                limit,
            });
        }
        let file = file.into_std().await;
        blocking(move || {
            let mut bytes = Vec::new();
            file.take(limit)
                .read_to_end(&mut bytes)
                .map_err(BlobError::reading(digest))?;
            match BlobDigest::of(&bytes) == digest {
                true => Ok(bytes),
                false => Err(BlobError::Damaged(digest)),
            }
        })
        .await
    }

    /// Copies a blob to a new file. What is copied is checked against the digest; a copy that is wrong is removed.
    pub async fn copy_to(&self, digest: BlobDigest, path: &Path) -> Result<u64, BlobError> {
        let (file, _) = self.open(digest).await?;
        let file = file.into_std().await;
        let path = path.to_owned();
        blocking(move || {
            let result = copy_checked(digest, file, &path);
            if result.is_err() {
                // It is of no use; that it cannot be removed is not what went wrong.
                let _ = std::fs::remove_file(&path);
            }
            result
        })
        .await
    }

    /// Stores bytes, for a client or for nobody yet.
    pub async fn put_bytes(
        &self,
        now: UnixMillis,
        client: Option<PublicKey>,
        bytes: Vec<u8>,
    ) -> Result<BlobRecord, BlobError> {
        let limit = bytes.len() as u64;
        self.put(now, client, limit, io::Cursor::new(bytes)).await
    }

    /// Stores a file of at most `limit` bytes that a job wrote, for a client or for nobody yet. The file is not believed: it
    /// must be a plain file with one name, so that no link can make anything else of the node an output.
    pub async fn put_file(
        &self,
        now: UnixMillis,
        client: Option<PublicKey>,
        path: &Path,
        limit: u64,
    ) -> Result<BlobRecord, BlobError> {
        let owned = path.to_owned();
        let file = blocking(move || open_plain(&owned)).await?;
        self.put(now, client, limit, file).await
    }

    async fn put(
        &self,
        now: UnixMillis,
        client: Option<PublicKey>,
        limit: u64,
        source: impl Read + Send + 'static,
    ) -> Result<BlobRecord, BlobError> {
        let inner = Arc::clone(&self.0);
        let number = inner.next.fetch_add(1, Ordering::Relaxed);
        let path = inner.layout.new_file(number);
        let written = {
            let (inner, path) = (Arc::clone(&inner), path.clone());
            blocking(move || {
                let result = inner.write_new(&path, limit, source);
                if result.is_err() {
                    // Nothing of a failed write stays; where removing fails too, the next start does it.
                    let _ = inner.disk.remove(&path);
                }
                result
            })
            .await?
        };
        inner.publish(now, client, &path, written).await
    }
}

impl Inner {
    fn write_new(
        &self,
        path: &Path,
        limit: u64,
        mut source: impl Read,
    ) -> Result<BlobRecord, BlobError> {
        let mut file = self
            .disk
            .create(path)
            .map_err(BlobError::at("creating", path))?;
        let mut hasher = BlobHasher::default();
        let mut bytes = 0;
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = source
                .read(&mut chunk)
                .map_err(BlobError::at("reading what becomes", path))?;
            if read == 0 {
                break;
            }
            bytes += read as u64;
            if bytes > limit {
                return Err(BlobError::TooLarge { bytes, limit });
            }
            hasher.update(&chunk[..read]);
            file.append(&chunk[..read])
                .map_err(BlobError::at("writing", path))?;
        }
        file.sync().map_err(BlobError::at("syncing", path))?;
        Ok(BlobRecord {
            digest: hasher.finish(),
            bytes,
        })
    }

    /// Gives a complete, synced file its final name, and then its row.
    async fn publish(
        self: &Arc<Self>,
        now: UnixMillis,
        client: Option<PublicKey>,
        path: &Path,
        blob: BlobRecord,
    ) -> Result<BlobRecord, BlobError> {
        let _shared = self.publishing.read().await;
        let (inner, from) = (Arc::clone(self), path.to_owned());
        blocking(move || {
            let result = inner.rename(&from, &blob.digest);
            if result.is_err() {
                // As above.
                let _ = inner.disk.remove(&from);
            }
            result
        })
        .await?;
        self.store.add_blob(now, client, blob).await?;
        Ok(blob)
    }

    fn rename(&self, from: &Path, digest: &BlobDigest) -> Result<(), BlobError> {
        let to = self.layout.blob(digest);
        let folder = self.layout.folder(digest);
        let made = self
            .disk
            .create_folder(&folder)
            .map_err(BlobError::at("creating", &folder))?;
        self.disk
            .rename(from, &to)
            .and_then(|()| self.disk.sync_folder(&folder))
            .map_err(BlobError::at("naming", &to))?;
        if made {
            let blobs = self.layout.blobs();
            self.disk
                .sync_folder(blobs)
                .map_err(BlobError::at("syncing", blobs))?;
        }
        Ok(())
    }
}

fn copy_checked(
    digest: BlobDigest,
    mut from: std::fs::File,
    path: &Path,
) -> Result<u64, BlobError> {
    let mut to: Box<dyn DiskFile> = SystemDisk
        .create(path)
        .map_err(BlobError::at("creating", path))?;
    let mut hasher = BlobHasher::default();
    let mut bytes = 0;
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = from.read(&mut chunk).map_err(BlobError::reading(digest))?;
        if read == 0 {
            break;
        }
        hasher.update(&chunk[..read]);
        to.append(&chunk[..read])
            .map_err(BlobError::at("writing", path))?;
        bytes += read as u64;
    }
    match hasher.finish() == digest {
        true => Ok(bytes),
        false => Err(BlobError::Damaged(digest)),
    }
}

fn open_plain(path: &Path) -> Result<std::fs::File, BlobError> {
    // Without waiting: a pipe in the place of a file must not hold the node up.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(i32::try_from(flags.bits()).unwrap_or(0))
        .open(path)
        .map_err(BlobError::at("opening", path))?;
    let metadata = file.metadata().map_err(BlobError::at("reading", path))?;
    match metadata.is_file() && metadata.nlink() == 1 {
        true => Ok(file),
        false => Err(BlobError::NotPlain(path.to_owned())),
    }
}

/// Runs `work` on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| BlobError::Panicked(error.to_string()))?
}
