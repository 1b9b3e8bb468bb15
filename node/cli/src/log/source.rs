//! Where a log is read from: a folder, or a node.

use std::path::Path;

#[cfg(feature = "node")]
use arknet_client::{Client, ClientError, Settings};
use arknet_tlog::{Directory, DirectoryError, Policy, Tile, TileReader, Trusted};

use crate::error::CliError;

/// A log that can be read.
pub(super) enum Source {
    Folder(Directory),
    #[cfg(feature = "node")]
    Node(Box<Web>),
}

/// A node's log, read one file after the other.
#[cfg(feature = "node")]
pub(super) struct Web {
    runtime: tokio::runtime::Runtime,
    client: Client,
}

/// Why a file of a log could not be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error(transparent)]
    Folder(#[from] DirectoryError),
    #[cfg(feature = "node")]
    #[error(transparent)]
    Node(#[from] ClientError),
}

impl Source {
    /// The log at an address or in a folder.
    pub(super) fn open(place: &str) -> Result<Self, CliError> {
        if place.starts_with("http://") || place.starts_with("https://") {
            return Self::open_node(place);
        }
        let path = Path::new(place);
        if !path.is_dir() {
            let message = format!(
                "`{place}` is no folder; a log is a folder, or an address that begins with https://"
            );
            return Err(CliError::Log(message));
        }
        Ok(Self::Folder(Directory::new(path)))
    }

    #[cfg(feature = "node")]
    fn open_node(place: &str) -> Result<Self, CliError> {
        let failed = |error: &dyn std::fmt::Display| CliError::Log(error.to_string());
        let address = place.parse().map_err(|error| failed(&error))?;
        let client =
            Client::new(address, None, Settings::default()).map_err(|error| failed(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| CliError::Machine(error.to_string()))?;
        Ok(Self::Node(Box::new(Web { runtime, client })))
    }

    #[cfg(not(feature = "node"))]
    fn open_node(place: &str) -> Result<Self, CliError> {
        let message = format!(
            "this build of arknet has no network in it, so it cannot read {place}; give it a folder"
        );
        Err(CliError::Log(message))
    }

    /// The signed checkpoint as it is served.
    pub(super) fn checkpoint(&mut self) -> Result<Vec<u8>, SourceError> {
        match self {
            Self::Folder(folder) => Ok(folder.checkpoint()?),
            #[cfg(feature = "node")]
            Self::Node(web) => Ok(web.get("checkpoint", arknet_tlog::Note::MAX_BYTES)?),
        }
    }

    /// The latest checkpoint, if the policy believes it.
    pub(super) fn trusted(&mut self, policy: &Policy) -> Result<Trusted, CliError> {
        let bytes = self
            .checkpoint()
            .map_err(|error| CliError::Log(error.to_string()))?;
        policy
            .open(&bytes)
            .map_err(|error| CliError::BadLog(error.to_string()))
    }
}

#[cfg(feature = "node")]
impl Web {
    fn get(&self, path: &str, limit: usize) -> Result<Vec<u8>, ClientError> {
        let path: Vec<&str> = path.split('/').collect();
        self.runtime.block_on(self.client.log(&path, limit as u64))
    }
}

impl TileReader for Source {
    type Error = SourceError;

    fn read(&mut self, tile: &Tile) -> Result<Vec<u8>, SourceError> {
        match self {
            Self::Folder(folder) => Ok(folder.read(tile)?),
            #[cfg(feature = "node")]
            Self::Node(web) => match web.get(&tile.to_string(), tile.max_bytes()) {
                Err(error) if !tile.is_full() && is_absent(&error) => {
                    // The full tile may have taken the place of its part.
                    let full = tile.full();
                    Ok(web
                        .get(&full.to_string(), full.max_bytes())
                        .map_err(|_| error)?)
                }
                bytes => Ok(bytes?),
            },
        }
    }
}

#[cfg(feature = "node")]
fn is_absent(error: &ClientError) -> bool {
    match error {
        ClientError::Foreign { status, .. } => *status == 404,
        ClientError::Refused(problem) => problem.status == 404,
        _ => false,
    }
}
