//! Puts a backup into a data folder that has no database.

use std::path::{Path, PathBuf};

use arknet_protocol::{BlobDigest, PublicKey};
use rusqlite::Connection;

use crate::blobs::Layout;
use crate::store::{self, DataLock, UnixMillis};

use super::check::{self, LogStanding};
use super::make::copy_keys;
use super::manifest::Manifest;
use super::{BackupError, CHECKPOINT, DATABASE, KEYS, copy};

/// Where a backup goes.
#[derive(Clone, Debug)]
pub struct RestoreTarget {
    /// The data folder.
    pub data: PathBuf,
    /// The record of the highest checkpoint that the log signed. Where it is there it stays.
    pub record: PathBuf,
    /// The folder of keys. Keys of the backup are put there only where it is not there.
    pub keys: PathBuf,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreReport {
    /// The node.
    pub node: PublicKey,
    /// When the backup was made, in seconds since 1970.
    pub made_at: u64,
    /// Blobs.
    pub blobs: u64,
    /// Entries of the transparency log.
    pub leaves: u64,
    /// How they stand to what was signed. Anything but `Whole` and `Unsigned` keeps the node from signing.
    pub log: LogStanding,
    /// Whether the keys were restored. The record of what was signed is then as old as the backup: whoever cannot be sure
    /// that nothing was signed since must not go on with this log.
    pub keys: bool,
    /// Requests that were valid before this time are refused, since their nonces may have been used after the backup.
    pub requests_from: UnixMillis,
}

/// Restores a backup. Everything in it is checked first; the database gets its name last, so that a restore that fails
/// or is interrupted can be begun again.
pub fn restore(
    backup: &Path,
    target: &RestoreTarget,
    now: UnixMillis,
) -> Result<RestoreReport, BackupError> {
    let manifest = Manifest::read(backup)?;
    let saved = backup.join(DATABASE);
    if copy::digest(&saved)?.0 != manifest.database {
        return Err(BackupError::Damaged(
            "the database is not the one that was saved".to_owned(),
        ));
    }
    copy::folder(&target.data)?;
    let _lock = DataLock::take(&target.data)?;
    let database = target.data.join(DATABASE);
    if database.exists() {
        return Err(BackupError::Occupied(target.data.clone()));
    }
    // Left by a restore that did not end.
    let new = target.data.join("node.db.restoring");
    if new.exists() {
        std::fs::remove_file(&new).map_err(BackupError::at("removing", &new))?;
    }
    copy::file(&saved, &new)?;
    let mut connection = Connection::open(&new)?;
    store::upgrade(&mut connection)?;
    let facts = check::check(&connection)?;
    check_manifest(&manifest, &facts)?;
    let requests_from = store::refuse_earlier_requests(&connection, now)?;
    let blobs = restore_blobs(backup, &target.data, &connection)?;

    let keys = manifest.keys && !target.keys.exists();
    if keys {
        copy_keys(&backup.join(KEYS), &target.keys)?;
        let signed = backup.join(CHECKPOINT);
        if signed.exists() && !target.record.exists() {
            copy::file(&signed, &target.record)?;
        }
    }
    // The record where it is, else what the backup knew of it.
    let record = match target.record.exists() {
        true => target.record.clone(),
        false => backup.join(CHECKPOINT),
    };
    let log = check::log_standing(&connection, &record)?;
    connection
        .close()
        .map_err(|(_, error)| BackupError::from(error))?;
    std::fs::File::open(&new)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(&new, &database))
        .map_err(BackupError::at("naming", &database))?;
    copy::sync_folder(&target.data)?;
    Ok(RestoreReport {
        node: manifest.node,
        made_at: manifest.made_at,
        blobs,
        leaves: facts.leaves,
        log,
        keys,
        requests_from,
    })
}

fn check_manifest(manifest: &Manifest, facts: &check::Facts) -> Result<(), BackupError> {
    let told = (
        manifest.node,
        manifest.audit_entries,
        manifest.audit_hash,
        manifest.leaves,
    );
    let found = (
        facts.node,
        facts.audit_entries,
        facts.audit_hash,
        facts.leaves,
    );
    match told == found {
        true => Ok(()),
        false => Err(BackupError::Damaged(
            "the database does not say what the backup's description says of it".to_owned(),
        )),
    }
}

/// Copies the blobs that the database names, each checked against its digest. Those that are there already are checked
/// and kept.
fn restore_blobs(backup: &Path, data: &Path, connection: &Connection) -> Result<u64, BackupError> {
    let (from, to) = (Layout::new(backup), Layout::new(data));
    copy::folder(to.blobs())?;
    let mut statement = connection.prepare("SELECT digest FROM blobs ORDER BY digest")?;
    let mut rows = statement.query([])?;
    let mut blobs = 0;
    while let Some(row) = rows.next()? {
        let digest = BlobDigest(row.get(0)?);
        let path = to.blob(&digest);
        let good = path.exists() && copy::digest(&path)?.0 == digest;
        if !good {
            let folder = to.folder(&digest);
            copy::folder(&folder)?;
            let new = folder.join("restoring");
            if new.exists() {
                std::fs::remove_file(&new).map_err(BackupError::at("removing", &new))?;
            }
            if copy::file(&from.blob(&digest), &new)?.0 != digest {
                return Err(BackupError::Blob(digest));
            }
            std::fs::rename(&new, &path).map_err(BackupError::at("naming", &path))?;
            copy::sync_folder(&folder)?;
        }
        blobs += 1;
    }
    copy::sync_folder(to.blobs())?;
    Ok(blobs)
}
