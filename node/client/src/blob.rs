//! Blobs that a client has.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arknet_protocol::{BlobDigest, BlobHasher};

use crate::error::ClientError;

/// Bytes under their digest.
#[derive(Clone, Debug)]
pub struct Blob {
    digest: BlobDigest,
    size: u64,
    source: BlobSource,
}

/// Where the bytes of a blob are.
#[derive(Clone, Debug)]
pub enum BlobSource {
    /// In memory.
    Bytes(Arc<[u8]>),
    /// In a file, which must not change until it is sent.
    File(PathBuf),
}

impl Blob {
    /// A blob in memory.
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self {
            digest: BlobDigest::of(&bytes),
            size: bytes.len() as u64,
            source: BlobSource::Bytes(bytes),
        }
    }

    /// A blob in a file, which is read once for its digest.
    pub fn from_file(path: &Path) -> Result<Self, ClientError> {
        let hash = || -> io::Result<(BlobDigest, u64)> {
            let mut file = File::open(path)?;
            let mut hasher = BlobHasher::default();
            let (mut buffer, mut size) = (vec![0; 1 << 16], 0);
            loop {
                match file.read(&mut buffer) {
                    Ok(0) => return Ok((hasher.finish(), size)),
                    Ok(length) => {
                        hasher.update(&buffer[..length]);
                        size += length as u64;
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        };
        let (digest, size) = hash().map_err(|source| ClientError::Source {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            digest,
            size,
            source: BlobSource::File(path.to_owned()),
        })
    }

    /// The digest of the bytes.
    pub fn digest(&self) -> BlobDigest {
        self.digest
    }

    /// How many there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where they are.
    pub fn source(&self) -> &BlobSource {
        &self.source
    }
}
