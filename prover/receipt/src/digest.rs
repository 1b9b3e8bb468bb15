//! SHA-256 digests, each under the name of what it is a digest of.
//!
//! Claims are meant to be recomputed by anyone in any language, so they use SHA-256; the proof's own
//! hashing is BLAKE3 and never shows outside it.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest. Prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of a buffer's contents: its length and its words, little-endian.
    pub fn of_words(words: &[u32]) -> Self {
        let mut hasher = DomainHasher::new("ArkNet buffer v1");
        hasher.update(&(words.len() as u64).to_le_bytes());
        let mut block = [0; 4096];
        for chunk in words.chunks(block.len() / 4) {
            let bytes = &mut block[..4 * chunk.len()];
            for (to, word) in bytes.chunks_exact_mut(4).zip(chunk) {
                to.copy_from_slice(&word.to_le_bytes());
            }
            hasher.update(bytes);
        }
        hasher.finish()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SHA-256 over a domain tag, a zero byte, and what follows. No tag is a prefix of another, since a tag
/// holds no zero byte.
pub(crate) struct DomainHasher(Sha256);

impl DomainHasher {
    pub(crate) fn new(tag: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(tag.as_bytes());
        hasher.update([0]);
        Self(hasher)
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hash_as_documented() {
        let words: Vec<u32> = (0..3000)
            .map(|i: u32| i.wrapping_mul(0x0101_0101))
            .collect();
        let mut bytes = b"ArkNet buffer v1\0".to_vec();
        bytes.extend(3000u64.to_le_bytes());
        words.iter().for_each(|w| bytes.extend(w.to_le_bytes()));
        assert_eq!(
            Digest::of_words(&words).0,
            <[u8; 32]>::from(Sha256::digest(&bytes))
        );
    }

    #[test]
    fn length_is_part_of_the_digest() {
        assert_ne!(Digest::of_words(&[]), Digest::of_words(&[0]));
        assert_ne!(Digest::of_words(&[0]), Digest::of_words(&[0, 0]));
    }

    #[test]
    fn prints_as_hexadecimal() {
        let mut bytes = [0; 32];
        bytes[0] = 0xab;
        bytes[31] = 0x01;
        assert_eq!(
            Digest(bytes).to_string(),
            format!("ab{}01", "00".repeat(30))
        );
    }
}
