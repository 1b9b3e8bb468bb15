//! Signed notes: text with lines under it that say who signed it.
//!
//! A parsed note is well-formed, nothing more; `VerifierKey::verify` and `Policy` say whose it is. Signatures by keys
//! that are not known here are kept, because others may know them.

use std::fmt;

use crate::encoding::{from_base64, to_base64};
use crate::key::VerifierKey;

/// What begins a signature line: an em dash and a space.
const MARK: &str = "\u{2014} ";

/// Text and the signatures on it. Prints as the bytes it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One line of a note: whose signature, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    id: u32,
    bytes: Vec<u8>,
}

/// Why bytes are no signed note.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More bytes than a note may have.
    #[error("{got} bytes are more than a note may have ({})", Note::MAX_BYTES)]
    TooLarge {
        /// Bytes given.
        got: usize,
    },
    /// Not text.
    #[error("a note is UTF-8 without control characters other than the end of a line")]
    NotText,
    /// No signatures where they belong.
    #[error(
        "a note is text, an empty line, and signature lines, each with an end; this is something else"
    )]
    NotSigned,
    /// A signature line that is none.
    #[error(
        "line {line} of the signatures is not an em dash, a key's name, and base64 of an id and a signature"
    )]
    BadSignatureLine {
        /// Which one, the first being 1.
        line: usize,
    },
    /// More signatures than a note may have.
    #[error("more than {} signatures on one note", Note::MAX_SIGNATURES)]
    TooManySignatures,
}

impl NoteSignature {
    #[cfg(feature = "sign")]
    pub(crate) fn new(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self {
            name: key.name().to_owned(),
            id: key.id(),
            bytes,
        }
    }

    /// Reads one signature line, without its end.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, blob) = line.strip_prefix(MARK)?.split_once(' ')?;
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.contains(bad) {
            return None;
        }
        let blob = from_base64(blob)?;
        let (id, bytes) = blob.split_first_chunk()?;
        if bytes.is_empty() {
            return None;
        }
        let (id, bytes) = (u32::from_be_bytes(*id), bytes.to_vec());
        Some(Self {
            name: name.to_owned(),
            id,
            bytes,
        })
    }

    /// The name of the key that is said to have made it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of that key.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The signature, in whatever form that key makes them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it is said to be by `key`.
    pub fn is_by(&self, key: &VerifierKey) -> bool {
        self.name == key.name() && self.id == key.id()
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blob = self.id.to_be_bytes().to_vec();
        blob.extend(&self.bytes);
        write!(f, "{MARK}{} {}", self.name, to_base64(&blob))
    }
}

impl Note {
    /// Bytes of a note.
    pub const MAX_BYTES: usize = 512 << 10;
    /// Signatures on a note.
    pub const MAX_SIGNATURES: usize = 64;

    /// Reads a note.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(NoteError::TooLarge { got: bytes.len() });
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if bytes.iter().any(|&byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::NotText);
        }
        // The text may have empty lines of its own, so the last one is what ends it.
        let (text, lines) = whole.rsplit_once("\n\n").ok_or(NoteError::NotSigned)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::NotSigned)?;
        let mut signatures = Vec::new();
        for (index, line) in lines.split('\n').enumerate() {
            if index == Self::MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            let signature = NoteSignature::parse(line);
            signatures.push(signature.ok_or(NoteError::BadSignatureLine { line: index + 1 })?);
        }
        Ok(Self {
            text: format!("{text}\n"),
            signatures,
        })
    }

    /// What is signed, with the end of its last line.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every signature, known or not.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// A note that begins with one signature.
    #[cfg(feature = "sign")]
    pub(crate) fn signed(text: String, signature: NoteSignature) -> Self {
        Self {
            text,
            signatures: vec![signature],
        }
    }

    /// Adds a signature in the place of those that the same key made before. Says no where the note is full.
    #[must_use]
    pub fn add(&mut self, signature: NoteSignature) -> bool {
        let same = |other: &NoteSignature| other.name == signature.name && other.id == signature.id;
        self.signatures.retain(|other| !same(other));
        let room = self.signatures.len() < Self::MAX_SIGNATURES
            && self.to_string().len() + signature.to_string().len() < Self::MAX_BYTES;
        if room {
            self.signatures.push(signature);
        }
        room
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

#[cfg(test)]
mod tests;
