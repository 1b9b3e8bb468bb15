//! A blob that a client sends, in as many calls as it needs.
//!
//! What has been synced is noted in the store every few megabytes: there an upload goes on after a broken connection or a
//! crash of the node. A call that brings a whole blob is hashed as it comes. One that went on is read back once when the
//! last byte is there, so the price of hashing is bounded by what the client sent, however often it starts and stops.

use std::io::Read;
use std::sync::{Arc, PoisonError};

use arknet_protocol::api::BlobStatus;
use arknet_protocol::{BlobDigest, BlobHasher, PublicKey};

use crate::store::{BlobRecord, Quotas, UnixMillis};

use super::disk::DiskFile;
use super::{BlobError, Blobs, CHUNK, Inner, blocking};

/// Bytes after which an upload is synced, and that a broken connection costs at most.
const SYNC: u64 = 4 << 20;

/// What there is when a client begins to send.
pub enum Begun {
    /// The blob is this client's already.
    Complete(BlobStatus),
    /// Bytes are wanted from the offset that the client named.
    Upload(Box<Upload>),
}

/// An upload that a call is sending.
pub struct Upload {
    blobs: Blobs,
    client: PublicKey,
    digest: BlobDigest,
    length: u64,
    /// Taken while a thread writes to it.
    file: Option<Writing>,
    /// Bytes that came and are not written yet.
    waiting: Vec<u8>,
    /// Bytes that came, waiting ones included.
    received: u64,
    /// Bytes that are synced and noted.
    durable: u64,
    _turn: Turn,
}

struct Writing {
    file: Box<dyn DiskFile>,
    /// Of all bytes so far, where this call brought them all.
    hasher: Option<BlobHasher>,
}

/// The right to write to an upload.
struct Turn {
    inner: Arc<Inner>,
    key: (PublicKey, BlobDigest),
}

impl Turn {
    fn take(inner: &Arc<Inner>, key: (PublicKey, BlobDigest)) -> Result<Self, BlobError> {
        let mut active = inner.active.lock().unwrap_or_else(PoisonError::into_inner);
        match active.insert(key) {
            true => Ok(Self {
                inner: Arc::clone(inner),
                key,
            }),
            false => Err(BlobError::Busy),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let active = &self.inner.active;
        active
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.key);
    }
}

impl Blobs {
    /// Begins to take the blob `digest` of `length` bytes from `client`, from byte `offset` on.
    pub async fn begin(
        &self,
        now: UnixMillis,
        client: PublicKey,
        digest: BlobDigest,
        length: u64,
        offset: u64,
        quotas: Quotas,
    ) -> Result<Begun, BlobError> {
        let inner = &self.0;
        let limit = inner.settings.max_bytes;
        if length > limit {
            return Err(BlobError::TooLarge {
                bytes: length,
                limit,
            });
        }
        let status = self.status(client, digest).await?;
        if status.complete {
            return Ok(Begun::Complete(status));
        }
        let turn = Turn::take(inner, (client, digest))?;
        self.check_space(length.saturating_sub(status.received))
            .await?;
        let store = &inner.store;
        let upload = store
            .begin_upload(now, client, digest, length, quotas)
            .await?;
        let path = inner.layout.upload(&client, &digest);
        let opened = {
            let (inner, durable) = (Arc::clone(inner), upload.durable);
            let path = path.clone();
            tokio::task::spawn_blocking(move || match durable {
                0 => inner.disk.create(&path),
                durable => inner.disk.resume(&path, durable),
            })
            .await
            .map_err(|error| BlobError::Panicked(error.to_string()))?
        };
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && upload.durable > 0 => {
                // The file is gone or shorter than it was, as after a restore: from the beginning, then.
                store.upload_durable(now, client, digest, 0).await?;
                return Err(BlobError::WrongOffset {
                    expected: 0,
                    got: offset,
                });
            }
            Err(error) => return Err(BlobError::at("opening", &path)(error)),
        };
        if offset != upload.durable {
            return Err(BlobError::WrongOffset {
                expected: upload.durable,
                got: offset,
            });
        }
        Ok(Begun::Upload(Box::new(Upload {
            blobs: self.clone(),
            client,
            digest,
            length,
            file: Some(Writing {
                file,
                hasher: (offset == 0).then(BlobHasher::default),
            }),
            waiting: Vec::new(),
            received: offset,
            durable: offset,
            _turn: turn,
        })))
    }

    /// Whether there is room for `bytes` more.
    async fn check_space(&self, bytes: u64) -> Result<(), BlobError> {
        let inner = Arc::clone(&self.0);
        blocking(move || {
            let folder = inner.layout.partials();
            let free = inner
                .disk
                .free(folder)
                .map_err(BlobError::at("measuring", folder))?;
            match free >= bytes.saturating_add(inner.settings.min_free) {
                true => Ok(()),
                false => Err(BlobError::Full),
            }
        })
        .await
    }
}

impl Upload {
    /// Takes the next bytes.
    pub async fn write(&mut self, now: UnixMillis, bytes: &[u8]) -> Result<(), BlobError> {
        let received = self.received.saturating_add(bytes.len() as u64);
        if received > self.length {
            return Err(BlobError::TooMany(self.length));
        }
        self.received = received;
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= CHUNK {
            self.flush(false).await?;
        }
        if self.received - self.waiting.len() as u64 - self.durable >= SYNC {
            self.checkpoint(now).await?;
        }
        Ok(())
    }

    /// Ends the call: the blob is stored where all of its bytes have come and are right; where some are missing, what came
    /// is kept for another call.
    pub async fn end(mut self, now: UnixMillis) -> Result<BlobStatus, BlobError> {
        let (client, digest) = (self.client, self.digest);
        if self.received < self.length {
            self.checkpoint(now).await?;
            return Ok(BlobStatus {
                digest,
                received: self.durable,
                complete: false,
            });
        }
        self.flush(true).await?;
        let path = self.blobs.0.layout.upload(&client, &digest);
        let got = self.hash().await?;
        let inner = Arc::clone(&self.blobs.0);
        if got != digest {
            inner.store.drop_upload(now, client, digest).await?;
            blocking(move || {
                inner
                    .disk
                    .remove(&path)
                    .map_err(BlobError::at("removing", &path))
            })
            .await?;
            return Err(BlobError::DigestMismatch {
                announced: digest,
                got,
            });
        }
        let blob = BlobRecord {
            digest,
            bytes: self.length,
        };
        inner.publish(now, Some(client), &path, blob).await?;
        Ok(BlobStatus {
            digest,
            received: self.length,
            complete: true,
        })
    }

    /// Writes what waits, and notes how far the upload is on the disk for good.
    async fn checkpoint(&mut self, now: UnixMillis) -> Result<(), BlobError> {
        self.flush(true).await?;
        if self.durable != self.received {
            self.durable = self.received;
            let store = &self.blobs.0.store;
            store
                .upload_durable(now, self.client, self.digest, self.durable)
                .await?;
        }
        Ok(())
    }

    /// Writes what waits. Where that fails, the file is cut back to what is noted, so that a full disk is not kept full.
    async fn flush(&mut self, sync: bool) -> Result<(), BlobError> {
        let mut writing = self.take_file()?;
        let waiting = std::mem::take(&mut self.waiting);
        let durable = self.durable;
        let path = self.blobs.0.layout.upload(&self.client, &self.digest);
        let writing = blocking(move || {
            let mut written = writing.file.append(&waiting);
            if written.is_ok() && sync {
                written = writing.file.sync();
            }
            if let Err(error) = written {
                // The error that counts is the first.
                let _ = writing.file.cut(durable);
                return Err(BlobError::at("writing", &path)(error));
            }
            if let Some(hasher) = &mut writing.hasher {
                hasher.update(&waiting);
            }
            Ok(writing)
        })
        .await?;
        self.file = Some(writing);
        Ok(())
    }

    /// The digest of all bytes.
    async fn hash(&mut self) -> Result<BlobDigest, BlobError> {
        let writing = self.take_file()?;
        let path = self.blobs.0.layout.upload(&self.client, &self.digest);
        blocking(move || {
            if let Some(hasher) = writing.hasher {
                return Ok(hasher.finish());
            }
            let reading = || BlobError::at("reading back", &path);
            let mut reader = writing.file.reader().map_err(reading())?;
            let mut hasher = BlobHasher::default();
            let mut chunk = vec![0; CHUNK];
            loop {
                let read = reader.read(&mut chunk).map_err(reading())?;
                if read == 0 {
                    return Ok(hasher.finish());
                }
                hasher.update(&chunk[..read]);
            }
        })
        .await
    }

    fn take_file(&mut self) -> Result<Writing, BlobError> {
        // Gone only after a write failed.
        self.file.take().ok_or(BlobError::Full)
    }
}
