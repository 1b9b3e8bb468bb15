//! A job on its way to the worker.
//!
//! The program travels as its canonical bytes, so the worker checks it again, and prints the text for the driver
//! itself. The bytes hold no places in the source: the parent keeps those.

use std::io::{Read, Write};
use std::time::Duration;

use arknet_workload::ir::canonical;
use arknet_workload::job::{Job, Limits};

use super::codec::{Decoder, Encoder};
use super::frame::{self, Header};
use super::{ProtocolError, kind};

/// Bytes of the head: more than the canonical bytes of any workload.
const MAX_HEAD: u32 = 1 << 27;

/// A job with the number that its answer must bear.
#[derive(Clone, Debug)]
pub struct JobMessage {
    /// Counts the jobs of a worker from 0.
    pub number: u64,
    /// The job.
    pub job: Job,
}

impl JobMessage {
    /// Sends a job.
    pub fn send(number: u64, job: &Job, writer: &mut impl Write) -> Result<(), ProtocolError> {
        let program = canonical::encode(job.workload());
        let limits = job.limits();
        let mut head = Encoder::new();
        head.u64(number);
        for workgroups in job.dispatch().workgroups() {
            head.u32(workgroups);
        }
        head.u32(limits.steps)
            .u64(limits.memory)
            .u64(limits.time.as_secs())
            .u32(limits.time.subsec_nanos());
        // The head is refused where it would be as long as that.
        head.u32(program.len() as u32).raw(&program);
        head.u32(job.buffers().len() as u32);
        for buffer in job.buffers() {
            head.u64(buffer.len() as u64);
        }
        let head = head.finish();
        if head.len() > MAX_HEAD as usize {
            return Err(ProtocolError::TooLarge {
                what: "the program of a job",
                limit: MAX_HEAD.into(),
                got: head.len() as u64,
            });
        }
        frame::send(writer, kind::JOB, &head, job.buffers())
    }

    /// Receives a job whose buffers have at most `memory` bytes.
    pub fn receive(reader: &mut impl Read, memory: u64) -> Result<Self, ProtocolError> {
        let header = Header::receive(reader)?;
        if header.kind != kind::JOB {
            return Err(ProtocolError::Kind {
                expected: "a job",
                got: header.kind,
            });
        }
        let bytes = header.head(reader, MAX_HEAD)?;
        let mut head = Decoder::new("job", &bytes);
        let number = head.u64()?;
        let workgroups = [head.u32()?, head.u32()?, head.u32()?];
        let steps = head.u32()?;
        let declared = head.u64()?;
        let (seconds, nanoseconds) = (head.u64()?, head.u32()?);
        if nanoseconds >= 1_000_000_000 {
            return Err(ProtocolError::TooLarge {
                what: "a part of a second",
                limit: 999_999_999,
                got: nanoseconds.into(),
            });
        }
        let length = head.u32()?;
        let workload = canonical::decode(head.raw(length as usize)?)?;
        let mut lengths = Vec::new();
        let mut total = 0u64;
        for _ in 0..head.u32()? {
            let words = head.u64()?;
            total = total.saturating_add(words.saturating_mul(4));
            if total > memory {
                return Err(ProtocolError::TooLarge {
                    what: "the bytes of a job's buffers",
                    limit: memory,
                    got: total,
                });
            }
            lengths.push(
                usize::try_from(words).map_err(|_| ProtocolError::OutOfMemory { bytes: total })?,
            );
        }
        head.finish()?;
        let buffers = header.words(reader, &lengths)?;
        let limits = Limits {
            steps,
            memory: declared,
            time: Duration::new(seconds, nanoseconds),
        };
        Ok(Self {
            number,
            job: Job::new(workload, workgroups, buffers, limits)?,
        })
    }
}
