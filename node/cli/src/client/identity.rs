//! The client's own key.

use std::io;
use std::path::PathBuf;

use arknet_protocol::{KeyFileError, KeyPair, NoRandomness};
use arknet_workload::printable::printable_path;

use super::places::Places;
use super::private;

/// The key that signs this user's requests.
pub(crate) struct Identity {
    /// The key.
    pub(crate) key: KeyPair,
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// Whether it was made just now.
    pub(crate) is_new: bool,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error("the client key {0}")]
    File(#[from] KeyFileError),
    #[error("cannot make the folder `{}`: {source}", printable_path(path))]
    Folder { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error(
        "there is a client key already (`{}`), and keys are not written over: jobs and tokens belong to them",
        printable_path(path)
    )]
    Exists { path: PathBuf },
    #[error(
        "there is no client key yet (`{}`); make one with `arknet keys new`",
        printable_path(path)
    )]
    Missing { path: PathBuf },
}

impl Identity {
    /// The key, where there is one.
    pub(crate) fn load(places: &Places) -> Result<Self, IdentityError> {
        let path = places.key();
        if !is_there(&path) {
            return Err(IdentityError::Missing { path });
        }
        Ok(Self {
            key: KeyPair::load(&path)?,
            path,
            is_new: false,
        })
    }

    /// A new key, where there is none.
    pub(crate) fn create(places: &Places) -> Result<Self, IdentityError> {
        let path = places.key();
        if is_there(&path) {
            return Err(IdentityError::Exists { path });
        }
        private::create_folder(places.config()).map_err(|source| IdentityError::Folder {
            path: places.config().to_owned(),
            source,
        })?;
        let key = KeyPair::generate()?;
        key.save_new(&path)?;
        Ok(Self {
            key,
            path,
            is_new: true,
        })
    }

    /// The key; where there is none, a new one.
    pub(crate) fn load_or_create(places: &Places) -> Result<Self, IdentityError> {
        match Self::load(places) {
            Err(IdentityError::Missing { .. }) => Self::create(places),
            result => result,
        }
    }
}

/// Whether anything has the name, be it a link to nowhere.
fn is_there(path: &std::path::Path) -> bool {
    path.symlink_metadata().is_ok()
}
