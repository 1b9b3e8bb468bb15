//! Holding a receipt against the job and the outputs that another child left.

use arknet_protocol::Phase;
use std::path::Path;
use std::time::Instant;

use arknet_receipt::{Invalid, Receipt, Seal, check_claim, verify as verify_proof};

use super::load::Loaded;
use super::{Stop, say};
use crate::task::message::{Done, Trouble};
use crate::task::spec::RECEIPT;

/// Verifies the proof or, where there is none, that the claim is about this job and these outputs.
pub(super) fn verify(loaded: &Loaded) -> Result<Done, Stop> {
    say::progress(Phase::Verifying, 0);
    let start = Instant::now();
    let wrong = |reason: &dyn ToString| Stop::failed(Trouble::Invalid, reason.to_string());
    let buffers = loaded.read_outputs().map_err(|error| wrong(&error))?;
    let receipt = Receipt::load(Path::new(RECEIPT)).map_err(|error| wrong(&error))?;
    let invalid = |error: Invalid| match error {
        Invalid::Start(_) => Stop::failed(Trouble::Memory, error),
        error => wrong(&error),
    };
    let (claim, bits) = match receipt.seal() {
        Seal::Stark(_) => {
            let verified = verify_proof(&receipt, loaded.job(), &buffers).map_err(invalid)?;
            let bits = verified.security.bits();
            (verified.claim, bits)
        }
        Seal::Execution(_) => {
            let claim = check_claim(&receipt, loaded.job(), &buffers).map_err(invalid)?;
            (claim, 0)
        }
    };
    say::progress(Phase::Verifying, 100);
    Ok(Done {
        device: String::new(),
        races_checked: false,
        steps: claim.usage().steps,
        invocations: claim.usage().invocations,
        cells: 0,
        bits,
        executing_ms: 0,
        proving_ms: 0,
        verifying_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        claim: claim.digest(),
    })
}
