//! The provider's word on a receipt: a signature over the claim, the seal, the request and the time.
//!
//! This crate says what is signed and lays out the bytes. Checking a signature is left to its caller, as
//! [`Attestation::check`] takes a function for it, so that a receipt can be verified wherever there is SHA-256.

use std::fmt;

use crate::date::Date;
use crate::digest::Digest;
use crate::encoding::{DecodeError, Reader, Writer};

/// What a provider signs about a receipt, with the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The provider's Ed25519 public key.
    pub provider: [u8; 32],
    /// Digest of the signed request that the job came with, if it came with one.
    pub request: Option<Digest>,
    /// When the job was finished, in seconds since 1970, by the provider's clock.
    pub finished: u64,
    /// Ed25519 over [`Attestation::DOMAIN`] and then [`Attestation::message`].
    pub signature: [u8; 64],
}

/// A signature that is not the provider's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the attestation's signature is not that of {provider} over this claim and seal: the receipt was changed after \
     it was signed, or never was"
)]
pub struct BadSignature {
    /// The key that the attestation names, as [`provider_name`] has it.
    pub provider: String,
}

/// A public key as people see it.
pub fn provider_name(key: &[u8; 32]) -> String {
    format!("ed25519:{}", Digest(*key))
}

impl Attestation {
    /// Bytes of an encoded attestation.
    pub const BYTES: usize = 32 + 1 + 32 + 8 + 64;

    /// What the signed bytes begin with. Nothing else is signed under it.
    pub const DOMAIN: &[u8] = b"ArkNet attestation v1\0";

    /// An attestation by `provider`, for a claim and a seal of these digests. `sign` makes the Ed25519 signature of
    /// a message under [`Attestation::DOMAIN`] with the provider's key.
    pub fn sign(
        provider: [u8; 32],
        claim: Digest,
        seal: Digest,
        request: Option<Digest>,
        finished: u64,
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Self {
        let unsigned = Self {
            provider,
            request,
            finished,
            signature: [0; 64],
        };
        let signature = sign(&unsigned.message(claim, seal));
        Self {
            signature,
            ..unsigned
        }
    }

    /// What is signed under [`Attestation::DOMAIN`], for a claim and a seal of these digests.
    pub fn message(&self, claim: Digest, seal: Digest) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes(&claim.0);
        writer.bytes(&seal.0);
        self.write_request(&mut writer);
        writer.u64(self.finished);
        writer.finish()
    }

    /// Checks the signature. `check` is given a public key, a message under [`Attestation::DOMAIN`] and a
    /// signature; it must be strict, as a node is, so that two checkers never differ.
    pub fn check(
        &self,
        claim: Digest,
        seal: Digest,
        check: impl FnOnce(&[u8; 32], &[u8], &[u8; 64]) -> bool,
    ) -> Result<(), BadSignature> {
        if check(&self.provider, &self.message(claim, seal), &self.signature) {
            Ok(())
        } else {
            Err(BadSignature {
                provider: provider_name(&self.provider),
            })
        }
    }

    /// Its bytes, as a receipt and a log have them.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut writer = Writer::default();
        writer.bytes(&self.provider);
        self.write_request(&mut writer);
        writer.u64(self.finished);
        writer.bytes(&self.signature);
        let mut bytes = [0; Self::BYTES];
        bytes.copy_from_slice(&writer.finish());
        bytes
    }

    /// The attestation of these bytes. `decode(b)` succeeds only where `encode` gives `b` again.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let attestation = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(attestation)
    }

    /// A request takes as many bytes where there is none.
    fn write_request(&self, writer: &mut Writer) {
        writer.u8(self.request.is_some().into());
        writer.bytes(&self.request.map_or([0; 32], |digest| digest.0));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let provider = reader.array("the provider's key")?;
        let at = reader.at();
        let code = reader.u8("whether there is a request")?;
        let digest = Digest(reader.array("the request's digest")?);
        let request = match code {
            0 if digest.0 == [0; 32] => None,
            1 => Some(digest),
            _ => return Err(DecodeError::BadRequest { at }),
        };
        Ok(Self {
            provider,
            request,
            finished: reader.u64("the time of the attestation")?,
            signature: reader.array("the signature")?,
        })
    }
}

impl fmt::Display for Attestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "provider     {}\nrequest      ",
            provider_name(&self.provider)
        )?;
        match &self.request {
            Some(digest) => write!(f, "{digest}")?,
            None => f.write_str("none")?,
        }
        write!(f, "\nfinished     {}", Date(self.finished))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attestation(request: Option<Digest>) -> Attestation {
        Attestation {
            provider: [1; 32],
            request,
            finished: 0x0807_0605_0403_0201,
            signature: [2; 64],
        }
    }

    #[test]
    fn what_is_signed_is_laid_out_as_documented() {
        let (claim, seal) = (Digest([3; 32]), Digest([4; 32]));
        assert_eq!(Attestation::DOMAIN, b"ArkNet attestation v1\0");
        let head = [[3; 32], [4; 32]].concat();
        let time = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(
            attestation(None).message(claim, seal),
            [head.as_slice(), &[0; 33], &time].concat()
        );
        assert_eq!(
            attestation(Some(Digest([0; 32]))).message(claim, seal),
            [head.as_slice(), &[1], &[0; 32], &time].concat()
        );
    }

    #[test]
    fn everything_but_the_signature_is_signed() {
        let (claim, seal) = (Digest([3; 32]), Digest([4; 32]));
        let base = attestation(None).message(claim, seal);
        let later = Attestation {
            finished: 5,
            ..attestation(None)
        };
        for other in [
            attestation(None).message(seal, claim),
            attestation(Some(Digest([0; 32]))).message(claim, seal),
            later.message(claim, seal),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn a_signature_is_made_and_checked_over_the_same_bytes() {
        let (claim, seal) = (Digest([3; 32]), Digest([4; 32]));
        let mut signed = Vec::new();
        let made = Attestation::sign([1; 32], claim, seal, None, 7, |message| {
            signed = message.to_vec();
            [9; 64]
        });
        assert_eq!(made.signature, [9; 64]);
        let same = |key: &[u8; 32], message: &[u8], signature: &[u8; 64]| {
            *key == [1; 32] && message == signed && *signature == [9; 64]
        };
        assert_eq!(made.check(claim, seal, same), Ok(()));
        let error = made.check(seal, claim, same).unwrap_err();
        assert_eq!(error.provider, provider_name(&[1; 32]));
    }

    #[test]
    fn there_is_one_encoding() {
        for request in [None, Some(Digest([0; 32])), Some(Digest([5; 32]))] {
            let attestation = attestation(request);
            let bytes = attestation.encode();
            assert_eq!(Attestation::decode(&bytes), Ok(attestation));
            assert!(Attestation::decode(&bytes[1..]).is_err());
            assert!(Attestation::decode(&[&bytes[..], &[0]].concat()).is_err());
        }
        let mut hidden = attestation(None).encode();
        hidden[64] = 1;
        assert_eq!(
            Attestation::decode(&hidden),
            Err(DecodeError::BadRequest { at: 32 })
        );
        let mut unknown = attestation(None).encode();
        unknown[32] = 2;
        assert!(Attestation::decode(&unknown).is_err());
    }
}
