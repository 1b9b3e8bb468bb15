//! The verbs of whoever runs a node: making one, starting it, letting clients in, checking it.
//!
//! They work on the node's own files, so they need no password: whoever may write those is the operator.

pub(crate) mod arguments;
mod backup;
mod doctor;
mod init;
mod place;
mod start;
mod token;

use std::io;
use std::path::PathBuf;

use arknet_node::config::ConfigError;
use arknet_node::store::StoreError;
use arknet_node::telemetry::{TelemetryError, UnknownFormat};
use arknet_protocol::{KeyFileError, NoRandomness, TokenId};
use arknet_workload::printable::printable_path;

use crate::exit::Exit;

pub(crate) use backup::{bring_back, save};
pub(crate) use doctor::doctor;
pub(crate) use start::node;
pub(crate) use token::token;

/// Why a verb of the operator failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperatorError {
    #[error("{0}; `arknet node init` makes a node")]
    Config(#[from] ConfigError),
    #[error("the node's key {0}")]
    Key(#[from] KeyFileError),
    #[error("the node's log: {0}")]
    Log(#[from] arknet_node::log::LogError),
    #[error("the node's database: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Backup(#[from] arknet_node::backup::BackupError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error("`{}`: {source}", printable_path(path))]
    File { path: PathBuf, source: io::Error },
    #[error(
        "there is no token {0} that could be revoked; `arknet token list` shows those there are"
    )]
    NoToken(TokenId),
    #[error("`telemetry.format`: {0}")]
    Format(#[from] UnknownFormat),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error("the node cannot run: {0}")]
    Node(#[from] arknet_node::node::NodeError),
}

impl OperatorError {
    fn file(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// The exit code: what the operator's files are at fault for, and what the node is.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Config(_)
            | Self::Format(_)
            | Self::Key(_)
            | Self::File { .. }
            | Self::NoToken(_) => Exit::Usage,
            Self::Randomness(_) => Exit::Internal,
            Self::Backup(_) => Exit::Node,
            Self::Telemetry(_) | Self::Log(_) | Self::Store(_) | Self::Node(_) => Exit::Node,
        }
    }
}
