//! Paths of a job's files: relative, inside the folder, and the same on every system.
//!
//! A job may come from a stranger, so a path that leaves the folder (by `..`, as an absolute path, or
//! through a symbolic link) is refused before anything is opened there.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{JobFileError, Place};
use crate::printable::is_printable;
use crate::regular::{self, OpenError};

/// A relative path without `.`, `..` or anything that another system reads differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FolderPath {
    text: String,
    key: &'static str,
    place: Place,
}

impl FolderPath {
    /// Checks the path that `key` gives at `place`.
    pub(super) fn new(text: &str, key: &'static str, place: Place) -> Result<Self, JobFileError> {
        let reason = if text.starts_with('/') {
            Some("is an absolute path")
        } else if text
            .chars()
            .any(|c| c == '\\' || c == ':' || !is_printable(c))
        {
            Some("has a backslash, a colon or an invisible character in it")
        } else if text.split('/').any(|part| part == "..") {
            Some("leads out of the folder")
        } else if text.split('/').any(|part| part.is_empty() || part == ".") {
            Some("has an empty part")
        } else {
            None
        };
        match reason {
            Some(reason) => Err(JobFileError::Path {
                place,
                key,
                path: text.to_owned(),
                reason,
            }),
            None => Ok(Self {
                text: text.to_owned(),
                key,
                place,
            }),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn key(&self) -> &'static str {
        self.key
    }

    /// The same path with another extension.
    pub(super) fn with_extension(&self, extension: &str, key: &'static str) -> Self {
        let file = Path::new(&self.text).with_extension(extension);
        Self {
            text: file.to_string_lossy().into_owned(),
            key,
            place: self.place.clone(),
        }
    }

    /// What two paths share when some file system may take them for one file.
    pub(super) fn identity(&self) -> String {
        self.text.to_lowercase()
    }

    /// The file to read, which must lie in `folder` (a canonical path) after following links.
    pub(super) fn existing(&self, folder: &Path) -> Result<PathBuf, JobFileError> {
        let path =
            fs::canonicalize(folder.join(&self.text)).map_err(|error| self.unreadable(error))?;
        self.contained(folder, path)
    }

    /// The file to write: its folder must exist in `folder` (a canonical path) after following links.
    /// The file itself may be there or not; a link there is replaced, not followed.
    pub(super) fn writable(&self, folder: &Path) -> Result<PathBuf, JobFileError> {
        let path = folder.join(&self.text);
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(self.unwritable(io::ErrorKind::InvalidFilename.into()));
        };
        let parent = fs::canonicalize(parent).map_err(|error| {
            self.unwritable(match error.kind() {
                io::ErrorKind::NotFound => {
                    io::Error::new(error.kind(), "its folder does not exist")
                }
                _ => error,
            })
        })?;
        let path = self.contained(folder, parent)?.join(name);
        if path.is_dir() {
            return Err(self.unwritable(io::ErrorKind::IsADirectory.into()));
        }
        Ok(path)
    }

    fn contained(&self, folder: &Path, path: PathBuf) -> Result<PathBuf, JobFileError> {
        if path.starts_with(folder) {
            Ok(path)
        } else {
            Err(JobFileError::Path {
                place: self.place.clone(),
                key: self.key,
                path: self.text.clone(),
                reason: "leads out of the folder through a symbolic link",
            })
        }
    }

    pub(super) fn unreadable(&self, source: impl Into<OpenError>) -> JobFileError {
        JobFileError::NamedFile {
            place: self.place.clone(),
            key: self.key,
            path: self.text.clone(),
            source: source.into(),
        }
    }

    fn unwritable(&self, source: io::Error) -> JobFileError {
        JobFileError::Unwritable {
            place: self.place.clone(),
            key: self.key,
            path: self.text.clone(),
            source,
        }
    }
}

/// Reads a text file of at most `limit` bytes. `expected` says what it should be.
pub(super) fn read_text(
    path: &Path,
    expected: &'static str,
    limit: u64,
) -> Result<String, JobFileError> {
    let unreadable = |source| JobFileError::File {
        path: path.to_owned(),
        expected,
        source,
    };
    let file = regular::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| unreadable(source.into()))?;
    if bytes.len() as u64 > limit {
        return Err(JobFileError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    String::from_utf8(bytes).map_err(|error| JobFileError::NotUtf8 {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}

/// Reads exactly `words` little-endian words: a file that is shorter or longer is an error.
pub(super) fn read_words(mut file: &File, words: &mut [u32]) -> io::Result<()> {
    const CHUNK: usize = 1 << 14;
    let mut bytes = [0; 4 * CHUNK];
    for chunk in words.chunks_mut(CHUNK) {
        let bytes = &mut bytes[..4 * chunk.len()];
        file.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::other("the file shrank while it was read"),
            _ => error,
        })?;
        for (word, bytes) in chunk.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
    }
    match file.read(&mut bytes[..1])? {
        0 => Ok(()),
        _ => Err(io::Error::other("the file grew while it was read")),
    }
}
