//! Why there is no worker.

use crate::protocol::ProtocolError;
use crate::wall::Walls;
use crate::{BackendError, Death};

/// Why a worker did not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// There is nothing to run on.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The process could not be started.
    #[error("no worker process can be started: {0}")]
    Spawn(String),
    /// The worker ended before it was ready.
    #[error("the worker process ended while it started: {0}")]
    Died(Death),
    /// The worker said something that it should not have, or nothing.
    #[error("the worker process did not start properly: {0}")]
    Protocol(ProtocolError),
    /// This system lacks a wall that strangers' jobs need.
    #[error(
        "the sandbox is incomplete on this system ({walls}); use a kernel that has what is missing, or allow a weak \
         sandbox for jobs that you trust"
    )]
    Weak {
        /// The walls, missing ones included.
        walls: Box<Walls>,
    },
}
