//! What a receipt says, and how it differs from what its reader expects.
//!
//! A claim holds digests, not data: whoever checks a receipt has the job and its outputs, makes the claim
//! anew with [`Claim::new`] and compares. The only value that cannot be recomputed without running the job
//! is the number of steps, and that one is part of what the proof proves.

mod mismatch;

use std::fmt;

use arknet_workload::ir::Workload;
use arknet_workload::job::Job;

use crate::digest::{Digest, DomainHasher};
use crate::encoding::{DecodeError, Reader, Writer};

pub use mismatch::Mismatch;

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    workload: Digest,
    workgroups: [u32; 3],
    limits: ClaimedLimits,
    usage: Usage,
    buffers: Vec<BufferClaim>,
}

/// What a claim says about one buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BufferClaim {
    /// The variable's name in the WGSL.
    pub name: String,
    /// Its length in words.
    pub words: u32,
    /// Digest of its contents before the run.
    pub before: Digest,
    /// Digest of its contents after the run.
    pub after: Digest,
}

/// The limits that the job declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimedLimits {
    /// Steps of one invocation.
    pub steps: u32,
    /// Bytes of all buffers.
    pub memory: u64,
    /// Wall-clock time of the run in milliseconds. Declared, not proven: a proof knows no clock.
    pub time_ms: u64,
}

/// What the run took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// No invocation took more steps than this.
    pub steps: u32,
    /// Bytes of all buffers.
    pub memory: u64,
    /// Invocations of the dispatch.
    pub invocations: u32,
}

impl Usage {
    /// The usage of a job whose invocations took at most `steps` steps each.
    pub fn new(job: &Job, steps: u32) -> Self {
        Self {
            steps,
            memory: job.memory_bytes(),
            invocations: job.dispatch().invocations(),
        }
    }
}

/// Why contents of buffers are not outputs of a job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Not one content per buffer.
    #[error("the job has {expected} buffers, but {got} outputs are given")]
    BufferCount {
        /// Buffers of the job.
        expected: usize,
        /// Contents given.
        got: usize,
    },
    /// A buffer of another length than the job's.
    #[error("output `{name}` has {got} words, but the job's buffer has {expected}")]
    BufferLength {
        /// The buffer.
        name: String,
        /// Words of the job's buffer.
        expected: usize,
        /// Words given.
        got: usize,
    },
    /// A read-only buffer with other contents than before.
    #[error("buffer `{name}` is only read by the kernel, but its contents after the run differ")]
    InputChanged {
        /// The buffer.
        name: String,
    },
    /// A buffer past 2^32 words.
    #[error("buffer `{name}` has {words} words; a claim holds at most 2^32 - 1")]
    BufferTooLong {
        /// The buffer.
        name: String,
        /// Its words.
        words: usize,
    },
}

impl Claim {
    /// Buffers of a claim: as many as a workload may have.
    pub(crate) const MAX_BUFFERS: usize = Workload::MAX_MEMORIES;

    /// The claim that `job` ends with `outputs` (the final words of each buffer, in the order of
    /// [`Job::buffer_memories`]) within `usage`.
    pub fn new(job: &Job, outputs: &[Vec<u32>], usage: Usage) -> Result<Self, ClaimError> {
        if outputs.len() != job.buffers().len() {
            return Err(ClaimError::BufferCount {
                expected: job.buffers().len(),
                got: outputs.len(),
            });
        }
        let buffers = job
            .buffer_memories()
            .zip(job.buffers().iter().zip(outputs))
            .map(|((_, memory), (before, after))| {
                let name = memory.name.clone();
                if after.len() != before.len() {
                    return Err(ClaimError::BufferLength {
                        name,
                        expected: before.len(),
                        got: after.len(),
                    });
                }
                if !memory.is_writable() && after != before {
                    return Err(ClaimError::InputChanged { name });
                }
                let Ok(words) = u32::try_from(before.len()) else {
                    let words = before.len();
                    return Err(ClaimError::BufferTooLong { name, words });
                };
                let before = Digest::of_words(before);
                let after = if memory.is_writable() {
                    Digest::of_words(after)
                } else {
                    before
                };
                Ok(BufferClaim {
                    name,
                    words,
                    before,
                    after,
                })
            })
            .collect::<Result<_, _>>()?;
        let limits = job.limits();
        Ok(Self {
            workload: Digest(job.workload().id().0),
            workgroups: job.dispatch().workgroups(),
            limits: ClaimedLimits {
                steps: limits.steps,
                memory: limits.memory,
                time_ms: u64::try_from(limits.time.as_millis()).unwrap_or(u64::MAX),
            },
            usage,
            buffers,
        })
    }

    /// A claim of any parts, for tests of the format.
    #[cfg(test)]
    pub(crate) fn from_parts(
        workload: Digest,
        workgroups: [u32; 3],
        limits: ClaimedLimits,
        usage: Usage,
        buffers: Vec<BufferClaim>,
    ) -> Self {
        Self {
            workload,
            workgroups,
            limits,
            usage,
            buffers,
        }
    }

    /// Identity of the workload.
    pub fn workload(&self) -> Digest {
        self.workload
    }

    /// Workgroups per axis.
    pub fn workgroups(&self) -> [u32; 3] {
        self.workgroups
    }

    /// The declared limits.
    pub fn limits(&self) -> ClaimedLimits {
        self.limits
    }

    /// What the run took.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// The buffers in declaration order.
    pub fn buffers(&self) -> &[BufferClaim] {
        &self.buffers
    }

    /// Digest of the whole claim.
    pub fn digest(&self) -> Digest {
        let mut writer = Writer::default();
        self.write(&mut writer);
        let mut hasher = DomainHasher::new("ArkNet claim v1");
        hasher.update(&writer.finish());
        hasher.finish()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.bytes(&self.workload.0);
        self.workgroups.iter().for_each(|&n| writer.u32(n));
        writer.u32(self.limits.steps);
        writer.u64(self.limits.memory);
        writer.u64(self.limits.time_ms);
        writer.u32(self.usage.steps);
        writer.u64(self.usage.memory);
        writer.u32(self.usage.invocations);
        writer.count(self.buffers.len());
        for buffer in &self.buffers {
            writer.count(buffer.name.len());
            writer.bytes(buffer.name.as_bytes());
            writer.u32(buffer.words);
            writer.bytes(&buffer.before.0);
            writer.bytes(&buffer.after.0);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let workload = Digest(reader.array("the workload's identity")?);
        let mut workgroups = [0; 3];
        for n in &mut workgroups {
            *n = reader.u32("the number of workgroups")?;
        }
        let limits = ClaimedLimits {
            steps: reader.u32("the limits")?,
            memory: reader.u64("the limits")?,
            time_ms: reader.u64("the limits")?,
        };
        let usage = Usage {
            steps: reader.u32("the usage")?,
            memory: reader.u64("the usage")?,
            invocations: reader.u32("the usage")?,
        };
        let count = reader.count("buffers", Self::MAX_BUFFERS)?;
        let mut buffers = Vec::<BufferClaim>::with_capacity(count);
        for _ in 0..count {
            let buffer = BufferClaim::read(reader)?;
            if buffers.iter().any(|other| other.name == buffer.name) {
                return Err(DecodeError::DuplicateName { name: buffer.name });
            }
            buffers.push(buffer);
        }
        Ok(Self {
            workload,
            workgroups,
            limits,
            usage,
            buffers,
        })
    }
}

impl BufferClaim {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = reader.count("bytes of a buffer name", Workload::MAX_NAME_BYTES)?;
        let at = reader.at();
        let name = reader.bytes("a buffer name", length as u64)?;
        let name = identifier(name).ok_or(DecodeError::BadName { at })?;
        Ok(Self {
            name: name.to_owned(),
            words: reader.u32("a buffer's length")?,
            before: Digest(reader.array("a buffer's digest")?),
            after: Digest(reader.array("a buffer's digest")?),
        })
    }
}

/// The bytes as a name a workload's memory can have.
fn identifier(bytes: &[u8]) -> Option<&str> {
    let (first, rest) = bytes.split_first()?;
    let fine = (first.is_ascii_alphabetic() || *first == b'_')
        && rest.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    std::str::from_utf8(bytes).ok().filter(|_| fine)
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [x, y, z] = self.workgroups;
        let (limits, usage) = (self.limits, self.usage);
        writeln!(f, "workload     {}", self.workload)?;
        writeln!(
            f,
            "workgroups   {x} x {y} x {z}, {} invocations",
            usage.invocations
        )?;
        writeln!(
            f,
            "steps        at most {} of {}",
            usage.steps, limits.steps
        )?;
        writeln!(
            f,
            "memory       {} bytes of {}",
            usage.memory, limits.memory
        )?;
        write!(f, "time         {} ms declared", limits.time_ms)?;
        for buffer in &self.buffers {
            write!(
                f,
                "\nbuffer       {} ({} words)\n  before     {}\n  after      {}",
                buffer.name, buffer.words, buffer.before, buffer.after
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
