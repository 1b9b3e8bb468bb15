//! The record of the highest checkpoint that was ever signed.
//!
//! It lies beside the log's key and not beside the database, because it says what was done with the key: restoring a
//! database must not take it back.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use arknet_tlog::{Checkpoint, Note, Policy, PolicyError};

use super::durable::Durable;
use super::error::LogError;

/// A checkpoint that this log signed, with its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) checkpoint: Checkpoint,
    pub(super) note: Note,
}

impl Signed {
    pub(super) fn read(bytes: &[u8], policy: &Policy) -> Result<Self, PolicyError> {
        let note = Note::parse(bytes)?;
        let checkpoint = policy.check(&note)?.checkpoint;
        Ok(Self { checkpoint, note })
    }
}

/// The file of the record.
#[derive(Clone, Debug)]
pub(super) struct Record {
    path: PathBuf,
}

impl Record {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What was signed last, if the record is there.
    pub(super) fn load(&self, policy: &Policy) -> Result<Option<Signed>, LogError> {
        let Some(bytes) = read_note(&self.path)? else {
            return Ok(None);
        };
        let signed = Signed::read(&bytes, policy);
        let bad = |source| LogError::BadRecord {
            path: self.path.clone(),
            source,
        };
        signed.map(Some).map_err(bad)
    }

    /// Records what was signed. Only after this may anybody see it.
    pub(super) fn save(&self, signed: &Signed, durable: &Durable) -> Result<(), LogError> {
        durable.put(&self.path, signed.note.to_string().as_bytes())
    }
}

/// The bytes of a file that should hold a note; one byte more than a note can have is enough to refuse it.
pub(super) fn read_note(path: &Path) -> Result<Option<Vec<u8>>, LogError> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LogError::io(path)(error)),
    };
    let mut bytes = Vec::new();
    let read = file
        .take(Note::MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes);
    read.map_err(LogError::io(path))?;
    Ok(Some(bytes))
}
