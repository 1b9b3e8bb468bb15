//! What the node and its workers say to each other over NATS.
//!
//! ```text
//!  node ── Assignment (stream) ─▶ worker       64 bytes of signature, then JSON
//!  node ── Orders ──────────────▶ worker
//!  node ◀─ Heartbeat ──────────── worker
//!  node ◀─ Outcome (stream) ───── worker
//! ```
//!
//! NATS carries the messages and is not trusted with them: each is signed by its sender under a domain of its own, over
//! the very bytes that are sent, and names both ends. Who holds the NATS server can delay, drop, repeat and reorder, and
//! no more; what that leads to is said in `docs/fleet.md`. Parsing is strict: sizes are bounded before the signature is
//! checked, the signature before anything is parsed, and a message with an unknown, missing or repeated key is refused.

mod assignment;
mod heartbeat;
mod orders;
mod outcome;

#[cfg(test)]
mod tests;

use arknet_protocol::{Domain, KeyPair, PublicKey, Signature};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use assignment::{Assignment, AssignmentDigest, BlobSize};
pub use heartbeat::{Heartbeat, Held, WorkerDevice, WorkerState};
pub use orders::Orders;
pub use outcome::{Outcome, OutcomeResult, ResultFile, Trouble};

/// The version of all messages that this build writes and reads.
pub const VERSION: u32 = 1;

/// Bytes of a signature.
const SIGNATURE: usize = 64;

/// Why bytes are no message of their sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessage {
    /// Too short for a signature, or longer than any message of its kind.
    #[error("a message of {got} bytes; {kind} has more than {SIGNATURE} and at most {most}")]
    Size {
        /// What it should be.
        kind: &'static str,
        /// Its bytes.
        got: usize,
        /// The most there may be.
        most: usize,
    },
    /// The signature does not hold.
    #[error("the signature of {kind} is not that of {signer}")]
    Signature {
        /// What it should be.
        kind: &'static str,
        /// Who should have signed it.
        signer: PublicKey,
    },
    /// Not JSON of the right shape.
    #[error("{kind} is malformed: {reason}")]
    Malformed {
        /// What it should be.
        kind: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Of another version of the protocol.
    #[error(
        "{kind} has version {got}, this build reads {VERSION}: update the older of node and worker"
    )]
    Version {
        /// What it should be.
        kind: &'static str,
        /// The version found.
        got: u32,
    },
    /// From or for somebody else.
    #[error("{kind} names another {end} than expected")]
    Address {
        /// What it should be.
        kind: &'static str,
        /// `node` or `worker`.
        end: &'static str,
    },
}

/// The two ends of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The node.
    pub node: PublicKey,
    /// The worker.
    pub worker: PublicKey,
}

/// A kind of message.
pub trait Message: Serialize + DeserializeOwned {
    /// What it is called.
    const KIND: &'static str;
    /// What its signature is under.
    const DOMAIN: Domain;
    /// The most bytes of its JSON.
    const MAX_BYTES: usize;

    /// Its version.
    fn version(&self) -> u32;
    /// Whose it is and for whom.
    fn ends(&self) -> Ends;
    /// Who signs it.
    fn signer(ends: &Ends) -> PublicKey;
    /// Checks what types alone do not say.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The bytes to send: the signature of `key`, which must be the sender's, and the message.
///
/// # Panics
///
/// Never: every message has a JSON form.
pub fn seal<M: Message>(message: &M, key: &KeyPair) -> Vec<u8> {
    let body = serde_json::to_vec(message).expect("keys are strings and no value fails to print");
    let signature = key.sign(M::DOMAIN, &body);
    [signature.as_bytes().as_slice(), &body].concat()
}

/// The message in these bytes, if it is one between these ends.
pub fn open<M: Message>(bytes: &[u8], ends: &Ends) -> Result<M, InvalidMessage> {
    let kind = M::KIND;
    let too = || InvalidMessage::Size {
        kind,
        got: bytes.len(),
        most: SIGNATURE + M::MAX_BYTES,
    };
    let (signature, body) = bytes.split_first_chunk().ok_or_else(too)?;
    if body.is_empty() || body.len() > M::MAX_BYTES {
        return Err(too());
    }
    let signer = M::signer(ends);
    signer
        .verify(M::DOMAIN, body, &Signature(*signature))
        .map_err(|_| InvalidMessage::Signature { kind, signer })?;
    let malformed = |reason: String| InvalidMessage::Malformed { kind, reason };
    let message: M = serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))?;
    if message.version() != VERSION {
        return Err(InvalidMessage::Version {
            kind,
            got: message.version(),
        });
    }
    let named = message.ends();
    for (end, same) in [
        ("node", named.node == ends.node),
        ("worker", named.worker == ends.worker),
    ] {
        if !same {
            return Err(InvalidMessage::Address { kind, end });
        }
    }
    message.check().map_err(malformed)?;
    Ok(message)
}
