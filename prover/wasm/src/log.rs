//! Whether a log has a receipt.

use arknet_receipt::Receipt;
use arknet_tlog::{Checkpoint, Entry, Hash, KeyKind, LogProof, VerifierKey};

use crate::signature;

/// Checks a receipt's inclusion proof under the key of its log; gives the checkpoint that the log signed.
pub(crate) fn check(receipt: &Receipt, key: &str) -> Result<Checkpoint, String> {
    let (Some(attestation), Some(inclusion)) = (receipt.attestation(), receipt.inclusion()) else {
        return Err("the receipt has no inclusion proof".to_owned());
    };
    let text = |error: &dyn std::error::Error| error.to_string();
    let key: VerifierKey = key.parse().map_err(|error| text(&error))?;
    if key.kind() != KeyKind::Ed25519 {
        return Err("the log's key is of the wrong kind".to_owned());
    }
    let entry = Entry::Receipt {
        claim: receipt.claim().digest().0,
        seal: receipt.seal().digest().0,
        attestation: attestation.encode().to_vec(),
    };
    let entry = entry.encode().map_err(|error| text(&error))?;
    let proof = LogProof::parse(inclusion.text().as_bytes()).map_err(|error| text(&error))?;
    let note = &proof.checkpoint;
    let is_signed = note
        .signatures()
        .iter()
        .filter(|signature| signature.is_by(&key))
        .any(|signature| {
            <&[u8; 64]>::try_from(signature.bytes())
                .is_ok_and(|bytes| signature::holds(key.public(), note.text().as_bytes(), bytes))
        });
    if !is_signed {
        return Err(format!(
            "the checkpoint is not signed by the log {}",
            key.name()
        ));
    }
    let checkpoint = proof
        .check_path(Hash::of_entry(&entry))
        .map_err(|error| text(&error))?;
    if checkpoint.origin != key.name() {
        return Err(format!(
            "the checkpoint is of the log {}",
            checkpoint.origin
        ));
    }
    Ok(checkpoint)
}
