//! Files that commands write.
//!
//! A file is written whole or not at all: to a new file beside it, synced, then renamed over it. A reader,
//! or a run after a crash, never sees half of an output.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::CliError;

/// Writes `contents` to `path` atomically, replacing what is there.
pub(crate) fn write(path: &Path, contents: &[u8]) -> Result<(), CliError> {
    write_with(path, |file| file.write_all(contents))
}

/// Writes the words of a buffer, little-endian.
pub(crate) fn write_words(path: &Path, words: &[u32]) -> Result<(), CliError> {
    write_with(path, |file| {
        let mut bytes = Vec::with_capacity(1 << 16);
        for chunk in words.chunks(1 << 14) {
            bytes.clear();
            bytes.extend(chunk.iter().flat_map(|word| word.to_le_bytes()));
            file.write_all(&bytes)?;
        }
        Ok(())
    })
}

fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), CliError> {
    let failed = |source| CliError::Write {
        path: path.to_owned(),
        source,
    };
    check_destination(path)?;
    let name = path
        .file_name()
        .ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
    let (temporary, mut file) = create_beside(path, name).map_err(failed)?;
    let result = fill(&mut file)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path));
    result.map_err(|source| {
        // The error that matters is the first one; a stray temporary file is harmless.
        let _ = fs::remove_file(&temporary);
        failed(source)
    })
}

/// Finds out before anything is written whether a file can go where it should: into a folder that is there, and in
/// the place of nothing but a file. A rename would put a file in the place of a device, a pipe or a link.
pub(crate) fn check_destination(path: &Path) -> Result<(), CliError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let refusal = match fs::symlink_metadata(path) {
        _ if !folder.is_dir() => {
            io::Error::new(io::ErrorKind::NotFound, "its folder does not exist")
        }
        Ok(found) if found.is_dir() => io::ErrorKind::IsADirectory.into(),
        Ok(found) if !found.is_file() => io::Error::new(
            io::ErrorKind::InvalidInput,
            "what is there is no regular file; remove it or name another",
        ),
        _ => return Ok(()),
    };
    Err(CliError::Write {
        path: path.to_owned(),
        source: refusal,
    })
}

/// Creates a file that was not there, in the folder of `path`.
fn create_beside(path: &Path, name: &std::ffi::OsStr) -> io::Result<(PathBuf, File)> {
    for attempt in 0..100 {
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}-{attempt}.tmp", std::process::id()));
        let temporary = path.with_file_name(temporary);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
        {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn links_and_sockets_are_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        let link = folder.path().join("link");
        let socket = folder.path().join("socket");
        fs::write(&target, b"kept").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for path in [&link, &socket] {
            let error = write(path, b"new").unwrap_err().to_string();
            assert!(error.contains("no regular file"), "{error}");
            assert!(!fs::symlink_metadata(path).unwrap().is_file());
        }
        assert_eq!(fs::read(&target).unwrap(), b"kept");
    }

    #[test]
    fn files_are_replaced_whole_and_leave_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words");
        write(&path, b"old and longer than the new").unwrap();
        write_words(&path, &[1, 0x0403_0201]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), [1, 0, 0, 0, 1, 2, 3, 4]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

        let directory = folder.path().join("directory");
        fs::create_dir(&directory).unwrap();
        assert!(write(&directory, b"x").is_err());
        assert!(write(&folder.path().join("none/x"), b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
