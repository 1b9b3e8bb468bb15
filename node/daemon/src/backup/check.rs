//! What must hold of a database that is put away or taken out again.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use arknet_protocol::{BlobDigest, PublicKey};
use arknet_tlog::{Checkpoint, Frontier, Hash, Note};
use rusqlite::{Connection, OptionalExtension as _};

use crate::store::{self, StoreError};

use super::BackupError;

/// How the log in a database stands to the highest checkpoint that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogStanding {
    /// There is no record of a signed checkpoint.
    Unsigned,
    /// All that was signed is in the database.
    Whole {
        /// Entries that were signed.
        signed: u64,
    },
    /// More was signed than the database has. The node will refuse to sign.
    Behind {
        /// Entries that were signed.
        signed: u64,
        /// Entries in the database.
        found: u64,
    },
    /// Other entries were signed than the database has. The node will refuse to sign.
    Differs {
        /// Entries that were signed.
        signed: u64,
    },
}

/// What is in a database.
pub(super) struct Facts {
    pub(super) node: PublicKey,
    pub(super) version: u32,
    pub(super) audit_entries: u64,
    pub(super) audit_hash: Option<BlobDigest>,
    pub(super) leaves: u64,
}

/// Checks a database from end to end: its pages, its version, its references, its audit log, its leaves.
pub(super) fn check(connection: &Connection) -> Result<Facts, BackupError> {
    let version = store::database_version(connection)?;
    if version != store::NEWEST_VERSION {
        return Err(match version > store::NEWEST_VERSION {
            true => StoreError::TooNew {
                found: version,
                known: store::NEWEST_VERSION,
            }
            .into(),
            false => BackupError::Damaged(format!("the database has version {version}")),
        });
    }
    let healthy: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if healthy != "ok" {
        return Err(StoreError::Corrupt(healthy).into());
    }
    let dangling = connection
        .prepare("PRAGMA foreign_key_check")?
        .query([])?
        .next()?
        .is_some();
    if dangling {
        return Err(
            StoreError::Corrupt("rows refer to others that are not there".to_owned()).into(),
        );
    }
    let audit_entries = store::verify_audit_chain(connection, None)?;
    let audit_hash: Option<[u8; 32]> = connection
        .query_row(
            "SELECT hash FROM audit ORDER BY number DESC LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?;
    let (leaves, last): (u64, u64) = connection.query_row(
        "SELECT count(*), coalesce(max(number) + 1, 0) FROM leaves",
        [],
        |row| {
            Ok((
                row.get::<_, i64>(0)?.unsigned_abs(),
                row.get::<_, i64>(1)?.unsigned_abs(),
            ))
        },
    )?;
    if leaves != last {
        return Err(StoreError::Corrupt("entries of the log are missing".to_owned()).into());
    }
    let node: String =
        connection.query_row("SELECT value FROM meta WHERE name = 'node'", [], |row| {
            row.get(0)
        })?;
    let node = node
        .parse()
        .map_err(|_| StoreError::Corrupt(format!("`{node}` is no key of a node")))?;
    Ok(Facts {
        node,
        version,
        audit_entries,
        audit_hash: audit_hash.map(BlobDigest),
        leaves,
    })
}

/// Compares the log in a database with the record of the highest checkpoint that was signed. That the record is the
/// node's own is taken as given: it lies beside the node's keys.
pub(super) fn log_standing(
    connection: &Connection,
    record: &Path,
) -> Result<LogStanding, BackupError> {
    let file = match File::open(record) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(LogStanding::Unsigned),
        other => other.map_err(BackupError::at("opening", record))?,
    };
    let mut bytes = Vec::new();
    file.take(Note::MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(BackupError::at("reading", record))?;
    let wrong = |reason: String| BackupError::Manifest {
        path: record.to_owned(),
        reason,
    };
    let note = Note::parse(&bytes).map_err(|error| wrong(error.to_string()))?;
    let signed = Checkpoint::parse(note.text()).map_err(|error| wrong(error.to_string()))?;
    let mut frontier = Frontier::new();
    let mut statement = connection.prepare("SELECT bytes FROM leaves ORDER BY number")?;
    let mut rows = statement.query([])?;
    while frontier.size() < signed.size {
        let Some(row) = rows.next()? else {
            return Ok(LogStanding::Behind {
                signed: signed.size,
                found: frontier.size(),
            });
        };
        let leaf: Vec<u8> = row.get(0)?;
        frontier.append(Hash::of_entry(&leaf), |_, _| {});
    }
    Ok(match frontier.root() == signed.root {
        true => LogStanding::Whole {
            signed: signed.size,
        },
        false => LogStanding::Differs {
            signed: signed.size,
        },
    })
}
