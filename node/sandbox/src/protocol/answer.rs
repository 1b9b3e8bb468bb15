//! What a worker says about a job.

use std::io::{Read, Write};
use std::time::Duration;

use arknet_workload::emit::report::Report;
use arknet_workload::job::{Invocation, Job};

use super::codec::{Decoder, Encoder};
use super::frame::{self, Header};
use super::{ProtocolError, kind};
use crate::RunError;

const MAX_HEAD: u32 = 1 << 13;
/// Bytes of a driver's message.
const MAX_MESSAGE: u16 = 2048;
/// Bytes of the name of a limit.
const MAX_WHAT: u16 = 512;

/// What the parent knows of the answer before it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    number: u64,
    steps: u32,
    invocations: u32,
    /// Words of each writable buffer.
    outputs: Vec<usize>,
}

/// A worker's answer to a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The run has a result.
    Done(Done),
    /// The run trapped; the words of the report that the kernel left.
    Trapped([u32; Report::WORDS]),
    /// There is no result for another reason.
    Failed(Failure),
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The most steps any invocation took.
    pub steps: u32,
    /// Time to print the kernel and have it compiled.
    pub compile_time: Duration,
    /// Time to bring the buffers up, run and bring them down.
    pub run_time: Duration,
    /// Final words of each writable buffer.
    pub outputs: Vec<Vec<u32>>,
}

/// A [`RunError`] without what the parent knows anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// [`RunError::OverTime`].
    OverTime,
    /// [`RunError::OverAdapter`].
    OverAdapter {
        /// What of.
        what: String,
        /// What the job needs.
        needed: u64,
        /// What the adapter offers.
        limit: u64,
    },
    /// [`RunError::TooComplex`].
    TooComplex {
        /// What of.
        what: String,
        /// What the kernel has.
        got: u64,
        /// The limit.
        limit: u64,
    },
    /// [`RunError::OutOfMemory`].
    OutOfMemory,
    /// [`RunError::DeviceLost`].
    DeviceLost {
        /// What is known.
        message: String,
    },
    /// [`RunError::Unrepeatable`].
    Unrepeatable {
        /// The invocation.
        invocation: Invocation,
    },
    /// [`RunError::Driver`].
    Driver {
        /// What it says.
        message: String,
    },
}

impl Expected {
    /// What the answer to a job must agree with.
    pub fn of(number: u64, job: &Job) -> Self {
        Self {
            number,
            steps: job.limits().steps,
            invocations: job.dispatch().invocations(),
            outputs: outputs(job).map(|(_, words)| words.len()).collect(),
        }
    }
}

/// Position and initial words of each writable buffer of a job.
pub(crate) fn outputs(job: &Job) -> impl Iterator<Item = (usize, &Vec<u32>)> {
    job.buffer_memories()
        .zip(job.buffers())
        .enumerate()
        .filter(|(_, ((_, memory), _))| memory.is_writable())
        .map(|(position, (_, words))| (position, words))
}

impl Answer {
    /// Sends the answer to the job of that number.
    pub fn send(&self, number: u64, writer: &mut impl Write) -> Result<(), ProtocolError> {
        let mut head = Encoder::new();
        head.u64(number);
        let (kind, outputs) = match self {
            Self::Done(done) => {
                head.u32(done.steps)
                    .u64(nanoseconds(done.compile_time))
                    .u64(nanoseconds(done.run_time));
                (kind::DONE, done.outputs.as_slice())
            }
            Self::Trapped(report) => {
                for word in report {
                    head.u32(*word);
                }
                (kind::TRAPPED, [].as_slice())
            }
            Self::Failed(failure) => {
                failure.encode(&mut head);
                (kind::FAILED, [].as_slice())
            }
        };
        frame::send(writer, kind, &head.finish(), outputs)
    }

    /// Receives the answer to a job, and refuses one that cannot be an answer to it.
    pub fn receive(reader: &mut impl Read, expected: &Expected) -> Result<Self, ProtocolError> {
        let header = Header::receive(reader)?;
        let message = match header.kind {
            kind::DONE => "done",
            kind::TRAPPED => "trapped",
            kind::FAILED => "failed",
            got => {
                return Err(ProtocolError::Kind {
                    expected: "an answer",
                    got,
                });
            }
        };
        let head = header.head(reader, MAX_HEAD)?;
        let mut head = Decoder::new(message, &head);
        let number = head.u64()?;
        if number != expected.number {
            return Err(ProtocolError::Mismatch {
                what: "the job's number",
                expected: expected.number,
                got: number,
            });
        }
        match header.kind {
            kind::DONE => {
                let steps = head.u32()?;
                at_most("the number of steps", steps, expected.steps)?;
                let compile_time = Duration::from_nanos(head.u64()?);
                let run_time = Duration::from_nanos(head.u64()?);
                head.finish()?;
                Ok(Self::Done(Done {
                    steps,
                    compile_time,
                    run_time,
                    outputs: header.words(reader, &expected.outputs)?,
                }))
            }
            kind::TRAPPED => {
                let mut report = [0; Report::WORDS];
                for word in &mut report {
                    *word = head.u32()?;
                }
                head.finish()?;
                header.words(reader, &[])?;
                let invocation = Report::from_words(report).first_trapped();
                let invocation = invocation.map_or(u32::MAX, |invocation| invocation.0);
                at_most("the invocation", invocation, expected.invocations - 1)?;
                Ok(Self::Trapped(report))
            }
            _ => {
                let failure = Failure::decode(&mut head, expected)?;
                head.finish()?;
                header.words(reader, &[])?;
                Ok(Self::Failed(failure))
            }
        }
    }
}

impl Failure {
    fn encode(&self, head: &mut Encoder) {
        match self {
            Self::OverTime => head.u8(0),
            Self::OverAdapter {
                what,
                needed,
                limit,
            } => head.u8(1).text(what, MAX_WHAT).u64(*needed).u64(*limit),
            Self::TooComplex { what, got, limit } => {
                head.u8(2).text(what, MAX_WHAT).u64(*got).u64(*limit)
            }
            Self::OutOfMemory => head.u8(3),
            Self::DeviceLost { message } => head.u8(4).text(message, MAX_MESSAGE),
            Self::Unrepeatable { invocation } => head.u8(5).u32(invocation.0),
            Self::Driver { message } => head.u8(6).text(message, MAX_MESSAGE),
        };
    }

    fn decode(head: &mut Decoder<'_>, expected: &Expected) -> Result<Self, ProtocolError> {
        Ok(match head.u8()? {
            0 => Self::OverTime,
            1 => Self::OverAdapter {
                what: head.text(MAX_WHAT)?,
                needed: head.u64()?,
                limit: head.u64()?,
            },
            2 => Self::TooComplex {
                what: head.text(MAX_WHAT)?,
                got: head.u64()?,
                limit: head.u64()?,
            },
            3 => Self::OutOfMemory,
            4 => Self::DeviceLost {
                message: head.text(MAX_MESSAGE)?,
            },
            5 => {
                let invocation = head.u32()?;
                at_most("the invocation", invocation, expected.invocations - 1)?;
                Self::Unrepeatable {
                    invocation: Invocation(invocation),
                }
            }
            6 => Self::Driver {
                message: head.text(MAX_MESSAGE)?,
            },
            got => {
                return Err(ProtocolError::Unknown {
                    what: "failure",
                    got,
                });
            }
        })
    }

    /// The error on the worker's side. Traps have an answer of their own, and what only a parent finds out does not
    /// come from a runner.
    pub(crate) fn of(error: RunError) -> Self {
        match error {
            RunError::OverTime { .. } => Self::OverTime,
            RunError::OverAdapter {
                what,
                needed,
                limit,
                ..
            } => Self::OverAdapter {
                what,
                needed,
                limit,
            },
            RunError::TooComplex { what, got, limit } => Self::TooComplex { what, got, limit },
            RunError::OutOfMemory { .. } => Self::OutOfMemory,
            RunError::DeviceLost { message, .. } => Self::DeviceLost { message },
            RunError::Unrepeatable { invocation } => Self::Unrepeatable { invocation },
            RunError::Driver { message, .. } => Self::Driver { message },
            other => Self::Driver {
                message: other.to_string(),
            },
        }
    }

    /// The error on the parent's side.
    pub(crate) fn into_error(self, adapter: String, job: &Job) -> RunError {
        match self {
            Self::OverTime => RunError::OverTime {
                limit: job.limits().time,
            },
            Self::OverAdapter {
                what,
                needed,
                limit,
            } => RunError::OverAdapter {
                what,
                needed,
                limit,
                adapter,
            },
            Self::TooComplex { what, got, limit } => RunError::TooComplex { what, got, limit },
            Self::OutOfMemory => RunError::OutOfMemory {
                adapter,
                bytes: job.memory_bytes(),
            },
            Self::DeviceLost { message } => RunError::DeviceLost { adapter, message },
            Self::Unrepeatable { invocation } => RunError::Unrepeatable { invocation },
            Self::Driver { message } => RunError::Driver { adapter, message },
        }
    }
}

fn at_most(what: &'static str, got: u32, limit: u32) -> Result<(), ProtocolError> {
    if got > limit {
        return Err(ProtocolError::TooLarge {
            what,
            limit: limit.into(),
            got: got.into(),
        });
    }
    Ok(())
}

/// Whole nanoseconds, as many as there is room for: half a millennium.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
