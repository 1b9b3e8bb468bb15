//! A log that lies in a folder, as the node writes it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::note::Note;
use crate::tile::Tile;
use crate::tiled::TileReader;

/// A folder with `checkpoint` and `tile/…` in it.
#[derive(Clone, Debug)]
pub struct Directory {
    path: PathBuf,
}

/// A file of a log that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {source}", path.display())]
pub struct DirectoryError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl Directory {
    /// The log in this folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The signed checkpoint.
    pub fn checkpoint(&self) -> Result<Vec<u8>, DirectoryError> {
        self.file("checkpoint", Note::MAX_BYTES)
    }

    /// A file of the log, refused when it is longer than it can be.
    fn file(&self, name: &str, limit: usize) -> Result<Vec<u8>, DirectoryError> {
        let path = self.path.join(name);
        let read = || {
            let mut bytes = Vec::new();
            File::open(&path)?
                .take(limit as u64 + 1)
                .read_to_end(&mut bytes)?;
            if bytes.len() > limit {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    format!("it has more than {limit} bytes"),
                ));
            }
            Ok(bytes)
        };
        read().map_err(|source| DirectoryError {
            path: path.clone(),
            source,
        })
    }
}

impl TileReader for Directory {
    type Error = DirectoryError;

    fn read(&mut self, tile: &Tile) -> Result<Vec<u8>, DirectoryError> {
        let bytes = self.file(&tile.to_string(), tile.max_bytes());
        match bytes {
            Err(error) if error.source.kind() == io::ErrorKind::NotFound && !tile.is_full() => {
                let full = tile.full();
                self.file(&full.to_string(), full.max_bytes())
                    .map_err(|_| error)
            }
            bytes => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_full_tile_stands_in_for_its_parts_and_nothing_too_long_is_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("tile/0")).unwrap();
        let mut log = Directory::new(folder.path());
        let part: Tile = "tile/0/000.p/3".parse().unwrap();
        let absent = log.read(&part).unwrap_err();
        assert!(absent.path.ends_with("tile/0/000.p/3"), "{absent}");
        fs::write(folder.path().join("tile/0/000"), [7; 8192]).unwrap();
        assert_eq!(log.read(&part).unwrap().len(), 8192);
        fs::write(folder.path().join("tile/0/000"), [7; 8193]).unwrap();
        assert!(log.read(&part.full()).is_err());
        fs::write(folder.path().join("checkpoint"), b"hello").unwrap();
        assert_eq!(log.checkpoint().unwrap(), b"hello");
        fs::write(
            folder.path().join("checkpoint"),
            vec![0; Note::MAX_BYTES + 1],
        )
        .unwrap();
        assert!(log.checkpoint().is_err());
    }
}
