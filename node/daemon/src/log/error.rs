//! Why the log cannot go on.

use std::io;
use std::path::PathBuf;

use arknet_protocol::KeyFileError;
use arknet_tlog::{Hash, KeyError, PolicyError, TileError};

use super::leaves::LeafError;

/// Why the log cannot be opened, grow, or prove something.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A file that could not be written or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Entries that could not be read.
    #[error("cannot read the entries of the log: {0}")]
    Leaves(#[source] LeafError),
    /// An entry that is missing or too long, which the store must not let happen.
    #[error(
        "the log's entries are damaged from number {index} on: {reason}; restore the database from a backup that is newer than the log's last checkpoint"
    )]
    BadLeaves {
        /// The first entry concerned.
        index: u64,
        /// What is wrong.
        reason: String,
    },
    /// No key.
    #[error("the log's key: {0}")]
    KeyFile(#[from] KeyFileError),
    /// Something else than a key.
    #[error("the log's key in {}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyError,
    },
    /// A name in the configuration that is not the log's.
    #[error(
        "the configuration says that the log is `{configured}`, and its key is that of `{key}`: a log cannot be renamed, \
         since its name is part of what was signed. Set `origin` to `{key}` or take it out"
    )]
    OtherOrigin {
        /// The name in the configuration.
        configured: String,
        /// The name in the key.
        key: String,
    },
    /// A witness whose key is none.
    #[error("the log's witness `{key}`: {source}")]
    WitnessKey {
        /// What the configuration says.
        key: String,
        /// What is wrong with it.
        source: KeyError,
    },
    /// A name that no log can have.
    #[error("the log's name: {0}")]
    Origin(#[source] KeyError),
    /// No randomness for a new key.
    #[error("the system's source of randomness does not answer")]
    NoRandomness,
    /// A record of another log, or a damaged one.
    #[error(
        "{} should hold the last checkpoint that this log signed, and does not: {source}. Without it the node could sign \
         a second history. Put the log's latest checkpoint there, as a witness or a monitor has it, or start a new log \
         under a new name with a new key",
        path.display()
    )]
    BadRecord {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        source: PolicyError,
    },
    /// Entries, but no word of what was signed.
    #[error(
        "the log has {leaves} entries, but {} does not say which checkpoint was signed last. Put the log's latest \
         checkpoint there, as a witness or a monitor has it, or start a new log under a new name with a new key",
        path.display()
    )]
    NoRecord {
        /// Entries.
        leaves: u64,
        /// Where the record should be.
        path: PathBuf,
    },
    /// A database older than the checkpoint.
    #[error(
        "the database has {leaves} entries of the log, but a checkpoint over {signed} was signed: the database is older \
         than what the world has seen, and signing would fork the log. Restore a newer backup; if there is none, start \
         a new log under a new name with a new key, and say so to your clients"
    )]
    Behind {
        /// Entries there are.
        leaves: u64,
        /// Entries that were signed.
        signed: u64,
    },
    /// A database with another history.
    #[error(
        "the log's first {size} entries lead to the root {computed}, but {signed} was signed: the database is not the \
         one that this log grew from, and signing would fork the log. Restore the right database; if there is none, \
         start a new log under a new name with a new key, and say so to your clients"
    )]
    Forked {
        /// Entries of the checkpoint.
        size: u64,
        /// The root of the database's entries.
        computed: Hash,
        /// The root that was signed.
        signed: Hash,
    },
    /// A witness that saw more than there is.
    #[error(
        "the witness `{witness}` cosigned a checkpoint of this log over {seen} entries, and {known} is all that is known \
         to have been signed here: the node's data are older than what the world has seen. Restore a newer backup; if \
         the witness is wrong, take it out of the configuration"
    )]
    WitnessAhead {
        /// The witness.
        witness: String,
        /// Entries that it saw.
        seen: u64,
        /// Entries of the last checkpoint known here.
        known: u64,
    },
    /// An entry past the end.
    #[error("the log has {size} entries, so none has the number {index}")]
    NoSuchEntry {
        /// The number.
        index: u64,
        /// Entries there are.
        size: u64,
    },
    /// Files that do not lead to the root that was signed.
    #[error("the log's files under {} are damaged ({reason}); they are written anew when the node starts", path.display())]
    Damaged {
        /// The log's folder.
        path: PathBuf,
        /// What does not hold.
        reason: String,
    },
    /// A witness that cannot be one.
    #[error("the log's witnesses: {0}")]
    Witnesses(#[from] super::witness::WitnessError),
    /// A task that died.
    #[error("writing the log was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl LogError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    pub(super) fn bad_leaf(index: u64) -> impl FnOnce(TileError) -> Self {
        move |error| Self::BadLeaves {
            index,
            reason: error.to_string(),
        }
    }
}
