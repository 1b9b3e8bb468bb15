//! Opening files that may be anything.
//!
//! A path out of a job, or on a command line, may name a pipe, which would make its reader wait for ever, or a
//! device, which would never end. A file is opened without waiting, and what was opened is looked at, not what
//! the path named a moment earlier.

use std::fs::{self, File, FileType, OpenOptions};
use std::io;
use std::path::Path;

/// Why a file cannot be read; a sentence whose subject is the file.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing is there.
    #[error("does not exist")]
    Missing,
    /// Something is there that is not a file of bytes.
    #[error("is {0}, not a regular file")]
    NotRegular(&'static str),
    /// The system refuses, or reading fails.
    #[error("cannot be read: {0}")]
    Io(io::Error),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Io(error),
        }
    }
}

/// Opens a regular file to read; links are followed.
pub fn open(path: &Path) -> Result<File, OpenError> {
    open_with(path, Links::Follow)
}

/// The same for a path that must not be a link itself.
pub fn open_unlinked(path: &Path) -> Result<File, OpenError> {
    open_with(path, Links::Refuse)
}

#[derive(Clone, Copy)]
enum Links {
    Follow,
    Refuse,
}

fn open_with(path: &Path, links: Links) -> Result<File, OpenError> {
    let mut options = OpenOptions::new();
    options.read(true);
    never_wait(&mut options, links);
    match options.open(path) {
        Ok(file) => {
            let kind = file.metadata()?.file_type();
            if kind.is_file() {
                Ok(file)
            } else {
                Err(OpenError::NotRegular(name(kind)))
            }
        }
        // Sockets, and links where they are refused, do not open; the system's word for it says less.
        Err(error) => {
            let found = match links {
                Links::Follow => fs::metadata(path),
                Links::Refuse => fs::symlink_metadata(path),
            };
            match found {
                Ok(found) if !found.is_file() => {
                    Err(OpenError::NotRegular(name(found.file_type())))
                }
                _ => Err(error.into()),
            }
        }
    }
}

#[cfg(unix)]
fn never_wait(options: &mut OpenOptions, links: Links) {
    use std::os::unix::fs::OpenOptionsExt;

    let mut flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    if matches!(links, Links::Refuse) {
        flags |= libc::O_NOFOLLOW;
    }
    options.custom_flags(flags);
}

#[cfg(not(unix))]
fn never_wait(_: &mut OpenOptions, _: Links) {}

fn name(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;

        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a link"
    } else {
        "something else"
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn regular_files_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"words").unwrap();
        for open in [open, open_unlinked] {
            let mut text = String::new();
            open(&path).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "words");
            let missing = open(&folder.path().join("none")).unwrap_err();
            assert!(matches!(missing, OpenError::Missing), "{missing}");
            let directory = open(folder.path()).unwrap_err().to_string();
            assert_eq!(directory, "is a folder, not a regular file");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nothing_else_opens_and_nobody_waits() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, what) in [
            (pipe.as_path(), "is a pipe"),
            (socket.as_path(), "is a socket"),
            (Path::new("/dev/zero"), "is a device"),
        ] {
            for open in [open, open_unlinked] {
                let error = open(path).unwrap_err().to_string();
                assert!(error.starts_with(what), "{error}");
            }
        }
        let file = folder.path().join("file");
        let link = folder.path().join("link");
        fs::write(&file, b"").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(open(&link).is_ok());
        let error = open_unlinked(&link).unwrap_err().to_string();
        assert!(error.starts_with("is a link"), "{error}");
    }
}
