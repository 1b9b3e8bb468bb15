//! The audit log: who did what, in a chain of hashes.
//!
//! An entry is written in the transaction of what it records, so neither exists without the other. Its hash covers the
//! hash before it: an entry cannot be changed, removed or put in between without every later hash being made anew. Who
//! keeps one hash elsewhere (each backup does, and the log prints the newest at every start) can tell.
//!
//! `hash = SHA-256("ArkNet audit v1\0" || previous hash || number as u64 || time as i64 || each text as u64 length and
//! bytes)`, integers little-endian; the first entry follows 32 zero bytes.

use rusqlite::{Connection, Row};
use sha2::{Digest as _, Sha256};

use super::column::{count, int};
use super::time::UnixMillis;
use super::tx::{self, Tx};
use super::{Store, StoreError};

/// The longest text of an entry; longer ones are cut, since some of it is what strangers sent.
const MAX_TEXT: usize = 1024;
/// Entries that one query gives.
const PAGE: u32 = 1000;

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place, from 0, without gaps.
    pub number: u64,
    /// When.
    pub at: UnixMillis,
    /// Who: a client's key, `operator`, or `node`.
    pub actor: String,
    /// What, as a stable word.
    pub action: String,
    /// To what: a job, a token, a key.
    pub subject: String,
    /// More, for people.
    pub detail: String,
    /// The chain's hash after this entry.
    pub hash: [u8; 32],
}

/// What is wrong with the chain.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// An entry is missing.
    #[error("the audit log has no entry {0}: entries were removed")]
    Gap(u64),
    /// An entry is not the one that was written.
    #[error("the audit log was changed at entry {0}: its hash does not follow from what it says")]
    Changed(u64),
    /// The chain ends before, or differs from, what was seen of it.
    #[error(
        "the audit log does not contain entry {0} as it was seen before: it was rolled back or rewritten"
    )]
    RolledBack(u64),
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn hash(previous: &[u8; 32], entry: &AuditEntry) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"ArkNet audit v1\0");
    hasher.update(previous);
    hasher.update(entry.number.to_le_bytes());
    hasher.update(entry.at.0.to_le_bytes());
    for text in [&entry.actor, &entry.action, &entry.subject, &entry.detail] {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_TEXT)].to_owned()
}

/// Appends an entry.
pub(super) fn append(
    tx: &Tx<'_>,
    actor: &str,
    action: &str,
    subject: &str,
    detail: &str,
) -> Result<(), StoreError> {
    let last = last(tx.connection())?;
    let (number, previous) = last.map_or((0, [0; 32]), |(number, hash)| (number + 1, hash));
    let mut entry = AuditEntry {
        number,
        at: tx.now(),
        actor: cut(actor),
        action: cut(action),
        subject: cut(subject),
        detail: cut(detail),
        hash: [0; 32],
    };
    entry.hash = hash(&previous, &entry);
    tx.run(
        "INSERT INTO audit (number, at, actor, action, subject, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            int(entry.number),
            entry.at,
            entry.actor,
            entry.action,
            entry.subject,
            entry.detail,
            entry.hash,
        ),
    )?;
    Ok(())
}

fn last(connection: &Connection) -> Result<Option<(u64, [u8; 32])>, StoreError> {
    tx::one(
        connection,
        "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1",
        [],
        |row| Ok((count(row, 0)?, row.get(1)?)),
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        number: count(row, 0)?,
        at: row.get(1)?,
        actor: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        detail: row.get(5)?,
        hash: row.get(6)?,
    })
}

/// Checks the whole chain, and that `seen` (an entry's number and hash, kept elsewhere) is in it. Gives the number of
/// entries.
pub(crate) fn verify(
    connection: &Connection,
    seen: Option<(u64, [u8; 32])>,
) -> Result<u64, AuditError> {
    let mut statement = connection
        .prepare(
            "SELECT number, at, actor, action, subject, detail, hash FROM audit ORDER BY number",
        )
        .map_err(StoreError::from)?;
    let mut rows = statement.query([]).map_err(StoreError::from)?;
    let mut previous = [0; 32];
    let mut expected = 0;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        let entry = read(row).map_err(StoreError::from)?;
        if entry.number != expected {
            return Err(AuditError::Gap(expected));
        }
        if hash(&previous, &entry) != entry.hash {
            return Err(AuditError::Changed(expected));
        }
        if seen.is_some_and(|(number, hash)| number == entry.number && hash != entry.hash) {
            return Err(AuditError::RolledBack(entry.number));
        }
        previous = entry.hash;
        expected += 1;
    }
    match seen {
        Some((number, _)) if number >= expected => Err(AuditError::RolledBack(number)),
        _ => Ok(expected),
    }
}

impl Store {
    /// Appends an entry that records nothing else in the database, such as a refusal.
    pub async fn audit(
        &self,
        now: UnixMillis,
        actor: String,
        action: &'static str,
        subject: String,
        detail: String,
    ) -> Result<(), StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            append(tx, &actor, action, &subject, &detail)
        })
        .await
    }

    /// Entries before number `before` (`None`: from the newest), newest first; at most a thousand.
    pub async fn audit_entries(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(move |connection| {
            tx::all(
                connection,
                "SELECT number, at, actor, action, subject, detail, hash FROM audit
                 WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
                (before.map_or(i64::MAX, int), limit.min(PAGE)),
                read,
            )
        })
        .await
    }

    /// The newest entry's number and hash.
    pub async fn audit_head(&self) -> Result<Option<(u64, [u8; 32])>, StoreError> {
        self.read(last).await
    }

    /// Checks the whole chain, and that `seen` is in it. Gives the number of entries.
    pub async fn verify_audit(&self, seen: Option<(u64, [u8; 32])>) -> Result<u64, AuditError> {
        self.read(move |connection| verify(connection, seen)).await
    }
}
