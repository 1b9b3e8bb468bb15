//! A call that a node refuses or that does not reach it, with what to do about it.

use arknet_client::ClientError;
use arknet_protocol::Code;

/// A failed call.
#[derive(Debug, thiserror::Error)]
#[error("{}", describe(.0))]
pub(crate) struct CallError(#[from] pub(crate) ClientError);

/// The error with advice, where there is some that the node does not give.
pub(crate) fn describe(error: &ClientError) -> String {
    let advice = match (error, error.code()) {
        (ClientError::Unreachable { .. }, _) => {
            "is the node running there? On its own machine, `arknet node` starts it"
        }
        (_, Some(Code::Unauthorized)) => {
            "the node's operator makes tokens with `arknet token create --client` and the key that `arknet keys show` \
             prints; `arknet profile add` keeps one"
        }
        (_, Some(Code::WrongScope)) => {
            "the node's operator can make a token with more scopes: `arknet token create --scopes`"
        }
        (_, Some(Code::WrongClient)) => {
            "the token was made for another client key than the one that `arknet keys show` prints"
        }
        (_, Some(Code::RequestExpired | Code::NotYetValid)) => {
            "compare this machine's clock with the node's: `arknet doctor` does on a node"
        }
        _ => return error.to_string(),
    };
    format!("{error}; {advice}")
}
