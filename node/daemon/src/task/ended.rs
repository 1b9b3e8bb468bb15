//! How an attempt ended.

use arknet_protocol::Phase;

use super::message::{Done, Refusal};

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// As it should; the files are in the job's folder.
    Done(Done),
    /// The job has no result, here or elsewhere.
    Refused(Refusal),
    /// This attempt has no result; another may have one.
    Failed(Failure),
    /// It was called off.
    Cancelled,
}

/// Why an attempt has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Of what kind.
    pub kind: FailureKind,
    /// What happened, for the operator.
    pub detail: String,
    /// The end of what the child wrote to standard error, for the operator.
    pub stderr: String,
}

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// There was not enough memory.
    OutOfMemory,
    /// A phase, or the start (`None`), took too long.
    TimedOut(Option<Phase>),
    /// The device is not there, is lost, or its driver failed.
    Device,
    /// The device computed something else than the interpreter.
    Differs,
    /// The receipt does not hold for the job and the outputs.
    InvalidProof,
    /// The child crashed or was killed from outside.
    Crashed,
    /// The child said what it should not have.
    Unbelievable,
    /// The child reports a defect of this program.
    Defect,
    /// There is no process, or none that is confined.
    NotStarted,
}

impl FailureKind {
    /// Whether the device is to blame: such a failure counts against it.
    pub fn is_of_device(self) -> bool {
        match self {
            Self::Device | Self::Differs | Self::InvalidProof | Self::Crashed => true,
            Self::OutOfMemory
            | Self::TimedOut(_)
            | Self::Unbelievable
            | Self::Defect
            | Self::NotStarted => false,
        }
    }

    /// Whether another attempt may end better.
    pub fn is_retryable(self) -> bool {
        !matches!(self, Self::TimedOut(Some(_)) | Self::Unbelievable)
    }

    /// A word for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::OutOfMemory => "out_of_memory",
            Self::TimedOut(_) => "timed_out",
            Self::Device => "device",
            Self::Differs => "differs",
            Self::InvalidProof => "invalid_proof",
            Self::Crashed => "crashed",
            Self::Unbelievable => "unbelievable",
            Self::Defect => "defect",
            Self::NotStarted => "not_started",
        }
    }
}
