//! Versions of the database, and the way from each to the next.
//!
//! `user_version` says which version a file has. Each step is one transaction, with its version in it: a crash leaves one
//! version or the other. A file of a later version than this program knows is refused, never guessed at.

use rusqlite::Connection;

use super::StoreError;

/// The steps: the first makes version 1 of an empty file, and so on.
const STEPS: [&str; 2] = [
    include_str!("migrations/v1.sql"),
    include_str!("migrations/v2.sql"),
];

/// The version that this program writes.
pub const NEWEST: u32 = STEPS.len() as u32;

/// The version of a file. An empty one has 0.
pub(crate) fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Brings a file to the newest version. Gives the version that it had.
pub(crate) fn migrate(connection: &mut Connection) -> Result<u32, StoreError> {
    migrate_to(connection, NEWEST)
}

fn migrate_to(connection: &mut Connection, goal: u32) -> Result<u32, StoreError> {
    let before = version(connection)?;
    if before > NEWEST {
        return Err(StoreError::TooNew {
            found: before,
            known: NEWEST,
        });
    }
    loop {
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Read again under the lock: another process may have been quicker.
        let version = version(&transaction)?;
        if version >= goal {
            return Ok(before);
        }
        let doing = "upgrading the database";
        transaction
            .execute_batch(STEPS[version as usize])
            .and_then(|()| transaction.pragma_update(None, "user_version", version + 1))
            .and_then(|()| transaction.commit())
            .map_err(|source| StoreError::from_sqlite(doing, source))?;
    }
}
