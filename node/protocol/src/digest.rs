//! Names of things that are made from their contents.

use sha2::{Digest as _, Sha256};

use crate::hex::hexadecimal;

hexadecimal! {
    /// SHA-256 of a blob's bytes, as `sha256sum` prints it.
    BlobDigest, 32, "", "the SHA-256 digest of a blob"
}

hexadecimal! {
    /// Digest of the bytes of a signed request. Receipts carry it.
    RequestDigest, 32, "", "the digest of a request"
}

hexadecimal! {
    /// Name of a job: the first half of its request's digest.
    JobId, 16, "", "the id of a job"
}

hexadecimal! {
    /// What makes a request unlike every other of its client.
    Nonce, 16, "", "a nonce"
}

hexadecimal! {
    /// Identity of a device: a digest of its backend, its name and its driver.
    Fingerprint, 32, "", "the fingerprint of a device"
}

impl BlobDigest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// Makes the digest of a blob that comes in pieces.
#[derive(Clone, Default)]
pub struct BlobHasher(Sha256);

impl BlobHasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes taken.
    pub fn finish(self) -> BlobDigest {
        BlobDigest(self.0.finalize().into())
    }
}

impl RequestDigest {
    /// The digest of a request's body.
    pub fn of(body: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"ArkNet request digest v1\0");
        hasher.update(body);
        Self(hasher.finalize().into())
    }

    /// The job that this request makes.
    pub fn job(&self) -> JobId {
        let mut id = [0; 16];
        id.copy_from_slice(&self.0[..16]);
        JobId(id)
    }
}

impl Fingerprint {
    /// The fingerprint of a device with these properties.
    pub fn of(backend: &str, device: &str, driver: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"ArkNet device v1\0");
        for part in [backend, device, driver] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Self(hasher.finalize().into())
    }
}

impl Nonce {
    /// A nonce from the system's randomness.
    pub fn random() -> Result<Self, crate::identity::NoRandomness> {
        crate::identity::random().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_have_the_digest_that_everybody_computes() {
        let digest = BlobDigest::of(b"abc").to_string();
        assert_eq!(
            digest,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let mut hasher = BlobHasher::default();
        hasher.update(b"a");
        hasher.update(b"bc");
        assert_eq!(hasher.finish().to_string(), digest);
        assert_eq!(digest.parse(), Ok(BlobDigest::of(b"abc")));
    }

    #[test]
    fn parts_of_a_fingerprint_cannot_move() {
        assert_ne!(
            Fingerprint::of("wgpu", "ab", "c"),
            Fingerprint::of("wgpu", "a", "bc")
        );
    }
}
