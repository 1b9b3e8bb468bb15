//! What the page hands over, in one piece: parts with their lengths.
//!
//! Each part is its length as a little-endian u32 and its bytes. The first is what is asked (JSON), the second the
//! receipt, the third the body of the request; all others are blobs, in any order.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// SHA-256 of a blob's bytes, as hexadecimal text.
type BlobDigest = String;

/// Everything that a check takes.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// What is asked.
    pub(crate) question: Question,
    /// The receipt's bytes.
    pub(crate) receipt: &'a [u8],
    /// The request's body as it was signed.
    pub(crate) request: &'a [u8],
    blobs: HashMap<BlobDigest, &'a [u8]>,
}

/// What the page wants to know.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// The blob of each output buffer, by the buffer's name.
    pub(crate) outputs: BTreeMap<String, BlobDigest>,
    /// Whether to run the job again.
    pub(crate) replay: bool,
    /// The verifier key of the log that must have the receipt.
    pub(crate) log_key: Option<String>,
}

/// Why the page's bytes are no evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEvidence {
    /// A part is missing or ends too early.
    #[error("the evidence is cut short")]
    CutShort,
    /// What is asked makes no sense.
    #[error("the question is malformed: {0}")]
    Question(String),
    /// A blob that was not handed over.
    #[error("the blob {digest} ({what}) is missing, or its bytes have another digest")]
    MissingBlob {
        /// What it is.
        what: String,
        /// Its digest.
        digest: String,
    },
}

impl<'a> Evidence<'a> {
    /// Takes the parts apart.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BadEvidence> {
        let mut rest = bytes;
        let question = part(&mut rest)?;
        let question = serde_json::from_slice(question)
            .map_err(|error| BadEvidence::Question(error.to_string()))?;
        let receipt = part(&mut rest)?;
        let request = part(&mut rest)?;
        let mut blobs = HashMap::new();
        while !rest.is_empty() {
            let blob = part(&mut rest)?;
            blobs.insert(digest(blob), blob);
        }
        Ok(Self {
            question,
            receipt,
            request,
            blobs,
        })
    }

    /// The blob with this digest.
    pub(crate) fn blob(&self, what: &str, digest: &str) -> Result<&'a [u8], BadEvidence> {
        let blob = self.blobs.get(digest).copied();
        blob.ok_or_else(|| BadEvidence::MissingBlob {
            what: what.to_owned(),
            digest: digest.to_owned(),
        })
    }
}

fn part<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], BadEvidence> {
    let (length, after) = rest.split_first_chunk().ok_or(BadEvidence::CutShort)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (part, after) = after
        .split_at_checked(length)
        .ok_or(BadEvidence::CutShort)?;
    *rest = after;
    Ok(part)
}

fn digest(bytes: &[u8]) -> BlobDigest {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(parts: &[&[u8]]) -> Vec<u8> {
        let length = |part: &[u8]| (part.len() as u32).to_le_bytes();
        parts
            .iter()
            .flat_map(|part| [&length(part), *part].concat())
            .collect()
    }

    #[test]
    fn blobs_are_found_by_what_they_hold() {
        let bytes = parts(&[br#"{"outputs":{},"replay":false}"#, b"r", b"q", b"abc", b""]);
        let evidence = Evidence::parse(&bytes).unwrap();
        assert_eq!((evidence.receipt, evidence.request), (&b"r"[..], &b"q"[..]));
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(evidence.blob("it", abc), Ok(&b"abc"[..]));
        assert!(evidence.blob("it", &"00".repeat(32)).is_err());
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        let bytes = parts(&[br#"{"outputs":{},"replay":false}"#, b"r", b"q", b"abc"]);
        for end in 0..bytes.len() {
            // A cut between two parts leaves a blob out; the three first parts must be there.
            let cut = Evidence::parse(&bytes[..end]).is_err();
            assert!(cut || end == bytes.len() - 7, "{end}");
        }
        let long = [&u32::MAX.to_le_bytes()[..], b"{}"].concat();
        assert_eq!(Evidence::parse(&long).unwrap_err(), BadEvidence::CutShort);
        let odd = parts(&[br#"{"outputs":{},"replay":false,"trust":true}"#, b"", b""]);
        assert!(matches!(
            Evidence::parse(&odd),
            Err(BadEvidence::Question(_))
        ));
    }
}
