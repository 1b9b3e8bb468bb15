//! What blobs need of a disk, so that tests can put a failing one in its place.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// A disk.
pub(super) trait Disk: Send + Sync {
    /// A new, empty file in the place of any other.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// A file to be gone on with at `offset`; what comes after it is cut off. An error of kind `NotFound` where there is
    /// none that long.
    fn resume(&self, path: &Path, offset: u64) -> io::Result<Box<dyn DiskFile>>;
    /// Makes a folder. Whether it was not there.
    fn create_folder(&self, path: &Path) -> io::Result<bool>;
    /// Gives a file another name, atomically, in the place of any other of that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
    /// Removes a file. One that is not there is removed.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Bytes that are free for this process.
    fn free(&self, path: &Path) -> io::Result<u64>;
}

/// A file that is being written.
pub(super) trait DiskFile: Send {
    /// Adds bytes at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes the bytes durable.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file to its first `length` bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;
    /// All bytes from the beginning.
    fn reader(&self) -> io::Result<Box<dyn Read + Send>>;
}

/// The system's disk.
pub(super) struct SystemDisk;

struct SystemFile(File);

impl Disk for SystemDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        Ok(Box::new(SystemFile(file)))
    }

    fn resume(&self, path: &Path, offset: u64) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        if file.metadata()?.len() < offset {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut file = SystemFile(file);
        file.cut(offset)?;
        Ok(Box::new(file))
    }

    fn create_folder(&self, path: &Path) -> io::Result<bool> {
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn free(&self, path: &Path) -> io::Result<u64> {
        let free = rustix::fs::statvfs(path)?;
        Ok(free.f_bavail.saturating_mul(free.f_frsize))
    }
}

impl DiskFile for SystemFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)?;
        io::Seek::seek(&mut self.0, io::SeekFrom::Start(length))?;
        Ok(())
    }

    fn reader(&self) -> io::Result<Box<dyn Read + Send>> {
        // The position is shared with the clone, and nothing is appended after this.
        let mut file = self.0.try_clone()?;
        io::Seek::rewind(&mut file)?;
        Ok(Box::new(file))
    }
}
