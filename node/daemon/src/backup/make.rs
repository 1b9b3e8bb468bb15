//! Makes a backup of a node, which may run meanwhile.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use arknet_protocol::BlobDigest;
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use crate::blobs::Layout;
use crate::store::{self, UnixMillis};

use super::check::{self, Facts};
use super::manifest::Manifest;
use super::{BackupError, CHECKPOINT, DATABASE, KEYS, copy};

/// What is backed up.
#[derive(Clone, Debug)]
pub struct BackupSource {
    /// The data folder.
    pub data: PathBuf,
    /// The record of the highest checkpoint that the log signed.
    pub record: PathBuf,
    /// The folder of keys, where they are to be in the backup.
    pub keys: Option<PathBuf>,
}

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupReport {
    /// Blobs.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Entries of the transparency log.
    pub leaves: u64,
    /// Entries of the audit log.
    pub audit_entries: u64,
    /// The audit log's last hash. Who keeps it elsewhere can tell whether the log was rewritten.
    pub audit_hash: Option<BlobDigest>,
    /// Files of keys.
    pub keys: usize,
}

/// Makes a backup in the new folder `destination`. What is there of one that fails is removed.
pub fn back_up(
    source: &BackupSource,
    destination: &Path,
    now: UnixMillis,
) -> Result<BackupReport, BackupError> {
    if let Some(above) = destination
        .parent()
        .filter(|above| !above.as_os_str().is_empty())
    {
        copy::folder(above)?;
    }
    match std::fs::create_dir(destination) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(BackupError::Exists(destination.to_owned()));
        }
        other => other.map_err(BackupError::at("creating", destination))?,
    }
    let result = fill(source, destination, now);
    if result.is_err() {
        // What went wrong is what counts; without its description the rest is no backup anyway.
        let _ = std::fs::remove_dir_all(destination);
    }
    result
}

fn fill(
    source: &BackupSource,
    destination: &Path,
    now: UnixMillis,
) -> Result<BackupReport, BackupError> {
    // The record first: what is signed while this runs is in the database before it is in the record.
    let record = destination.join(CHECKPOINT);
    if source.record.exists() {
        copy::file(&source.record, &record)?;
    }
    let database = destination.join(DATABASE);
    let facts = copy_database(&source.data.join(DATABASE), &database)?;
    let (blobs, bytes) = copy_blobs(&source.data, destination, &database)?;
    let keys = match &source.keys {
        Some(keys) => copy_keys(keys, &destination.join(KEYS))?,
        None => 0,
    };
    let (digest, _) = copy::digest(&database)?;
    let manifest = Manifest {
        version: Manifest::VERSION,
        node: facts.node,
        made_at: now.seconds(),
        database_version: facts.version,
        database: digest,
        audit_entries: facts.audit_entries,
        audit_hash: facts.audit_hash,
        leaves: facts.leaves,
        blobs,
        bytes,
        keys: source.keys.is_some(),
    };
    manifest.write(destination)?;
    copy::sync_folder(destination)?;
    Ok(BackupReport {
        blobs,
        bytes,
        leaves: facts.leaves,
        audit_entries: facts.audit_entries,
        audit_hash: facts.audit_hash,
        keys,
    })
}

/// Copies the database as of one moment, in one step: a reader does not hold up the node's writer.
fn copy_database(from: &Path, to: &Path) -> Result<Facts, BackupError> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut copied = Connection::open(to)?;
    Backup::new(&source, &mut copied)?.step(-1)?;
    // A single file, and nothing of uploads, whose files are not in the backup.
    let _: String = copied.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    store::upgrade(&mut copied)?;
    copied.execute_batch("DELETE FROM uploads")?;
    let facts = check::check(&copied)?;
    copied
        .close()
        .map_err(|(_, error)| BackupError::from(error))?;
    File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(BackupError::at("syncing", to))?;
    Ok(facts)
}

/// Copies every blob that the copied database names. One that is gone since, because no job needs it, is forgotten in the
/// copy too.
fn copy_blobs(data: &Path, destination: &Path, database: &Path) -> Result<(u64, u64), BackupError> {
    let (from, to) = (Layout::new(data), Layout::new(destination));
    copy::folder(to.blobs())?;
    let connection = Connection::open(database)?;
    let mut statement = connection.prepare("SELECT digest, bytes FROM blobs ORDER BY digest")?;
    let listed = statement.query_map([], |row| {
        let digest: [u8; 32] = row.get(0)?;
        Ok((BlobDigest(digest), row.get::<_, i64>(1)?.unsigned_abs()))
    })?;
    let listed: Vec<(BlobDigest, u64)> = listed.collect::<Result<_, _>>()?;
    let (mut blobs, mut total) = (0, 0);
    for (digest, bytes) in listed {
        let source = from.blob(&digest);
        if !source.exists() && !needed(&connection, &digest)? {
            for table in ["blob_owners", "blobs"] {
                let sql = format!("DELETE FROM {table} WHERE digest = ?1");
                connection.execute(&sql, [digest.0])?;
            }
            continue;
        }
        copy::folder(&to.folder(&digest))?;
        match copy::file(&source, &to.blob(&digest)) {
            Ok(copied) if copied == (digest, bytes) => {}
            Err(BackupError::Io { source, .. }) if source.kind() != io::ErrorKind::NotFound => {
                return Err(BackupError::Io {
                    doing: "copying the blob",
                    path: to.blob(&digest),
                    source,
                });
            }
            Ok(_) | Err(_) => return Err(BackupError::Blob(digest)),
        }
        blobs += 1;
        total += bytes;
    }
    for entry in std::fs::read_dir(to.blobs()).map_err(BackupError::at("listing", to.blobs()))? {
        let entry = entry.map_err(BackupError::at("listing", to.blobs()))?;
        copy::sync_folder(&entry.path())?;
    }
    copy::sync_folder(to.blobs())?;
    Ok((blobs, total))
}

fn needed(connection: &Connection, digest: &BlobDigest) -> Result<bool, BackupError> {
    Ok(connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM job_inputs WHERE digest = ?1) OR EXISTS (SELECT 1 FROM job_outputs WHERE digest = ?1)
            OR EXISTS (SELECT 1 FROM jobs WHERE receipt = ?1 OR draft = ?1)",
        [digest.0],
        |row| row.get(0),
    )?)
}

/// Copies the plain files of the folder of keys.
pub(super) fn copy_keys(from: &Path, to: &Path) -> Result<usize, BackupError> {
    copy::folder(to)?;
    let mut copied = 0;
    for entry in std::fs::read_dir(from).map_err(BackupError::at("listing", from))? {
        let path = entry.map_err(BackupError::at("listing", from))?.path();
        let plain = std::fs::symlink_metadata(&path)
            .map_err(BackupError::at("reading", &path))?
            .is_file();
        if let Some(name) = path.file_name().filter(|_| plain) {
            copy::file(&path, &to.join(name))?;
            copied += 1;
        }
    }
    copy::sync_folder(to)?;
    Ok(copied)
}
