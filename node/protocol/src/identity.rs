//! Ed25519 keys and signatures (RFC 8032), by `ring`, under the strict rules of [`crate::strict`].

use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::hex::text_form;
use crate::strict;

/// A public key: canonically encoded and not of small order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

text_form!(
    PublicKey,
    32,
    "ed25519:",
    "an Ed25519 public key",
    |bytes| PublicKey::from_bytes(bytes).ok()
);

/// A signature, which may or may not hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature(pub [u8; 64]);

text_form!(Signature, 64, "", "an Ed25519 signature", |bytes| Some(
    Signature(bytes)
));

impl Signature {
    /// The bytes: the point, then the scalar.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// Bytes that are no public key for use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these 32 bytes are not an Ed25519 public key that can be trusted: {reason}")]
pub struct InvalidKey {
    /// What is wrong with them.
    pub reason: &'static str,
}

/// A signature that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not hold for this message and key")]
pub struct BadSignature;

/// The system gives no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system's source of randomness does not answer")]
pub struct NoRandomness;

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| NoRandomness)?;
    Ok(bytes)
}

impl PublicKey {
    /// The key of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, InvalidKey> {
        strict::check_point(&bytes).map_err(|reason| InvalidKey { reason })?;
        Ok(Self(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Checks a signature over `message` under `domain`, which must be the one that it was made under.
    ///
    /// The equation is the one without cofactor, as in RFC 8032's faster variant: together with the rules of
    /// [`crate::strict`] every verifier that follows them agrees on every input.
    pub fn verify(
        &self,
        domain: Domain,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        let mut point = [0; 32];
        point.copy_from_slice(&signature.0[..32]);
        strict::check_point(&point).map_err(|_| BadSignature)?;
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(&domain.over(message), &signature.0)
            .map_err(|_| BadSignature)
    }
}

/// What a signature is for. No domain is a prefix of another: each ends with the only zero byte in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// A client's request.
    Request,
    /// A provider's attestation of a receipt.
    Attestation,
    /// A node's assignment of a segment to a worker of its fleet.
    Assignment,
    /// What a node tells a worker it may go on with.
    Orders,
    /// A worker's sign of life.
    Heartbeat,
    /// How a segment ended at a worker.
    Outcome,
    /// A worker's call for a file of a segment.
    FileCall,
}

impl Domain {
    pub(crate) fn tag(self) -> &'static [u8] {
        match self {
            Self::Request => b"ArkNet request v1\0",
            Self::Attestation => b"ArkNet attestation v1\0",
            Self::Assignment => b"ArkNet fleet assignment v1\0",
            Self::Orders => b"ArkNet fleet orders v1\0",
            Self::Heartbeat => b"ArkNet fleet heartbeat v1\0",
            Self::Outcome => b"ArkNet fleet outcome v1\0",
            Self::FileCall => b"ArkNet fleet file call v1\0",
        }
    }

    fn over(self, message: &[u8]) -> Vec<u8> {
        [self.tag(), message].concat()
    }
}

/// A secret key with its public key. Never printed.
pub struct KeyPair {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl KeyPair {
    /// A new key.
    pub fn generate() -> Result<Self, NoRandomness> {
        // Fewer than one seed in 2^250 gives a key that `PublicKey` refuses; the next one does not.
        loop {
            if let Ok(pair) = Self::from_seed(random()?) {
                return Ok(pair);
            }
        }
    }

    /// The key of a seed (RFC 8032's 32-byte private key).
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, InvalidKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| InvalidKey {
            reason: "its seed is refused",
        })?;
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        Ok(Self {
            seed,
            pair,
            public: PublicKey::from_bytes(public)?,
        })
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// The secret half, for a file that only its owner can read.
    pub(crate) fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// A signature over `message` under `domain`.
    pub fn sign(&self, domain: Domain, message: &[u8]) -> Signature {
        let mut bytes = [0; 64];
        bytes.copy_from_slice(self.pair.sign(&domain.over(message)).as_ref());
        Signature(bytes)
    }
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyPair({})", self.public)
    }
}

#[cfg(test)]
mod tests;
