//! The entries of the transparency log. These rows are the log; the files that are served are made from them.

use std::ops::Range;

use super::column::{count, int};
use super::time::UnixMillis;
use super::tx::{self, Tx};
use super::{Store, StoreError};

/// Leaves that one query gives.
const PAGE: u64 = 4096;

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its place, from 0, without gaps.
    pub number: u64,
    /// The entry.
    pub bytes: Vec<u8>,
    /// When it was appended.
    pub at: UnixMillis,
}

/// Appends an entry and gives its place.
pub(super) fn append(tx: &Tx<'_>, bytes: &[u8]) -> Result<u64, StoreError> {
    let number: i64 = tx
        .row(
            "SELECT coalesce(max(number) + 1, 0) FROM leaves",
            [],
            |row| row.get(0),
        )?
        .unwrap_or(0);
    tx.run(
        "INSERT INTO leaves (number, bytes, at) VALUES (?1, ?2, ?3)",
        (number, bytes, tx.now()),
    )?;
    Ok(u64::try_from(number).unwrap_or(0))
}

impl Store {
    /// Appends an entry that belongs to no job, such as a release.
    pub async fn append_leaf(&self, now: UnixMillis, bytes: Vec<u8>) -> Result<u64, StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let number = append(tx, &bytes)?;
            tx.audit("operator", "leaf-appended", &number.to_string(), "")?;
            Ok(number)
        })
        .await
    }

    /// How many entries the log has.
    pub async fn leaf_count(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            let found = tx::one(
                connection,
                "SELECT coalesce(max(number) + 1, 0) FROM leaves",
                [],
                |row| count(row, 0),
            )?;
            Ok(found.unwrap_or(0))
        })
        .await
    }

    /// Entries in order; at most the first 4,096 of the range.
    pub async fn leaves(&self, range: Range<u64>) -> Result<Vec<Leaf>, StoreError> {
        self.read(move |connection| {
            let end = range.end.min(range.start.saturating_add(PAGE));
            tx::all(
                connection,
                "SELECT number, bytes, at FROM leaves WHERE number >= ?1 AND number < ?2 ORDER BY number",
                (int(range.start), int(end)),
                |row| {
                    Ok(Leaf {
                        number: count(row, 0)?,
                        bytes: row.get(1)?,
                        at: row.get(2)?,
                    })
                },
            )
        })
        .await
    }
}
