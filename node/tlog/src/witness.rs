//! `tlog-witness`: how a log asks a witness to cosign its checkpoint, and what a witness checks before it does.

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::encoding::decimal;
use crate::hash::{Hash, NotAHash};
use crate::note::{Note, NoteError};

/// The body of an `add-checkpoint` request. Prints as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size of the last checkpoint that the witness cosigned for this log, as far as the log knows.
    pub old: u64,
    /// Proof that the log of that size is the beginning of this one.
    pub proof: Vec<Hash>,
    /// The checkpoint to cosign.
    pub checkpoint: Note,
}

/// Why bytes are no such request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddCheckpointError {
    /// Not the format.
    #[error(
        "the request must be `old` and a size, the hashes of a proof, an empty line, and a checkpoint"
    )]
    NotARequest,
    /// A proof with something else in it.
    #[error("the proof of consistency: {0}")]
    BadHash(#[from] NotAHash),
    /// A proof past what any log needs.
    #[error(
        "a proof of consistency has at most {} hashes",
        AddCheckpoint::MAX_PROOF
    )]
    ProofTooLong,
    /// A checkpoint that is no note.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl AddCheckpoint {
    /// Hashes of a proof of consistency.
    pub const MAX_PROOF: usize = 63;
    /// Bytes of a request.
    pub const MAX_BYTES: usize = Note::MAX_BYTES + 4096;

    /// Reads a request.
    pub fn parse(bytes: &[u8]) -> Result<Self, AddCheckpointError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(AddCheckpointError::NotARequest);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| AddCheckpointError::NotARequest)?;
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or(AddCheckpointError::NotARequest)?;
        let mut lines = head.split('\n');
        let old = lines
            .next()
            .and_then(|line| line.strip_prefix("old "))
            .and_then(decimal);
        let old = old.ok_or(AddCheckpointError::NotARequest)?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == Self::MAX_PROOF {
                return Err(AddCheckpointError::ProofTooLong);
            }
            proof.push(line.parse()?);
        }
        Ok(Self {
            old,
            proof,
            checkpoint: Note::parse(checkpoint.as_bytes())?,
        })
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof
            .iter()
            .try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// What a witness remembers of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Entries of the last checkpoint that it cosigned.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

impl From<&Checkpoint> for Head {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self {
            size: checkpoint.size,
            root: checkpoint.root,
        }
    }
}

/// Why a witness does not cosign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a request (400).
    #[error(transparent)]
    Malformed(#[from] AddCheckpointError),
    /// A note that is no checkpoint (400).
    #[error(transparent)]
    NotACheckpoint(#[from] CheckpointError),
    /// A size that is larger than the checkpoint's (400).
    #[error("the old size, {old}, is larger than that of the checkpoint, {new}")]
    Backwards {
        /// The size in the request.
        old: u64,
        /// The checkpoint's size.
        new: u64,
    },
    /// A log that the witness does not know (404).
    #[error("the log `{origin}` is not known to this witness")]
    UnknownLog {
        /// The log's name.
        origin: String,
    },
    /// A checkpoint that the log did not sign (403).
    #[error("{reason}")]
    NotSigned {
        /// What is wrong with the signature.
        reason: String,
    },
    /// The witness saw another checkpoint last (409).
    #[error("the last checkpoint that was cosigned has {seen} entries")]
    Stale {
        /// Its size.
        seen: u64,
    },
    /// A log that did not just grow (422).
    #[error("the checkpoint is not consistent with the last one: {reason}")]
    Inconsistent {
        /// What does not hold.
        reason: String,
    },
}

impl Refusal {
    /// The status of the HTTP response.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::NotACheckpoint(_) | Self::Backwards { .. } => 400,
            Self::NotSigned { .. } => 403,
            Self::UnknownLog { .. } => 404,
            Self::Stale { .. } => 409,
            Self::Inconsistent { .. } => 422,
        }
    }
}

#[cfg(feature = "sign")]
pub use deciding::Witness;

#[cfg(feature = "sign")]
mod deciding {
    use super::{AddCheckpoint, Head, Refusal};
    use crate::checkpoint::Checkpoint;
    use crate::hash::Hash;
    use crate::key::VerifierKey;
    use crate::note::NoteSignature;
    use crate::path::verify_consistency;
    use crate::sign::SecretKey;

    /// What a witness decides. Keeping what it decided is up to the caller: the new [`Head`] must be durable before
    /// the cosignature leaves, and nobody else may decide for this log meanwhile.
    #[derive(Debug)]
    pub struct Witness {
        key: SecretKey,
        logs: Vec<VerifierKey>,
    }

    impl Witness {
        /// A witness with a cosigning key, for these logs.
        pub fn new(key: SecretKey, logs: Vec<VerifierKey>) -> Self {
            Self { key, logs }
        }

        /// The key that its cosignatures are checked with.
        pub fn key(&self) -> &VerifierKey {
            self.key.public()
        }

        /// Checks a request against the last head that was cosigned for its log, which `last` looks up by the log's
        /// name, and cosigns at the POSIX time `now`.
        pub fn cosign(
            &self,
            request: &[u8],
            last: impl FnOnce(&str) -> Option<Head>,
            now: u64,
        ) -> Result<(Checkpoint, NoteSignature), Refusal> {
            let request = AddCheckpoint::parse(request)?;
            let new = Checkpoint::parse(request.checkpoint.text())?;
            let log = self.logs.iter().find(|log| log.name() == new.origin);
            let Some(log) = log else {
                return Err(Refusal::UnknownLog { origin: new.origin });
            };
            let signed = log.verify(&request.checkpoint);
            signed.map_err(|error| Refusal::NotSigned {
                reason: error.to_string(),
            })?;
            if request.old > new.size {
                return Err(Refusal::Backwards {
                    old: request.old,
                    new: new.size,
                });
            }
            let nothing = Head {
                size: 0,
                root: Hash::empty_root(),
            };
            let last = last(&new.origin).unwrap_or(nothing);
            if request.old != last.size {
                return Err(Refusal::Stale { seen: last.size });
            }
            let proof =
                verify_consistency(last.size, last.root, new.size, new.root, &request.proof);
            proof.map_err(|error| Refusal::Inconsistent {
                reason: error.to_string(),
            })?;
            let cosignature = self.key.cosign(request.checkpoint.text(), now);
            Ok((new, cosignature))
        }
    }
}

#[cfg(all(test, feature = "sign"))]
mod tests;
