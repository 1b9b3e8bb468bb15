//! What the node must not forget: jobs, nonces, quotas, tokens, the leaves of the log, the audit log; in SQLite.
//!
//! ```text
//!  accept ─┐                                        ┌─▶ answers, once committed
//!  claim  ─┼─▶ one writer thread ─▶ one transaction ┼─▶ rows  ──▶ readers (each its own snapshot)
//!  seal   ─┘      (writer)           (tx)           └─▶ events ─▶ listeners
//! ```
//!
//! What a function here answers has happened and survives a crash of the node or of the machine: the journal is synced
//! at each commit (`synchronous=FULL`). What is one fact is one transaction: a job with its nonce, its quotas and its
//! audit entry; a leaf of the log with the state of its job. A job's state changes only from the state and the attempt
//! that the caller knows ([`Fence`]), so a worker that was given up cannot change what came after it.
//!
//! Time is told by the caller and never goes back: see [`UnixMillis`] and `time.rs`.

mod accept;
mod audit;
mod blob_index;
mod clients;
mod column;
mod connection;
mod devices;
mod error;
mod events;
mod housekeeping;
mod jobs;
mod leaves;
mod lifecycle;
mod lineage;
mod lock;
mod migrations;
mod quota;
mod readers;
mod recovery;
mod time;
mod tokens;
mod tx;
mod writer;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arknet_protocol::PublicKey;
use rusqlite::Connection;

pub use accept::{AcceptError, Accepted, Admission};
pub(crate) use audit::verify as verify_audit_chain;
pub use audit::{AuditEntry, AuditError};
pub use blob_index::{BeginUploadError, BlobRecord, UploadRecord};
pub use clients::{ClientOverview, ClientRecord, QuotaOverrides, Standing};
pub use devices::{DeviceHour, DeviceRecord, DeviceReport, Rate};
pub use error::StoreError;
pub use events::{Event, News, Progress};
pub use housekeeping::{Expired, Retention};
pub use jobs::{Candidate, Job, JobFilter, JobPage, JobSummary, StateCounts};
pub use leaves::Leaf;
pub use lifecycle::{ChangeError, End, Fence, Output, RetryError, Sealing};
pub use lineage::Edge;
pub use lock::{DataLock, LockError};
pub use migrations::NEWEST as NEWEST_VERSION;
pub(crate) use migrations::{migrate as upgrade, version as database_version};
pub use quota::{Quota, Quotas};
pub use recovery::Recovered;
pub use time::UnixMillis;
pub(crate) use time::refuse_earlier_requests;
pub use tokens::{NewToken, TokenRecord, TokenRefused};
pub(crate) use tx::Tx;

use events::Feed;
use readers::Readers;
use writer::Writer;

/// The store. Clones share it; the last one to go ends the thread that writes.
#[derive(Clone)]
pub struct Store {
    path: PathBuf,
    node: PublicKey,
    readers: Readers,
    feed: Feed,
    writer: Writer,
    thread: Arc<Thread>,
}

/// The thread that writes. Waited for by [`Store::close`].
struct Thread(Mutex<Option<JoinHandle<()>>>);

impl Store {
    /// Opens the database of the node with this key, makes it where there is none, and brings it to the newest version.
    pub fn open(path: &Path, node: PublicKey) -> Result<Self, StoreError> {
        let mut connection = connection::open_writer(path)?;
        migrations::migrate(&mut connection)?;
        check_node(&connection, node)?;
        Self::with_connection(path, node, connection)
    }

    fn with_connection(
        path: &Path,
        node: PublicKey,
        connection: Connection,
    ) -> Result<Self, StoreError> {
        let feed = Feed::new();
        let (writer, thread) = writer::start(connection, feed.clone())
            .map_err(|error| StoreError::Panicked(error.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
            node,
            readers: Readers::new(path),
            feed,
            writer,
            thread: Arc::new(Thread(Mutex::new(Some(thread)))),
        })
    }

    /// The node whose store it is.
    pub fn node(&self) -> PublicKey {
        self.node
    }

    /// The file of the database.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `change` in a transaction on the thread that writes. It has happened exactly if this gives `Ok`.
    pub(crate) async fn write<T, E, F>(&self, now: UnixMillis, change: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.writer.write(now, change).await
    }

    /// Runs `query` on a snapshot of the database.
    pub(crate) async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        self.readers.read(query).await
    }

    /// Closes the store, for every clone: what waits is still written, and the journal is moved into the database. Changes
    /// that come later fail with [`StoreError::Closed`].
    pub async fn close(self) {
        self.writer.close().await;
        let handle = self
            .thread
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(handle) = handle {
            // The thread ends by itself; where it panicked there is nothing left to wait for.
            let _ = tokio::task::spawn_blocking(move || handle.join()).await;
        }
    }
}

/// Makes sure that the database is of this node, or makes it so where it is of none.
fn check_node(connection: &Connection, node: PublicKey) -> Result<(), StoreError> {
    let found = tx::one(
        connection,
        "SELECT value FROM meta WHERE name = 'node'",
        [],
        |row| row.get::<_, String>(0),
    )?;
    let expected = node.to_string();
    match found {
        Some(found) if found != expected => Err(StoreError::OtherNode { found, expected }),
        Some(_) => Ok(()),
        None => {
            connection.execute("INSERT INTO meta VALUES ('node', ?1)", [expected])?;
            Ok(())
        }
    }
}
