//! Backups of a node while it runs, and their way back.
//!
//! ```text
//!  BACKUP/node.db      the database at one moment
//!  BACKUP/blobs/…      every blob that it names, read and hashed on the way
//!  BACKUP/checkpoint   the highest checkpoint that the log had signed by then
//!  BACKUP/keys/…       only where they are asked for
//!  BACKUP/backup.json  what the rest must be; written last, so a backup without it is none
//! ```
//!
//! The database is copied first and in one transaction, which does not hold up the node; blobs are never changed, so those
//! that the copy names can be copied at leisure. A restore checks everything before it writes anything, and gives the
//! database its name last.
//!
//! **What a restore must not undo.** The node goes back in time, the world does not:
//!
//! * Nonces that were used since the backup are not in it. So a restored database refuses every request that was valid
//!   before the restore; clients sign new ones.
//! * The log may have signed more than the backup knows. Signing another history would be a fork, which everybody who kept
//!   a checkpoint could prove. The record of what was signed lies beside the key, is never restored over, and is compared
//!   ([`LogStanding`]): where it is ahead, the node refuses to sign.

mod check;
mod copy;
mod error;
mod make;
mod manifest;
mod restore;

#[cfg(test)]
mod tests;

pub use check::LogStanding;
pub use error::BackupError;
pub use make::{BackupReport, BackupSource, back_up};
pub use restore::{RestoreReport, RestoreTarget, restore};

/// The file of the database, in a backup and in a data folder.
const DATABASE: &str = "node.db";
/// The file that describes a backup.
const MANIFEST: &str = "backup.json";
/// The copy of the record of the highest signed checkpoint.
const CHECKPOINT: &str = "checkpoint";
/// The folder of keys.
const KEYS: &str = "keys";
