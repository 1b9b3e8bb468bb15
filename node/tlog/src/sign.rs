//! Making and checking signatures on notes, with `ring`'s Ed25519.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::cosignature::cosigned_message;
use crate::encoding::to_base64;
use crate::key::{KeyError, KeyKind, VerifierKey, parse_parts};
use crate::note::{Note, NoteSignature};

/// Why a note is not what a key signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Nothing by this key.
    #[error("the note is not signed by {name} (key {id:08x})")]
    Missing {
        /// The key's name.
        name: String,
        /// The key's id.
        id: u32,
    },
    /// A signature under another text, or by another key.
    #[error(
        "the signature of {name} (key {id:08x}) does not hold: the text was changed, or somebody else signed it"
    )]
    Wrong {
        /// The key's name.
        name: String,
        /// The key's id.
        id: u32,
    },
}

impl VerifierKey {
    /// Checks that the note is signed by this key and that every signature said to be by it holds. A cosignature
    /// comes with the POSIX time at which it was made.
    pub fn verify(&self, note: &Note) -> Result<Option<u64>, SignatureError> {
        let (name, id) = (self.name().to_owned(), self.id());
        let mut by_it = note
            .signatures()
            .iter()
            .filter(|signature| signature.is_by(self))
            .peekable();
        if by_it.peek().is_none() {
            return Err(SignatureError::Missing { name, id });
        }
        let mut last = None;
        for signature in by_it {
            let time = self.holds(note.text(), signature.bytes());
            last = time.ok_or_else(|| SignatureError::Wrong {
                name: name.clone(),
                id,
            })?;
        }
        Ok(last)
    }

    /// The time of a signature that holds, where such signatures have one.
    fn holds(&self, text: &str, bytes: &[u8]) -> Option<Option<u64>> {
        let key = UnparsedPublicKey::new(&ED25519, self.public());
        match self.kind() {
            KeyKind::Ed25519 => key.verify(text.as_bytes(), bytes).ok().map(|()| None),
            KeyKind::Cosignature => {
                let (time, signature) = bytes.split_first_chunk()?;
                let time =
                    Some(u64::from_be_bytes(*time)).filter(|&time| i64::try_from(time).is_ok())?;
                let message = cosigned_message(time, text);
                key.verify(&message, signature).ok().map(|()| Some(time))
            }
        }
    }
}

/// A key that signs notes. Its text form, `PRIVATE+KEY+name+id+…`, is that of Go's `note` package.
pub struct SecretKey {
    public: VerifierKey,
    pair: Ed25519KeyPair,
}

impl SecretKey {
    const MARK: &str = "PRIVATE+KEY+";

    /// Makes a new key and its text form, which is what has to be kept. `None` where the system has no randomness.
    pub fn generate(name: &str, kind: KeyKind) -> Result<Option<(Self, String)>, KeyError> {
        let mut seed = [0; 32];
        if SystemRandom::new().fill(&mut seed).is_err() {
            return Ok(None);
        }
        let key = Self::from_seed(name, kind, &seed)?;
        let mut blob = vec![kind.code()];
        blob.extend(seed);
        let text = format!(
            "{}{name}+{:08x}+{}",
            Self::MARK,
            key.public.id(),
            to_base64(&blob)
        );
        Ok(Some((key, text)))
    }

    /// The key that has this seed.
    pub fn from_seed(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let wrong = KeyError::WrongLength { got: seed.len() };
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| wrong)?;
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        Ok(Self {
            public: VerifierKey::new(name, kind, public)?,
            pair,
        })
    }

    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let parts = text.strip_prefix(Self::MARK).ok_or(KeyError::NotAKey)?;
        let (name, id, kind, seed) = parse_parts(parts)?;
        let got = seed.len();
        let seed: [u8; 32] = seed.try_into().map_err(|_| KeyError::WrongLength { got })?;
        let key = Self::from_seed(name, kind, &seed)?;
        if key.public.id() != id {
            return Err(KeyError::WrongId {
                got: id,
                expected: key.public.id(),
            });
        }
        Ok(key)
    }

    /// The key that others check its signatures with.
    pub fn public(&self) -> &VerifierKey {
        &self.public
    }

    /// Signs text, which must end with the end of a line. A cosigning key needs [`SecretKey::cosign`] instead.
    pub fn sign(&self, text: String) -> Note {
        let signature = self.pair.sign(text.as_bytes());
        let signature = NoteSignature::new(&self.public, signature.as_ref().to_vec());
        Note::signed(text, signature)
    }

    /// A cosignature on a checkpoint's text at this POSIX time.
    pub fn cosign(&self, text: &str, time: u64) -> NoteSignature {
        let mut bytes = time.to_be_bytes().to_vec();
        bytes.extend(self.pair.sign(&cosigned_message(time, text)).as_ref());
        NoteSignature::new(&self.public, bytes)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_their_text() {
        let (key, text) = SecretKey::generate("node.example/log", KeyKind::Ed25519)
            .unwrap()
            .unwrap();
        let again = SecretKey::parse(&text).unwrap();
        assert_eq!(again.public(), key.public());
        assert!(!format!("{key:?}").contains("PRIVATE"));
        assert!(SecretKey::parse(&key.public().to_string()).is_err());
        assert!(SecretKey::parse(&text.replace("node", "n0de")).is_err());
    }

    #[test]
    fn what_is_signed_verifies_and_nothing_else() {
        let log = SecretKey::from_seed("log", KeyKind::Ed25519, &[1; 32]).unwrap();
        let witness = SecretKey::from_seed("witness", KeyKind::Cosignature, &[2; 32]).unwrap();
        let mut note = log.sign("a\n\nb\n".to_owned());
        assert!(note.add(witness.cosign(note.text(), 1_679_315_147)));
        let note = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(log.public().verify(&note), Ok(None));
        assert_eq!(witness.public().verify(&note), Ok(Some(1_679_315_147)));
        // The time is under the signature, and a log's signature is not a witness's.
        let mut moved = note.clone();
        let mut line = note.signatures()[1].bytes().to_vec();
        line[7] ^= 1;
        assert!(moved.add(NoteSignature::new(witness.public(), line)));
        assert!(matches!(
            witness.public().verify(&moved),
            Err(SignatureError::Wrong { .. })
        ));
        let same_key = SecretKey::from_seed("log", KeyKind::Cosignature, &[1; 32]).unwrap();
        assert!(matches!(
            same_key.public().verify(&note),
            Err(SignatureError::Missing { .. })
        ));
    }

    #[test]
    fn short_and_long_signatures_do_not_hold() {
        let witness = SecretKey::from_seed("witness", KeyKind::Cosignature, &[2; 32]).unwrap();
        let mut note = SecretKey::from_seed("log", KeyKind::Ed25519, &[1; 32])
            .unwrap()
            .sign("a\n".to_owned());
        for length in [1, 7, 8, 71, 73] {
            assert!(note.add(NoteSignature::new(witness.public(), vec![0; length])));
            assert!(matches!(
                witness.public().verify(&note),
                Err(SignatureError::Wrong { .. })
            ));
        }
    }
}
