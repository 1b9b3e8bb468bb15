//! Copies of files that are known to be good.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use arknet_protocol::{BlobDigest, BlobHasher};

use super::BackupError;

/// Bytes that are read at a time.
const CHUNK: usize = 256 << 10;

/// Makes a folder that only the owner may use, and those above it.
pub(super) fn folder(path: &Path) -> Result<(), BackupError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(BackupError::at("creating", path))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), BackupError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(BackupError::at("syncing", path))
}

/// The digest and length of a file.
pub(super) fn digest(path: &Path) -> Result<(BlobDigest, u64), BackupError> {
    let file = File::open(path).map_err(BackupError::at("opening", path))?;
    pass(file, |_| Ok(())).map_err(BackupError::at("reading", path))
}

/// Copies a file to a new one of the owner's, durably. Gives digest and length of what was copied.
pub(super) fn file(from: &Path, to: &Path) -> Result<(BlobDigest, u64), BackupError> {
    let source = File::open(from).map_err(BackupError::at("opening", from))?;
    let mut copy = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(BackupError::at("creating", to))?;
    let result = pass(source, |chunk| copy.write_all(chunk));
    result
        .and_then(|copied| copy.sync_all().map(|()| copied))
        .map_err(BackupError::at("copying to", to))
}

fn pass(
    mut file: File,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<(BlobDigest, u64)> {
    let mut hasher = BlobHasher::default();
    let mut chunk = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            return Ok((hasher.finish(), bytes));
        }
        hasher.update(&chunk[..read]);
        take(&chunk[..read])?;
        bytes += read as u64;
    }
}
