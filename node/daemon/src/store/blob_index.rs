//! Which blobs there are, whose they are, and which are on their way. The bytes are files: see [`crate::blobs`].

use arknet_protocol::{BlobDigest, PublicKey};

use super::column::{col, count, get, int};
use super::quota::{self, Quota, Quotas};
use super::time::UnixMillis;
use super::tx::{self, Tx};
use super::{Store, StoreError};

/// Uploads that a client may have begun at a time.
const MAX_UPLOADS: u64 = 32;
/// Blobs that one query gives.
const PAGE: u32 = 1000;

/// A blob that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobRecord {
    /// Its digest.
    pub digest: BlobDigest,
    /// Its length.
    pub bytes: u64,
}

/// A blob on its way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadRecord {
    /// Who sends it.
    pub client: PublicKey,
    /// The digest that it is announced under.
    pub digest: BlobDigest,
    /// Its length.
    pub bytes: u64,
    /// How much of it is on the disk for good.
    pub durable: u64,
}

/// Why an upload cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginUploadError {
    /// The client would have more than it may.
    #[error(
        "over the quota of {}: {used} and {bytes} more are over {limit}",
        Quota::Bytes
    )]
    QuotaExceeded {
        /// What it may have.
        limit: u64,
        /// What it has.
        used: u64,
        /// What it wants to add.
        bytes: u64,
    },
    /// It has begun many that it has not ended.
    #[error("this client has {0} uploads that are not complete: complete one first")]
    TooMany(u64),
    /// The same upload was begun with another length.
    #[error("an upload of this blob was begun with a length of {0} bytes")]
    OtherLength(u64),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for BeginUploadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Makes a stored blob a client's.
pub(super) fn own(tx: &Tx<'_>, client: &PublicKey, digest: &BlobDigest) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO blob_owners (client, digest, since) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET since = excluded.since",
        (col(client), col(digest), tx.now()),
    )?;
    Ok(())
}

fn upload(row: &rusqlite::Row<'_>) -> rusqlite::Result<UploadRecord> {
    Ok(UploadRecord {
        client: get(row, 0)?,
        digest: get(row, 1)?,
        bytes: count(row, 2)?,
        durable: count(row, 3)?,
    })
}

impl Store {
    /// Begins an upload, or goes on with one, within the client's quota. Gives what there is of it.
    pub async fn begin_upload(
        &self,
        now: UnixMillis,
        client: PublicKey,
        digest: BlobDigest,
        bytes: u64,
        configured: Quotas,
    ) -> Result<UploadRecord, BeginUploadError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let key = (col(&client), col(&digest));
            let begun = tx.row(
                "UPDATE uploads SET updated_at = ?3 WHERE client = ?1 AND digest = ?2
                 RETURNING client, digest, bytes, durable",
                (&key.0, &key.1, tx.now()),
                upload,
            )?;
            if let Some(begun) = begun {
                return match begun.bytes == bytes {
                    true => Ok(begun),
                    false => Err(BeginUploadError::OtherLength(begun.bytes)),
                };
            }
            let open = tx
                .row("SELECT count(*) FROM uploads WHERE client = ?1", [&key.0], |row| {
                    count(row, 0)
                })?
                .unwrap_or(0);
            if open >= MAX_UPLOADS {
                return Err(BeginUploadError::TooMany(open));
            }
            let used = quota::used(tx.connection(), &client, tx.now())?.bytes();
            let limit = quota::limits(tx.connection(), &client, &configured)?.bytes;
            if used.saturating_add(bytes) > limit {
                return Err(BeginUploadError::QuotaExceeded { limit, used, bytes });
            }
            tx.run(
                "INSERT INTO uploads (client, digest, bytes, durable, updated_at) VALUES (?1, ?2, ?3, 0, ?4)",
                (key.0, key.1, int(bytes), tx.now()),
            )?;
            Ok(UploadRecord {
                client,
                digest,
                bytes,
                durable: 0,
            })
        })
        .await
    }

    /// An upload that is under way.
    pub async fn upload(
        &self,
        client: PublicKey,
        digest: BlobDigest,
    ) -> Result<Option<UploadRecord>, StoreError> {
        self.read(move |connection| {
            tx::one(
                connection,
                "SELECT client, digest, bytes, durable FROM uploads WHERE client = ?1 AND digest = ?2",
                (col(&client), col(&digest)),
                upload,
            )
        })
        .await
    }

    /// Notes how much of an upload is on the disk for good.
    pub async fn upload_durable(
        &self,
        now: UnixMillis,
        client: PublicKey,
        digest: BlobDigest,
        durable: u64,
    ) -> Result<(), StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            tx.run(
                "UPDATE uploads SET durable = ?3, updated_at = ?4 WHERE client = ?1 AND digest = ?2",
                (col(&client), col(&digest), int(durable), tx.now()),
            )?;
            Ok(())
        })
        .await
    }

    /// Forgets an upload.
    pub async fn drop_upload(
        &self,
        now: UnixMillis,
        client: PublicKey,
        digest: BlobDigest,
    ) -> Result<(), StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            tx.run(
                "DELETE FROM uploads WHERE client = ?1 AND digest = ?2",
                (col(&client), col(&digest)),
            )?;
            Ok(())
        })
        .await
    }

    /// Notes that a blob's file is there, and whose it is, where it is a client's. An upload of it is complete then.
    pub async fn add_blob(
        &self,
        now: UnixMillis,
        client: Option<PublicKey>,
        blob: BlobRecord,
    ) -> Result<(), StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            tx.run(
                "INSERT INTO blobs (digest, bytes, stored_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET stored_at = excluded.stored_at",
                (col(&blob.digest), int(blob.bytes), tx.now()),
            )?;
            if let Some(client) = client {
                tx.run(
                    "DELETE FROM uploads WHERE client = ?1 AND digest = ?2",
                    (col(&client), col(&blob.digest)),
                )?;
                own(tx, &client, &blob.digest)?;
            }
            Ok(())
        })
        .await
    }

    /// A stored blob: any (`client` is `None`), or one that is this client's.
    pub async fn blob(
        &self,
        client: Option<PublicKey>,
        digest: BlobDigest,
    ) -> Result<Option<BlobRecord>, StoreError> {
        self.read(move |connection| {
            tx::one(
                connection,
                "SELECT digest, bytes FROM blobs WHERE digest = ?1 AND (?2 IS NULL OR EXISTS
                    (SELECT 1 FROM blob_owners o WHERE o.client = ?2 AND o.digest = ?1))",
                (col(&digest), super::column::col_opt(client.as_ref())),
                |row| {
                    Ok(BlobRecord {
                        digest: get(row, 0)?,
                        bytes: count(row, 1)?,
                    })
                },
            )
        })
        .await
    }

    /// Blobs with digests after `after`, in order; at most a thousand.
    pub async fn blobs_after(
        &self,
        after: Option<BlobDigest>,
    ) -> Result<Vec<BlobRecord>, StoreError> {
        self.read(move |connection| {
            tx::all(
                connection,
                "SELECT digest, bytes FROM blobs WHERE ?1 IS NULL OR digest > ?1 ORDER BY digest LIMIT ?2",
                (super::column::col_opt(after.as_ref()), PAGE),
                |row| {
                    Ok(BlobRecord {
                        digest: get(row, 0)?,
                        bytes: count(row, 1)?,
                    })
                },
            )
        })
        .await
    }

    /// Bytes of all blobs.
    pub async fn blob_bytes(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            let sum = tx::one(
                connection,
                "SELECT coalesce(sum(bytes), 0) FROM blobs",
                [],
                |row| count(row, 0),
            )?;
            Ok(sum.unwrap_or(0))
        })
        .await
    }

    /// Forgets the blobs that no job needs and nobody has given or asked for since `before`, and gives their digests: the
    /// files are the caller's to remove. At most a thousand.
    pub async fn forget_blobs(
        &self,
        now: UnixMillis,
        before: UnixMillis,
    ) -> Result<Vec<BlobDigest>, StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let unneeded: Vec<BlobDigest> = tx.rows(
                "SELECT digest FROM blobs b WHERE stored_at < ?1
                    AND NOT EXISTS (SELECT 1 FROM blob_owners o WHERE o.digest = b.digest AND o.since >= ?1)
                    AND NOT EXISTS (SELECT 1 FROM job_inputs i WHERE i.digest = b.digest)
                    AND NOT EXISTS (SELECT 1 FROM job_outputs o WHERE o.digest = b.digest)
                    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.receipt = b.digest)
                    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.draft = b.digest)
                 LIMIT ?2",
                (before, PAGE),
                |row| get(row, 0),
            )?;
            for digest in &unneeded {
                tx.run("DELETE FROM blob_owners WHERE digest = ?1", [col(digest)])?;
                tx.run("DELETE FROM blobs WHERE digest = ?1", [col(digest)])?;
            }
            Ok(unneeded)
        })
        .await
    }

    /// Forgets the uploads that nobody went on with since `before`, and gives them: the files are the caller's to remove.
    pub async fn forget_uploads(
        &self,
        now: UnixMillis,
        before: UnixMillis,
    ) -> Result<Vec<UploadRecord>, StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            tx.rows(
                "DELETE FROM uploads WHERE updated_at < ?1 RETURNING client, digest, bytes, durable",
                [before],
                upload,
            )
        })
        .await
    }
}
