//! Why the store cannot do what it is asked.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// An error of the store itself. What a caller asked wrongly is an error of that function.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened.
    #[error("the database {} cannot be opened: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The database is of a program that came after this one.
    #[error(
        "the database has version {found}, and this program knows versions up to {known}: install the version of arknet \
         that wrote it, or restore a backup"
    )]
    TooNew {
        /// The version of the file.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// The database belongs to another node.
    #[error(
        "the database belongs to the node {found}, and this node's key is {expected}: use the data folder and the key of \
         one node"
    )]
    OtherNode {
        /// The node in the file.
        found: String,
        /// The node of the key.
        expected: String,
    },
    /// No space, for the database or its journal.
    #[error("the disk of the database is full: nothing was changed; free space and try again")]
    Full,
    /// The database cannot be written.
    #[error(
        "the database cannot be written ({0}): check the disk, its mount and the folder's owner"
    )]
    ReadOnly(String),
    /// Its contents are not what this program wrote.
    #[error("the database is damaged ({0}): stop the node, keep the files, and restore a backup")]
    Corrupt(String),
    /// The transaction was rolled back because of another change in it.
    #[error(
        "nothing was changed, because writing failed for another change in the same transaction: try again"
    )]
    RolledBack,
    /// Another process has the database.
    #[error("another process holds the database: only one node may run on a data folder")]
    InUse,
    /// Anything else SQLite says.
    #[error("the database failed while {doing}: {source}")]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The thread that writes has ended.
    #[error("the store is closed")]
    Closed,
    /// The program has an error, and nothing was written because of it.
    #[error("a change to the database was given up because of an internal error: {0}")]
    Panicked(String),
}

impl StoreError {
    /// The error for what SQLite says `doing` something.
    pub(crate) fn from_sqlite(doing: &'static str, source: rusqlite::Error) -> Self {
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly(source.to_string())
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt(source.to_string())
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            // A full file system also shows as a failed write of the journal.
            Some(ErrorCode::SystemIoFailure) => Self::ReadOnly(source.to_string()),
            _ => match source {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Corrupt(source.to_string()),
                source => Self::Sqlite { doing, source },
            },
        }
    }

    /// The same error for another caller, where one failure ends several changes.
    pub(crate) fn repeat(&self) -> Self {
        match self {
            Self::Full => Self::Full,
            Self::InUse => Self::InUse,
            Self::RolledBack => Self::RolledBack,
            Self::ReadOnly(text) => Self::ReadOnly(text.clone()),
            Self::Corrupt(text) => Self::Corrupt(text.clone()),
            other => Self::ReadOnly(other.to_string()),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        Self::from_sqlite("reading or writing", source)
    }
}
