//! The proof that a receipt is in a transparency log.
//!
//! Here it is bounded text and nothing more. Whoever knows the log's key parses and checks it; its entry is made
//! of the claim's digest, the seal's digest and the attestation.

use crate::encoding::{DecodeError, Reader, Writer};

/// The text of a C2SP `tlog-proof`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion(String);

/// Text that cannot be an inclusion proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an inclusion proof has 1 to {} bytes, not {got}",
    Inclusion::MAX_BYTES
)]
pub struct BadInclusion {
    /// Bytes given.
    got: usize,
}

impl Inclusion {
    /// Bytes of the text: a path in the largest log there can be, and a checkpoint with dozens of signatures.
    pub const MAX_BYTES: usize = 16 << 10;

    /// An inclusion proof of this text.
    pub fn new(text: String) -> Result<Self, BadInclusion> {
        if (1..=Self::MAX_BYTES).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(BadInclusion { got: text.len() })
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.count(self.0.len());
        writer.bytes(self.0.as_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        const WHAT: &str = "the inclusion proof";
        let length = reader.count("bytes of inclusion proof", Self::MAX_BYTES)?;
        let at = reader.at();
        let bytes = reader.bytes(WHAT, length as u64)?;
        String::from_utf8(bytes.to_vec())
            .ok()
            .and_then(|text| Self::new(text).ok())
            .ok_or(DecodeError::BadText { what: WHAT, at })
    }
}
