//! An entry of a node's log, checked as far as it can be by itself, and as people read it.

use arknet_protocol::{Domain, PublicKey, Signature};
use arknet_receipt::{Attestation, Digest, Receipt};
use arknet_tlog::{Entry, EntryError};
use serde_json::{Value, json};

/// An entry whose provider signed it, if it is about a receipt.
pub(super) enum Logged {
    Receipt {
        claim: Digest,
        seal: Digest,
        attestation: Attestation,
    },
    Release {
        name: String,
        version: String,
        digest: Digest,
    },
}

/// Why an entry is none that an honest node logs.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadEntry {
    #[error(transparent)]
    Encoding(#[from] EntryError),
    #[error("its attestation: {0}")]
    Attestation(String),
}

impl Logged {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, BadEntry> {
        match Entry::decode(bytes)? {
            Entry::Receipt {
                claim,
                seal,
                attestation,
            } => {
                let bad = |error: &dyn std::fmt::Display| BadEntry::Attestation(error.to_string());
                let attestation = Attestation::decode(&attestation).map_err(|error| bad(&error))?;
                let (claim, seal) = (Digest(claim), Digest(seal));
                attestation
                    .check(claim, seal, is_signed)
                    .map_err(|error| bad(&error))?;
                Ok(Self::Receipt {
                    claim,
                    seal,
                    attestation,
                })
            }
            Entry::Release {
                name,
                version,
                digest,
            } => Ok(Self::Release {
                name,
                version,
                digest: Digest(digest),
            }),
        }
    }

    pub(super) fn line(&self, index: u64) -> String {
        match self {
            Self::Receipt {
                claim, attestation, ..
            } => {
                format!(
                    "{index}  receipt  claim {claim}  by {}",
                    PublicKeyText(attestation)
                )
            }
            Self::Release {
                name,
                version,
                digest,
            } => {
                format!("{index}  release  {name} {version}  sha256 {digest}")
            }
        }
    }

    pub(super) fn json(&self, index: u64) -> Value {
        match self {
            Self::Receipt {
                claim,
                seal,
                attestation,
            } => json!({
                "index": index,
                "kind": "receipt",
                "claim": claim.to_string(),
                "seal": seal.to_string(),
                "provider": PublicKeyText(attestation).to_string(),
                "request": attestation.request.map(|digest| digest.to_string()),
                "finished": attestation.finished,
            }),
            Self::Release {
                name,
                version,
                digest,
            } => json!({
                "index": index,
                "kind": "release",
                "name": name,
                "version": version,
                "sha256": digest.to_string(),
            }),
        }
    }
}

/// The provider's key as people see it.
struct PublicKeyText<'a>(&'a Attestation);

impl std::fmt::Display for PublicKeyText<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&arknet_receipt::provider_name(&self.0.provider))
    }
}

fn is_signed(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let signature = Signature(*signature);
    PublicKey::from_bytes(*key)
        .is_ok_and(|key| key.verify(Domain::Attestation, message, &signature).is_ok())
}

/// The bytes that a log has for a receipt, if anybody signed it.
pub(super) fn of_receipt(receipt: &Receipt) -> Option<Vec<u8>> {
    let entry = Entry::Receipt {
        claim: receipt.claim().digest().0,
        seal: receipt.seal().digest().0,
        attestation: receipt.attestation()?.encode().to_vec(),
    };
    // An attestation is far shorter than an entry may have it.
    entry.encode().ok()
}
