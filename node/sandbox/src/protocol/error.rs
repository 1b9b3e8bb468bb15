//! Why a message is not accepted.

use arknet_workload::ir::canonical::DecodeError;
use arknet_workload::job::InvalidJob;

/// What is wrong with a message, or with the connection it came over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The other side is gone.
    #[error("the connection was closed")]
    Closed,
    /// The other side took too long.
    #[error("no complete message came within the time allowed")]
    Late,
    /// The other side does not read what it is sent.
    #[error("no complete message was taken within the time allowed")]
    Deaf,
    /// The other side said something before it was asked.
    #[error("a message came before the one that it should answer")]
    Unasked,
    /// The system could not send or receive.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// A message that has no place here.
    #[error("a message of kind {got} came where {expected} was expected")]
    Kind {
        /// What would have been right.
        expected: &'static str,
        /// The kind that came.
        got: u8,
    },
    /// The other side speaks another version.
    #[error(
        "version {got} of the worker's protocol came; this is version {}",
        super::VERSION
    )]
    Version {
        /// Its version.
        got: u16,
    },
    /// A number that can have one value only.
    #[error("{what} is {got} where only {expected} is right")]
    Mismatch {
        /// The number.
        what: &'static str,
        /// Its right value.
        expected: u64,
        /// The value that came.
        got: u64,
    },
    /// A number past its limit.
    #[error("{what} is {got}, and at most {limit}")]
    TooLarge {
        /// The number.
        what: &'static str,
        /// Its limit.
        limit: u64,
        /// The value that came.
        got: u64,
    },
    /// A message that ends too early.
    #[error("a {message} message is cut short")]
    Truncated {
        /// The message.
        message: &'static str,
    },
    /// A message with something behind its end.
    #[error("a {message} message has {extra} bytes too many")]
    Trailing {
        /// The message.
        message: &'static str,
        /// Bytes behind its end.
        extra: usize,
    },
    /// A byte that stands for nothing.
    #[error("{got} is no known {what}")]
    Unknown {
        /// What was expected.
        what: &'static str,
        /// The byte.
        got: u8,
    },
    /// Text that is not UTF-8, or has control characters in it.
    #[error("a text in a {message} message is not plain")]
    Text {
        /// The message.
        message: &'static str,
    },
    /// No memory for what was announced.
    #[error("there is no memory for {bytes} bytes")]
    OutOfMemory {
        /// Bytes announced.
        bytes: u64,
    },
    /// The program of a job is none.
    #[error("the job's workload: {0}")]
    Workload(#[from] DecodeError),
    /// The parts of a job do not fit together.
    #[error("the job: {0}")]
    Job(#[from] InvalidJob),
}
