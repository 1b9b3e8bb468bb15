//! Why a command failed, as one paragraph and an exit code.

use std::io;
use std::path::PathBuf;

#[cfg(feature = "node")]
use arknet_protocol::{JobId, JobState, PublicKey};
#[cfg(feature = "gpu")]
use arknet_sandbox::Difference;
use arknet_workload::job::folder::JobFileError;
use arknet_workload::printable::printable_path;
use arknet_workload::regular::OpenError;

#[cfg(feature = "node")]
use crate::answer::Answer;
#[cfg(feature = "node")]
use crate::client;
use crate::exit::Exit;
#[cfg(feature = "node")]
use crate::operator;

/// A failed command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    JobFile(#[from] JobFileError),
    /// The workload is not accepted; rendered with its place in the source.
    #[error("{0}")]
    Refused(String),
    /// The run has no meaning; rendered with its place in the source.
    #[error("{0}")]
    Trapped(String),
    #[error("{0}")]
    OverLimit(String),
    #[error("the backend is not available: {0}")]
    Backend(String),
    #[cfg(feature = "gpu")]
    #[error(
        "{device} does not compute what the reference interpreter does: {difference}. The job is free of races, so \
         the device, its driver or arknet is at fault; nothing was written"
    )]
    Differs {
        device: String,
        difference: Difference,
    },
    #[error("the receipt does not hold: {0}")]
    Invalid(String),
    /// A log that was read and is not what its signatures say.
    #[error("the log does not hold: {0}")]
    BadLog(String),
    /// A log about which nothing can be said.
    #[error("the log cannot be checked: {0}")]
    Log(String),
    #[error(
        "`{}` is nothing to inspect: a job is a folder or a .toml, a workload a .wgsl, and as a receipt it \
         fails: {reason}",
        printable_path(path)
    )]
    NotInspectable { path: PathBuf, reason: String },
    #[error("`{}` {source}; expected {expected}", printable_path(path))]
    Read {
        path: PathBuf,
        expected: &'static str,
        source: OpenError,
    },
    #[error("cannot write `{}`: {source}", printable_path(path))]
    Write { path: PathBuf, source: io::Error },
    #[error(
        "`{}` is {}; the receipt comes first: arknet verify {} {}",
        printable_path(if *is_job { receipt } else { job }),
        if *is_job { "a job, not a receipt" } else { "a receipt, not a job" },
        printable_path(job),
        printable_path(receipt)
    )]
    Swapped {
        receipt: PathBuf,
        job: PathBuf,
        is_job: bool,
    },
    #[error(
        "`--entry` is for a .wgsl file, and `{}` is none; a job names its entry point in its job.toml \
         (`entry = \"main\"`)",
        printable_path(path)
    )]
    NoEntryHere { path: PathBuf },
    #[cfg(feature = "prove")]
    #[error(
        "`{}` belongs to the job; choose another file for the receipt",
        printable_path(path)
    )]
    ReceiptInJob { path: PathBuf },
    #[error(
        "internal error: {what}. This is a defect of arknet, not of your input; nothing was written that \
         was not finished. Please report it with the command and, if you can, the job"
    )]
    Internal { what: String },
    #[error("this machine could not do it: {0}")]
    Machine(String),
    #[cfg(feature = "node")]
    #[error(transparent)]
    Node(#[from] NodeError),
    #[cfg(feature = "node")]
    #[error(transparent)]
    Worker(#[from] crate::worker::WorkerError),
}

/// A failed command that has to do with a node.
#[cfg(feature = "node")]
#[derive(Debug, thiserror::Error)]
pub(crate) enum NodeError {
    #[error(transparent)]
    Places(#[from] client::PlacesError),
    #[error(transparent)]
    Profile(#[from] client::ProfileError),
    #[error(transparent)]
    Identity(#[from] client::IdentityError),
    #[error(transparent)]
    Kept(#[from] client::KeptError),
    #[error(transparent)]
    Submission(#[from] client::SubmissionError),
    /// An option or a variable of the environment that makes no sense.
    #[error("{0}")]
    Setting(String),
    #[error(transparent)]
    Call(#[from] client::CallError),
    #[error(
        "the node at {address} is another one: its key is {got}, and {expected} was expected. If its operator replaced the \
         key, make a new profile; if not, something stands between you and the node"
    )]
    OtherNode {
        address: String,
        expected: PublicKey,
        got: PublicKey,
    },
    #[error(
        "the profile's token belongs to the client {owner}, and the key in `{}` is {client}; put the old key back, or have \
         a token made for the new one",
        printable_path(path)
    )]
    OtherClient {
        owner: PublicKey,
        client: PublicKey,
        path: PathBuf,
    },
    #[error("{0}")]
    Ended(client::Ended),
    #[error("job {id} is {state}; `arknet jobs watch {id}` waits for it")]
    NotDone { id: JobId, state: JobState },
    #[error(
        "lost sight of job {id}: {source}; it may go on: `arknet jobs watch {id}` finds it again"
    )]
    Lost {
        id: JobId,
        source: client::CallError,
    },
    #[error("job {0} goes on without this")]
    Interrupted(JobId),
    #[error(transparent)]
    Operator(#[from] operator::OperatorError),
    /// The checklist has all of it.
    #[error("{bad} of the checks found something that must be mended")]
    Sick { answer: Box<Answer>, bad: usize },
}

#[cfg(feature = "node")]
impl NodeError {
    fn exit(&self) -> Exit {
        match self {
            Self::Places(_)
            | Self::Profile(_)
            | Self::Identity(_)
            | Self::Kept(_)
            | Self::Submission(_)
            | Self::Setting(_)
            | Self::OtherClient { .. } => Exit::Usage,
            Self::Call(_) | Self::OtherNode { .. } | Self::NotDone { .. } | Self::Lost { .. } => {
                Exit::Node
            }
            Self::Ended(ended) => ended.exit(),
            Self::Interrupted(_) => Exit::Interrupted,
            Self::Operator(error) => error.exit(),
            Self::Sick { .. } => Exit::Node,
        }
    }
}

/// Each of them is a failed command.
#[cfg(feature = "node")]
macro_rules! node_errors {
    ($($error:ty),+) => {
        $(impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self::Node(error.into())
            }
        })+
    };
}

#[cfg(feature = "node")]
node_errors!(
    client::PlacesError,
    client::ProfileError,
    client::IdentityError,
    client::KeptError,
    client::SubmissionError,
    client::CallError,
    operator::OperatorError
);

impl CliError {
    /// The exit code that tells a script about it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::JobFile(error) if error.is_over_limit() => Exit::OverLimit,
            Self::JobFile(JobFileError::OutOfMemory { .. }) => Exit::Internal,
            Self::NotInspectable { .. } | Self::Swapped { .. } | Self::NoEntryHere { .. } => {
                Exit::Usage
            }
            Self::JobFile(_) | Self::Read { .. } | Self::Write { .. } | Self::Log(_) => Exit::Usage,
            #[cfg(feature = "prove")]
            Self::ReceiptInJob { .. } => Exit::Usage,
            Self::Refused(_) => Exit::Refused,
            Self::Trapped(_) => Exit::Trapped,
            Self::OverLimit(_) => Exit::OverLimit,
            Self::Backend(_) => Exit::Backend,
            Self::Invalid(_) | Self::BadLog(_) => Exit::Invalid,
            Self::Internal { .. } | Self::Machine(_) => Exit::Internal,
            #[cfg(feature = "node")]
            Self::Worker(error) => error.exit(),
            #[cfg(feature = "gpu")]
            Self::Differs { .. } => Exit::Internal,
            #[cfg(feature = "node")]
            Self::Node(error) => error.exit(),
        }
    }
}

#[cfg(all(test, feature = "gpu"))]
mod tests {
    use arknet_workload::job::Invocation;

    use super::*;

    #[test]
    fn a_device_that_is_wrong_is_not_the_fault_of_the_job() {
        let error = CliError::Differs {
            device: "Some GPU".to_owned(),
            difference: Difference::Unsteady(Invocation(12)),
        };
        assert_eq!(error.exit(), Exit::Internal);
        let text = error.to_string();
        assert!(text.contains("Some GPU"), "{text}");
        assert!(text.contains("invocation 12"), "{text}");
        assert!(text.contains("nothing was written"), "{text}");
    }
}
