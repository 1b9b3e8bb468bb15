//! `tlog-proof`: everything it takes to check offline that an entry is in a log, as one piece of text.

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::encoding::{decimal, from_base64, to_base64};
use crate::hash::{Hash, NotAHash};
use crate::note::{Note, NoteError};
use crate::path::{ProofError, verify_inclusion};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A proof that some entry is in a log. Prints as the text it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// Whatever somebody added; not covered by any signature.
    pub extra: Option<Vec<u8>>,
    /// The entry's index in the log.
    pub index: u64,
    /// Hashes from the entry's sibling up to the root's child.
    pub path: Vec<Hash>,
    /// The signed checkpoint that the path leads to.
    pub checkpoint: Note,
}

/// Why text is no proof, or the proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogProofError {
    /// More bytes than a proof may have.
    #[error(
        "{got} bytes are more than a log proof may have ({})",
        LogProof::MAX_BYTES
    )]
    TooLarge {
        /// Bytes given.
        got: usize,
    },
    /// Not the format.
    #[error(
        "this is not a log proof: line 1 must be `{HEADER}`, then come `extra` (optional), `index`, the hashes of the \
         path, an empty line and a checkpoint"
    )]
    NotAProof,
    /// A path with something else in it.
    #[error("the proof's path: {0}")]
    BadHash(#[from] NotAHash),
    /// A path past what any log needs.
    #[error("a proof of inclusion has at most {} hashes", LogProof::MAX_PATH)]
    PathTooLong,
    /// A checkpoint that is no note.
    #[error("the proof's checkpoint: {0}")]
    Note(#[from] NoteError),
    /// A note that is no checkpoint.
    #[error("the proof's checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A checkpoint that the policy does not accept.
    #[cfg(feature = "sign")]
    #[error("the proof's checkpoint: {0}")]
    Policy(#[from] crate::policy::PolicyError),
    /// A path that does not lead from the entry to the root.
    #[error("the entry is not in the log: {0}")]
    NotIncluded(#[from] ProofError),
}

impl LogProof {
    /// Bytes of a proof: a note and 1 MiB for the rest, of which only `extra` could need so much.
    pub const MAX_BYTES: usize = Note::MAX_BYTES + (1 << 20);
    /// Hashes of a path: a log has fewer than 2^63 entries.
    pub const MAX_PATH: usize = 63;

    /// Reads a proof.
    pub fn parse(bytes: &[u8]) -> Result<Self, LogProofError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(LogProofError::TooLarge { got: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| LogProofError::NotAProof)?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(LogProofError::NotAProof)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(LogProofError::NotAProof);
        }
        let extra = match lines.next_if(|line| line.starts_with("extra ")) {
            Some(line) => {
                Some(from_base64(&line["extra ".len()..]).ok_or(LogProofError::NotAProof)?)
            }
            None => None,
        };
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(decimal);
        let index = index.ok_or(LogProofError::NotAProof)?;
        let mut path = Vec::new();
        for line in lines {
            if path.len() == Self::MAX_PATH {
                return Err(LogProofError::PathTooLong);
            }
            path.push(line.parse()?);
        }
        let checkpoint = Note::parse(checkpoint.as_bytes())?;
        Checkpoint::parse(checkpoint.text())?;
        Ok(Self {
            extra,
            index,
            path,
            checkpoint,
        })
    }

    /// Checks that the path leads from the entry with this hash to the root of the checkpoint, and gives the
    /// checkpoint. Its signatures are not checked here, so this alone proves nothing.
    pub fn check_path(&self, entry: Hash) -> Result<Checkpoint, LogProofError> {
        let checkpoint = Checkpoint::parse(self.checkpoint.text())?;
        verify_inclusion(
            entry,
            self.index,
            checkpoint.size,
            checkpoint.root,
            &self.path,
        )?;
        Ok(checkpoint)
    }

    /// Checks that the entry with this hash is in a log that the policy believes.
    #[cfg(feature = "sign")]
    pub fn verify(
        &self,
        entry: Hash,
        policy: &crate::policy::Policy,
    ) -> Result<crate::policy::Trusted, LogProofError> {
        let trusted = policy.check(&self.checkpoint)?;
        self.check_path(entry)?;
        Ok(trusted)
    }
}

impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path
            .iter()
            .try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(all(test, feature = "sign"))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::KeyKind;
    use crate::path::inclusion;
    use crate::policy::{Policy, PolicyError};
    use crate::sign::SecretKey;
    use crate::tree::tests::Naive;

    fn key() -> SecretKey {
        SecretKey::from_seed("node.example/log", KeyKind::Ed25519, &[1; 32]).unwrap()
    }

    fn example(index: u64, size: u64) -> (Hash, LogProof) {
        let mut tree = Naive::numbered(size);
        let root = tree.root(0..size as usize);
        let text = Checkpoint::new("node.example/log", size, root).to_string();
        let path = inclusion(index, size, &mut tree).unwrap();
        let entry = Hash::of_entry(&tree.0[index as usize]);
        (
            entry,
            LogProof {
                extra: None,
                index,
                path,
                checkpoint: key().sign(text),
            },
        )
    }

    #[test]
    fn a_proof_holds_for_its_entry_and_its_log() {
        let policy = Policy::log(key().public().clone()).unwrap();
        for (index, size) in [(0, 1), (3, 7), (6, 7), (90, 100)] {
            let (entry, mut proof) = example(index, size);
            let read = LogProof::parse(proof.to_string().as_bytes()).unwrap();
            assert_eq!(read, proof);
            assert_eq!(read.verify(entry, &policy).unwrap().checkpoint.size, size);
            assert!(matches!(
                read.verify(Hash([0; 32]), &policy),
                Err(LogProofError::NotIncluded(_))
            ));
            proof.extra = Some(b"a note to oneself".to_vec());
            assert_eq!(
                LogProof::parse(proof.to_string().as_bytes()).as_ref(),
                Ok(&proof)
            );
            let other =
                SecretKey::from_seed("node.example/log", KeyKind::Ed25519, &[2; 32]).unwrap();
            let stranger = Policy::log(other.public().clone()).unwrap();
            let refused = proof.verify(entry, &stranger);
            assert!(matches!(
                refused,
                Err(LogProofError::Policy(PolicyError::Signature(_)))
            ));
        }
    }

    #[test]
    fn what_is_no_proof_is_refused() {
        let (_, proof) = example(3, 7);
        let text = proof.to_string();
        for (from, to) in [
            ("tlog-proof@v1", "tlog-proof@v2"),
            ("index 3", "index 03"),
            ("index 3", "index"),
            ("index 3", "index 3\nindex 3"),
            ("index 3", "extra\nindex 3"),
            ("index 3", "extra AA\nindex 3"),
            ("index 3", "extra \nextra \nindex 3"),
            ("index 3\n", "index 3\n\n"),
            ("\n\n", "\n"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert!(LogProof::parse(changed.as_bytes()).is_err(), "{changed}");
        }
        let long = text.replacen(
            "\n\n",
            &format!("\n{}\n", format!("{}\n", Hash([0; 32])).repeat(61)),
            1,
        );
        assert_eq!(
            LogProof::parse(long.as_bytes()),
            Err(LogProofError::PathTooLong)
        );
    }

    proptest! {
        #[test]
        fn every_changed_byte_is_seen(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let policy = Policy::log(key().public().clone()).unwrap();
            let (entry, proof) = example(3, 7);
            let mut bytes = proof.to_string().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != byte);
            bytes[at] = byte;
            let held = LogProof::parse(&bytes).is_ok_and(|proof| proof.verify(entry, &policy).is_ok());
            prop_assert!(!held);
        }
    }
}
