//! What can go wrong between a client and a node.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use arknet_protocol::{BlobDigest, Code, Problem};

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The client cannot be set up.
    #[error("{0}")]
    Setup(String),
    /// What is sent could be read on the way.
    #[error(
        "{address} is not on this machine and not https, so everybody on the way could read the token; use an https \
         address, or a tunnel such as `ssh -L 7117:localhost:7117`"
    )]
    Plain {
        /// The node.
        address: String,
    },
    /// Nobody answers.
    #[error("cannot reach {address}: {reason}")]
    Unreachable {
        /// The node.
        address: String,
        /// Why.
        reason: String,
    },
    /// The connection broke or went silent.
    #[error("the connection broke during {what}: {reason}")]
    Broken {
        /// During what.
        what: String,
        /// How.
        reason: String,
    },
    /// The node says why not.
    #[error("the node refuses: {0}")]
    Refused(Box<Problem>),
    /// The same, with a code that this client does not know: nodes may be newer.
    #[error("the node refuses: {detail} ({code}, status {status})")]
    RefusedAnew {
        /// The HTTP status.
        status: u16,
        /// The node's word for it.
        code: String,
        /// The same for people.
        detail: String,
    },
    /// The answer is an error that is not in the form of a node's.
    #[error(
        "{address} answers with status {status}, not in the way of an ArkNet node; is the address right?"
    )]
    Foreign {
        /// The node.
        address: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer makes no sense.
    #[error("the node's answer to {what} makes no sense: {reason}")]
    Answer {
        /// To what.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer is larger than such an answer can be.
    #[error("the node's answer to {what} has more than the {limit} bytes that it may have")]
    TooLarge {
        /// To what.
        what: String,
        /// The bound.
        limit: u64,
    },
    /// The bytes are not those asked for.
    #[error("the node sent other bytes than those of blob {asked}: they have the digest {got}")]
    OtherBlob {
        /// The digest asked for.
        asked: BlobDigest,
        /// The digest of what came.
        got: BlobDigest,
    },
    /// A file to upload cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl ClientError {
    /// Whether the same call may succeed in a moment.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Broken { .. } => true,
            Self::Refused(problem) => matches!(
                problem.code,
                Code::RequestTimeout
                    | Code::RateLimited
                    | Code::Throttled
                    | Code::Unavailable
                    | Code::WrongOffset
            ),
            // A proxy in between whose node restarts.
            Self::Foreign { status, .. } => matches!(status, 502..=504),
            _ => false,
        }
    }

    /// The node's reason, where it gave one.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused(problem) => Some(problem.code),
            _ => None,
        }
    }

    /// How long the node asks to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(problem) => problem.retry_after.map(Duration::from_secs),
            _ => None,
        }
    }

    /// What `reqwest` reports of a call to `address` for `what`.
    pub(crate) fn of_transport(error: &reqwest::Error, address: &str, what: &str) -> Self {
        let reason = if error.is_timeout() {
            "it took too long".to_owned()
        } else {
            innermost(error)
        };
        if error.is_builder() {
            Self::Setup(reason)
        } else if error.is_connect() {
            Self::Unreachable {
                address: address.to_owned(),
                reason,
            }
        } else {
            Self::Broken {
                what: what.to_owned(),
                reason,
            }
        }
    }
}

/// The reason under the reasons: the outer ones only say that a request failed.
fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
