//! Locking in a process of this program that handles strangers' files without a GPU driver in it.
//!
//! Parsing a stranger's kernel, interpreting it and proving it is done by safe code, in a process of its own. Should
//! that code have a hole all the same, then whoever comes through finds what a worker has: no files but those of the
//! one job, no network, no other process, bounded memory and time, and a parent whose death ends it. seccomp takes away
//! less than from a worker: such a process starts threads. One that starts workers keeps all system calls.

use std::path::PathBuf;

use crate::lockdown::{self, Reachable};
use crate::wall::{Wall, Walls};

/// What a confined process may still do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// Folders whose files it reads.
    pub readable: Vec<PathBuf>,
    /// Folders in which it makes, writes and removes files.
    pub writable: Vec<PathBuf>,
    /// Whether it starts workers. Those lock themselves in further; until then the process can run this program, and
    /// open whatever drivers are made of.
    pub workers: bool,
    /// Bytes of private memory. Not held where it starts workers, which GPU drivers give addresses without end; a
    /// [`MemoryGroup`](crate::MemoryGroup) holds both.
    pub memory_bytes: u64,
    /// Bytes of a file that it writes.
    pub file_bytes: u64,
    /// Seconds of processor time, of all its threads together.
    pub processor_seconds: u64,
}

impl Confinement {
    /// Confines this process for good. Must come before anything else that it does: it closes all files but the three
    /// standard ones, and holds only for threads that are not there yet.
    pub fn enter(&self) -> Walls {
        let mut walls = Walls::default();
        lockdown::close_confined(&mut walls, self);
        let mut reachable = Reachable {
            read: self.readable.clone(),
            write: self.writable.clone(),
            ..Reachable::default()
        };
        if self.workers {
            reachable = reachable.workers();
        }
        lockdown::close_files_but(&mut walls, reachable);
        if !self.workers {
            lockdown::close_confined_calls(&mut walls);
        }
        walls
    }

    /// The first wall that a confined process needs and does not have, with the reason.
    pub fn gap<'a>(&self, walls: &'a Walls) -> Option<(Wall, &'a str)> {
        walls
            .missing()
            .find(|(wall, _)| wall.is_required() && !(self.workers && *wall == Wall::SystemCalls))
    }
}
