//! The receipt itself and its bytes.
//!
//! A decoded [`Receipt`] is well-formed, nothing more: [`crate::verify()`] and [`crate::replay()`] decide whether its
//! claim holds, [`Receipt::check_attestation`] whether its provider signed it. `docs/receipt.md` describes the format
//! byte by byte.

use std::fmt;
use std::io::Read;
use std::path::Path;

use arknet_workload::regular::{self, OpenError};

use crate::attestation::{Attestation, BadSignature};
use crate::claim::Claim;
use crate::encoding::{DecodeError, Reader, Writer};
use crate::inclusion::Inclusion;
use crate::seal::{Seal, StarkSeal};

/// A claim with the reason to believe it.
///
/// A receipt with an execution seal always has an attestation, and so has one with an inclusion proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    claim: Claim,
    seal: Seal,
    endorsement: Endorsement,
}

/// What a provider adds to claim and seal. A log's entries hold attestations, so there is no inclusion without one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Endorsement {
    None,
    Attested(Attestation),
    Logged(Attestation, Inclusion),
}

/// An inclusion proof for a receipt that nobody attests.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the receipt has no attestation, so no log can hold it; attest it first")]
pub struct NotAttested;

impl Receipt {
    /// The format that this build writes and reads. It fixes the proof's inner format too: Plonky3 0.8.0's.
    pub const VERSION: u16 = 2;
    /// The first bytes of a receipt.
    pub const MARK: [u8; 8] = *b"ArkNetRc";
    /// Bytes of a receipt.
    pub const MAX_BYTES: u64 = 64 << 20;

    const PLAIN: u8 = 0;
    const ATTESTED: u8 = 1;
    const LOGGED: u8 = 2;

    /// A receipt that rests on its proof alone.
    pub fn proven(claim: Claim, seal: StarkSeal) -> Self {
        Self {
            claim,
            seal: Seal::Stark(seal),
            endorsement: Endorsement::None,
        }
    }

    /// A receipt that its provider attests.
    pub fn attested(claim: Claim, seal: Seal, attestation: Attestation) -> Self {
        Self {
            claim,
            seal,
            endorsement: Endorsement::Attested(attestation),
        }
    }

    /// The same receipt with the proof that it is in a log.
    pub fn with_inclusion(self, inclusion: Inclusion) -> Result<Self, NotAttested> {
        let endorsement = match self.endorsement {
            Endorsement::None => return Err(NotAttested),
            Endorsement::Attested(attestation) | Endorsement::Logged(attestation, _) => {
                Endorsement::Logged(attestation, inclusion)
            }
        };
        Ok(Self {
            endorsement,
            ..self
        })
    }

    /// What is claimed.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Why to believe it.
    pub fn seal(&self) -> &Seal {
        &self.seal
    }

    /// The provider's word on it.
    pub fn attestation(&self) -> Option<&Attestation> {
        match &self.endorsement {
            Endorsement::None => None,
            Endorsement::Attested(attestation) | Endorsement::Logged(attestation, _) => {
                Some(attestation)
            }
        }
    }

    /// The proof that a log has it.
    pub fn inclusion(&self) -> Option<&Inclusion> {
        match &self.endorsement {
            Endorsement::Logged(_, inclusion) => Some(inclusion),
            Endorsement::None | Endorsement::Attested(_) => None,
        }
    }

    /// Its claim and seal, for an attestation.
    pub fn into_parts(self) -> (Claim, Seal) {
        (self.claim, self.seal)
    }

    /// Checks the attestation's signature, if there is one, with a strict Ed25519 `check` of a public key, a message
    /// under [`Attestation::DOMAIN`] and a signature. A receipt that fails is not to be believed, even if its proof is good.
    pub fn check_attestation(
        &self,
        check: impl FnOnce(&[u8; 32], &[u8], &[u8; 64]) -> bool,
    ) -> Result<Option<&Attestation>, BadSignature> {
        let attestation = self.attestation();
        if let Some(attestation) = attestation {
            attestation.check(self.claim.digest(), self.seal.digest(), check)?;
        }
        Ok(attestation)
    }

    /// The receipt's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes(&Self::MARK);
        writer.u16(Self::VERSION);
        self.claim.write(&mut writer);
        self.seal.write(&mut writer);
        match &self.endorsement {
            Endorsement::None => writer.u8(Self::PLAIN),
            Endorsement::Attested(attestation) => {
                writer.u8(Self::ATTESTED);
                writer.bytes(&attestation.encode());
            }
            Endorsement::Logged(attestation, inclusion) => {
                writer.u8(Self::LOGGED);
                writer.bytes(&attestation.encode());
                inclusion.write(&mut writer);
            }
        }
        writer.finish()
    }

    /// The receipt of the bytes. `decode(b)` succeeds only where `encode` gives `b` again.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let got = bytes.len() as u64;
        if got > Self::MAX_BYTES {
            return Err(DecodeError::TooLarge {
                got,
                limit: Self::MAX_BYTES,
            });
        }
        if !bytes.starts_with(&Self::MARK) {
            return Err(DecodeError::NotAReceipt);
        }
        let mut reader = Reader::new(bytes);
        reader.bytes("the receipt mark", Self::MARK.len() as u64)?;
        let version = reader.u16("the version")?;
        if version != Self::VERSION {
            return Err(DecodeError::UnknownVersion {
                got: version,
                known: Self::VERSION,
            });
        }
        let claim = Claim::read(&mut reader)?;
        let seal = Seal::read(&mut reader)?;
        let at = reader.at();
        let endorsement = match reader.u8("the kind of endorsement")? {
            Self::PLAIN if matches!(seal, Seal::Execution(_)) => {
                return Err(DecodeError::Unattested { at });
            }
            Self::PLAIN => Endorsement::None,
            Self::ATTESTED => Endorsement::Attested(Attestation::read(&mut reader)?),
            Self::LOGGED => {
                let attestation = Attestation::read(&mut reader)?;
                Endorsement::Logged(attestation, Inclusion::read(&mut reader)?)
            }
            code => return Err(DecodeError::UnknownEndorsement { at, code }),
        };
        reader.finish()?;
        Ok(Self {
            claim,
            seal,
            endorsement,
        })
    }

    /// Reads a receipt from a file, no more of it than a receipt may have.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let mut file = regular::open(path)?;
        let got = file.metadata().map_err(OpenError::Io)?.len();
        if got > Self::MAX_BYTES {
            return Err(LoadError::Decode(DecodeError::TooLarge {
                got,
                limit: Self::MAX_BYTES,
            }));
        }
        let mut bytes = Vec::new();
        // The length may have grown since: decoding checks what was read.
        Read::by_ref(&mut file)
            .take(Self::MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(OpenError::Io)?;
        Ok(Self::decode(&bytes)?)
    }
}

/// Why a file gives no receipt.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("the receipt {0}")]
    Open(#[from] OpenError),
    /// Its bytes are no receipt.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "receipt      version {}", Self::VERSION)?;
        writeln!(f, "{}", self.claim)?;
        writeln!(f, "claim digest {}", self.claim.digest())?;
        writeln!(f, "{}", self.seal)?;
        write!(f, "seal digest  {}", self.seal.digest())?;
        match self.attestation() {
            Some(attestation) => write!(f, "\n{attestation}")?,
            None => f.write_str("\nprovider     none")?,
        }
        match self.inclusion() {
            Some(inclusion) => write!(
                f,
                "\nlogged       inclusion proof of {} bytes",
                inclusion.text().len()
            ),
            None => f.write_str("\nlogged       no inclusion proof"),
        }
    }
}

#[cfg(test)]
mod tests;
