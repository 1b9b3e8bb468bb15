//! A job: a workload, a dispatch size, the contents of its buffers, and its declared limits.
//!
//! [`Job::new`] is the only way to make one, so every `Job` has buffers that fit its workload and its
//! memory limit. What running it gives is an [`Execution`], or a [`Trap`].

mod dispatch;
pub mod folder;
mod trap;

use std::time::Duration;

pub use dispatch::{Dispatch, InvalidDispatch, Invocation};
pub use trap::{Access, Trap};

use crate::ir::{Length, Memory, MemoryId, Space, Workload};

/// The bounds a job must stay within. Crossing one ends the job with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps (starts of a loop body) of one invocation, all its loops together.
    pub steps: u32,
    /// Bytes of all buffers together. (What a workgroup shares is bounded by the workload.)
    pub memory: u64,
    /// Wall-clock time of the run.
    pub time: Duration,
}

/// A workload with everything it needs to run.
#[derive(Clone, Debug)]
pub struct Job {
    workload: Workload,
    dispatch: Dispatch,
    buffers: Vec<Vec<u32>>,
    limits: Limits,
}

/// Why a job's parts do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidJob {
    /// The dispatch is empty or too large.
    #[error(transparent)]
    Dispatch(#[from] InvalidDispatch),
    /// Not one content per buffer of the workload.
    #[error("the workload has {expected} buffers, the job gives {got}")]
    BufferCount {
        /// Buffers of the workload.
        expected: usize,
        /// Buffers given.
        got: usize,
    },
    /// A buffer of the wrong length.
    #[error("buffer `{name}` has {got} bytes, but its WGSL type has {expected}")]
    BufferLength {
        /// The variable.
        name: String,
        /// Bytes of its type.
        expected: u64,
        /// Bytes given.
        got: u64,
    },
    /// A run-time sized buffer with no element.
    #[error("buffer `{name}` is empty; a run-time sized array needs at least one element")]
    EmptyBuffer {
        /// The variable.
        name: String,
    },
    /// A buffer with more words than an index can tell apart.
    #[error(
        "buffer `{name}` has {words} words; at most {} can be indexed, so split it",
        Job::MAX_BUFFER_WORDS
    )]
    BufferTooLong {
        /// The variable.
        name: String,
        /// Words given.
        words: u64,
    },
    /// The buffers together cross the memory limit.
    #[error(
        "the buffers take {bytes} bytes, over the declared limit of {limit} bytes (`limits.memory`)"
    )]
    OverMemory {
        /// Bytes of all buffers.
        bytes: u64,
        /// The declared limit.
        limit: u64,
    },
}

impl Job {
    /// Words of a buffer at most: a device keeps two words of its own behind a buffer, and those have indices too.
    pub const MAX_BUFFER_WORDS: u32 = u32::MAX - 2;

    /// Puts a job together. `buffers` holds the initial words of each buffer memory, in the order of
    /// [`Job::buffer_memories`].
    pub fn new(
        workload: Workload,
        workgroups: [u32; 3],
        buffers: Vec<Vec<u32>>,
        limits: Limits,
    ) -> Result<Self, InvalidJob> {
        let dispatch = Dispatch::new(workgroups, workload.program().workgroup_size)?;
        let job = Self {
            workload,
            dispatch,
            buffers,
            limits,
        };
        let expected = job.buffer_memories().count();
        if job.buffers.len() != expected {
            return Err(InvalidJob::BufferCount {
                expected,
                got: job.buffers.len(),
            });
        }
        for ((_, memory), words) in job.buffer_memories().zip(&job.buffers) {
            check_length(memory, words.len() as u64)?;
        }
        let bytes = job.memory_bytes();
        if bytes > job.limits.memory {
            return Err(InvalidJob::OverMemory {
                bytes,
                limit: job.limits.memory,
            });
        }
        Ok(job)
    }

    /// The workload.
    pub fn workload(&self) -> &Workload {
        &self.workload
    }

    /// The dispatch.
    pub fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    /// Initial words of each buffer, in the order of [`Job::buffer_memories`].
    pub fn buffers(&self) -> &[Vec<u32>] {
        &self.buffers
    }

    /// The declared limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The workload's memories that a job supplies, in declaration order.
    pub fn buffer_memories(&self) -> impl Iterator<Item = (MemoryId, &Memory)> {
        self.workload
            .program()
            .memories()
            .filter(|(_, memory)| memory.is_buffer())
    }

    /// Bytes of all buffers.
    pub fn memory_bytes(&self) -> u64 {
        self.buffers
            .iter()
            .map(|words| 4 * words.len() as u64)
            .sum()
    }
}

fn check_length(memory: &Memory, words: u64) -> Result<(), InvalidJob> {
    if words > Job::MAX_BUFFER_WORDS.into() {
        return Err(InvalidJob::BufferTooLong {
            name: memory.name.clone(),
            words,
        });
    }
    let (Space::Input { length, .. } | Space::Output { length, .. }) = memory.space else {
        return Ok(());
    };
    match length {
        Length::Words(expected) if u64::from(expected) != words => Err(InvalidJob::BufferLength {
            name: memory.name.clone(),
            expected: 4 * u64::from(expected),
            got: 4 * words,
        }),
        Length::Runtime if words == 0 => Err(InvalidJob::EmptyBuffer {
            name: memory.name.clone(),
        }),
        Length::Words(_) | Length::Runtime => Ok(()),
    }
}

/// What a finished run leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Final words of each buffer, in the order of [`Job::buffer_memories`].
    pub buffers: Vec<Vec<u32>>,
    /// The most steps any invocation took.
    pub steps: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Binding;

    #[test]
    fn the_words_behind_a_buffer_have_indices() {
        let memory = Memory {
            name: "data".to_owned(),
            space: Space::Output {
                binding: Binding {
                    group: 0,
                    binding: 0,
                },
                length: Length::Runtime,
            },
        };
        let most = u64::from(Job::MAX_BUFFER_WORDS);
        assert_eq!(check_length(&memory, most), Ok(()));
        let error = check_length(&memory, most + 1).unwrap_err();
        assert!(error.to_string().contains("split it"), "{error}");
        // Not taken for the remainder that 32 bits hold.
        assert!(check_length(&memory, (1 << 32) + 1).is_err());
    }
}
