//! Files that are whole or not there, also after the power failed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::LogError;

/// Writes files so that what is at a path is old or new, and never something between.
#[derive(Clone, Debug, Default)]
pub(super) struct Durable {
    /// Writes left before every further one fails, as on a machine that died there.
    #[cfg(test)]
    pub(super) fuse: Option<std::sync::Arc<std::sync::atomic::AtomicU64>>,
}

impl Durable {
    /// Puts `bytes` at `path`, unless it holds them already. Folders on the way are made.
    pub(super) fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), LogError> {
        match fs::read(path) {
            Ok(there) if there == bytes => return Ok(()),
            _ => {}
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        create_folders(folder).map_err(LogError::io(folder))?;
        let temporary = beside(path);
        self.burn(&temporary)?;
        let mut file = File::create(&temporary).map_err(LogError::io(&temporary))?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.map_err(LogError::io(&temporary))?;
        self.burn(path)?;
        fs::rename(&temporary, path).map_err(LogError::io(path))?;
        sync_folder(folder).map_err(LogError::io(folder))
    }

    /// Removes a folder of files that are not needed any more. That it stays does no harm.
    pub(super) fn drop_folder(&self, path: &Path) {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), %error, "cannot remove tiles that are no longer needed");
            }
            _ => {}
        }
    }

    #[cfg(test)]
    fn burn(&self, path: &Path) -> Result<(), LogError> {
        use std::sync::atomic::Ordering::SeqCst;
        let Some(fuse) = &self.fuse else {
            return Ok(());
        };
        let left = fuse.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        left.map(drop)
            .map_err(|_| LogError::io(path)(io::ErrorKind::StorageFull.into()))
    }

    #[cfg(not(test))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "the tests' stands in for a machine that dies"
    )]
    fn burn(&self, _: &Path) -> Result<(), LogError> {
        Ok(())
    }
}

/// The name under which a file is written first. One writer has the log, so one name is enough.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// Makes a folder and those above it, each durable in the one that it is in.
fn create_folders(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let above = path.parent().unwrap_or(Path::new("."));
    create_folders(above)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(above),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    File::open(path)?.sync_all()
}
