//! Whom a verifier believes: one log, and how many of which witnesses.

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::key::{KeyKind, VerifierKey};
use crate::note::{Note, NoteError};
use crate::sign::SignatureError;

/// The keys that a checkpoint must be signed with.
#[derive(Clone, Debug)]
pub struct Policy {
    log: VerifierKey,
    witnesses: Vec<VerifierKey>,
    needed: usize,
}

/// A checkpoint that a policy accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// What the log says.
    pub checkpoint: Checkpoint,
    /// The known witnesses that cosigned it.
    pub cosigned: Vec<Cosigned>,
}

/// A witness's word for a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// The witness's name.
    pub witness: String,
    /// POSIX time at which it was the latest that the witness had seen.
    pub time: u64,
}

/// Why a checkpoint is not to be believed, or a policy makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A key of the wrong kind.
    #[error(
        "`{name}` is a key of the wrong kind: a log signs with an Ed25519 key (type 1), a witness with a cosigning key (type 4)"
    )]
    WrongKind {
        /// The key's name.
        name: String,
    },
    /// A witness named twice.
    #[error("the witness `{name}` is named twice")]
    DuplicateWitness {
        /// Its name.
        name: String,
    },
    /// More cosignatures than witnesses.
    #[error("{needed} cosignatures are asked for, but only {known} witnesses are known")]
    Unreachable {
        /// Cosignatures asked for.
        needed: usize,
        /// Witnesses known.
        known: usize,
    },
    /// Not a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Not signed by the log, or a witness's signature that does not hold.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Another log's checkpoint.
    #[error("this is a checkpoint of the log `{got}`, not of `{expected}`")]
    WrongOrigin {
        /// The log it is of.
        got: String,
        /// The log it should be of.
        expected: String,
    },
    /// Too few witnesses.
    #[error("{got} of the known witnesses cosigned this checkpoint, {needed} are needed")]
    TooFewWitnesses {
        /// Those that did.
        got: usize,
        /// Those that must.
        needed: usize,
    },
}

impl Policy {
    /// Believes what this log signs. The log's origin is its key's name.
    pub fn log(log: VerifierKey) -> Result<Self, PolicyError> {
        expect_kind(&log, KeyKind::Ed25519)?;
        Ok(Self {
            log,
            witnesses: Vec::new(),
            needed: 0,
        })
    }

    /// Believes it only if `needed` of these witnesses cosigned it.
    pub fn with_witnesses(
        mut self,
        witnesses: Vec<VerifierKey>,
        needed: usize,
    ) -> Result<Self, PolicyError> {
        for (index, witness) in witnesses.iter().enumerate() {
            expect_kind(witness, KeyKind::Cosignature)?;
            // One public key under two names would be counted as two witnesses.
            let same = |other: &VerifierKey| {
                other.name() == witness.name() || other.public() == witness.public()
            };
            if witnesses[..index].iter().any(same) {
                return Err(PolicyError::DuplicateWitness {
                    name: witness.name().to_owned(),
                });
            }
        }
        if needed > witnesses.len() {
            return Err(PolicyError::Unreachable {
                needed,
                known: witnesses.len(),
            });
        }
        (self.witnesses, self.needed) = (witnesses, needed);
        Ok(self)
    }

    /// The log's key.
    pub fn log_key(&self) -> &VerifierKey {
        &self.log
    }

    /// Reads and checks a checkpoint.
    pub fn open(&self, bytes: &[u8]) -> Result<Trusted, PolicyError> {
        self.check(&Note::parse(bytes)?)
    }

    /// Checks a checkpoint note.
    pub fn check(&self, note: &Note) -> Result<Trusted, PolicyError> {
        self.log.verify(note)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin != self.log.name() {
            let (got, expected) = (checkpoint.origin, self.log.name().to_owned());
            return Err(PolicyError::WrongOrigin { got, expected });
        }
        let mut cosigned = Vec::new();
        for witness in &self.witnesses {
            match witness.verify(note) {
                Ok(time) => cosigned.push(Cosigned {
                    witness: witness.name().to_owned(),
                    time: time.unwrap_or_default(),
                }),
                Err(SignatureError::Missing { .. }) => {}
                Err(wrong) => return Err(wrong.into()),
            }
        }
        if cosigned.len() < self.needed {
            return Err(PolicyError::TooFewWitnesses {
                got: cosigned.len(),
                needed: self.needed,
            });
        }
        Ok(Trusted {
            checkpoint,
            cosigned,
        })
    }
}

fn expect_kind(key: &VerifierKey, kind: KeyKind) -> Result<(), PolicyError> {
    if key.kind() == kind {
        Ok(())
    } else {
        Err(PolicyError::WrongKind {
            name: key.name().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash;
    use crate::sign::SecretKey;

    fn key(name: &str, kind: KeyKind, seed: u8) -> SecretKey {
        SecretKey::from_seed(name, kind, &[seed; 32]).unwrap()
    }

    #[test]
    fn witnesses_are_counted() {
        let log = key("log", KeyKind::Ed25519, 1);
        let witnesses: Vec<_> = (2..5)
            .map(|i| key(&format!("w{i}"), KeyKind::Cosignature, i))
            .collect();
        let known: Vec<_> = witnesses
            .iter()
            .map(|witness| witness.public().clone())
            .collect();
        let policy = Policy::log(log.public().clone())
            .unwrap()
            .with_witnesses(known, 2)
            .unwrap();
        let mut note = log.sign(Checkpoint::new("log", 3, Hash([5; 32])).to_string());
        assert!(matches!(
            policy.check(&note),
            Err(PolicyError::TooFewWitnesses { got: 0, needed: 2 })
        ));
        assert!(note.add(witnesses[0].cosign(note.text(), 10)));
        // A stranger does not count, nor does the same witness again.
        assert!(note.add(key("stranger", KeyKind::Cosignature, 9).cosign(note.text(), 10)));
        assert!(note.add(witnesses[0].cosign(note.text(), 11)));
        assert!(matches!(
            policy.check(&note),
            Err(PolicyError::TooFewWitnesses { got: 1, needed: 2 })
        ));
        assert!(note.add(witnesses[2].cosign(note.text(), 12)));
        let trusted = policy.open(note.to_string().as_bytes()).unwrap();
        assert_eq!(
            trusted
                .cosigned
                .iter()
                .map(|c| (c.witness.as_str(), c.time))
                .collect::<Vec<_>>(),
            [("w2", 11), ("w4", 12)]
        );
        // A known witness whose signature does not hold spoils the note.
        assert!(note.add(witnesses[1].cosign("another text\n", 12)));
        assert!(matches!(
            policy.check(&note),
            Err(PolicyError::Signature(SignatureError::Wrong { .. }))
        ));
    }

    #[test]
    fn a_checkpoint_is_of_the_log_that_signs_it() {
        let log = key("log", KeyKind::Ed25519, 1);
        let policy = Policy::log(log.public().clone()).unwrap();
        let other = log.sign(Checkpoint::new("other", 0, Hash::empty_root()).to_string());
        assert!(matches!(
            policy.check(&other),
            Err(PolicyError::WrongOrigin { .. })
        ));
        let forged = key("log", KeyKind::Ed25519, 2)
            .sign(Checkpoint::new("log", 0, Hash::empty_root()).to_string());
        assert!(matches!(
            policy.check(&forged),
            Err(PolicyError::Signature(SignatureError::Missing { .. }))
        ));
        assert!(matches!(
            policy.check(&log.sign("log\n".to_owned())),
            Err(PolicyError::Checkpoint(_))
        ));
    }

    #[test]
    fn policies_that_make_no_sense_are_refused() {
        let log = key("log", KeyKind::Ed25519, 1).public().clone();
        let witness = key("w", KeyKind::Cosignature, 2).public().clone();
        let renamed = key("v", KeyKind::Cosignature, 2).public().clone();
        assert!(matches!(
            Policy::log(witness.clone()),
            Err(PolicyError::WrongKind { .. })
        ));
        let policy = Policy::log(log.clone()).unwrap();
        let with = |witnesses: &[&VerifierKey], needed| {
            policy
                .clone()
                .with_witnesses(witnesses.iter().map(|&w| w.clone()).collect(), needed)
        };
        assert!(matches!(
            with(&[&log], 0),
            Err(PolicyError::WrongKind { .. })
        ));
        assert!(matches!(
            with(&[&witness, &witness], 1),
            Err(PolicyError::DuplicateWitness { .. })
        ));
        assert!(matches!(
            with(&[&witness, &renamed], 1),
            Err(PolicyError::DuplicateWitness { .. })
        ));
        assert!(matches!(
            with(&[&witness], 2),
            Err(PolicyError::Unreachable { .. })
        ));
    }
}
