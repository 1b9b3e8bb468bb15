//! Systems whose walls this crate does not know. A worker is a process of its own there, and no more; it says so.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use super::Driver;
use crate::confine::Confinement;
use crate::wall::Walls;

/// Gives the socket to the parent, which is standard input, or `None` where that is none.
pub(crate) fn close_process(_: &mut Walls) -> Option<UnixStream> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    socket.peer_addr().is_ok().then_some(socket)
}

/// Nothing is closed.
pub(crate) fn close_files(_: &mut Walls) {}

/// Nothing is closed.
pub(crate) fn close_system_calls(_: &mut Walls, _: Driver, _: &UnixStream) {}

/// Nothing is closed.
pub(crate) fn close_confined(_: &mut Walls, _: &Confinement) {}

/// Nothing is reachable that was not before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reachable {
    pub(crate) read: Vec<PathBuf>,
    pub(crate) write: Vec<PathBuf>,
}

impl Reachable {
    pub(crate) fn workers(self) -> Self {
        self
    }
}

/// Nothing is closed.
pub(crate) fn close_files_but(_: &mut Walls, _: Reachable) {}

/// Nothing is closed.
pub(crate) fn close_confined_calls(_: &mut Walls) {}
