//! `arknet verify`: does a receipt hold for the job, inputs and outputs in a folder?

use std::io::Read;
use std::path::Path;

use arknet_receipt::{Invalid, Receipt, verify_with_min_bits};
use arknet_workload::job::folder::JobFileError;
use arknet_workload::regular;
use serde_json::json;

use crate::answer::{Answer, Rows};
use crate::arguments::VerifyArguments;
use crate::error::CliError;
use crate::job::OpenJob;
use crate::receipt;

pub(crate) fn verify(arguments: &VerifyArguments) -> Result<Answer, CliError> {
    check_order(arguments)?;
    let open = OpenJob::open(&arguments.job)?;
    let buffers = open
        .assembled()
        .final_buffers()
        .map_err(|error| match error {
            // A well-formed job whose output cannot be what any receipt for it speaks of.
            JobFileError::OutputLength { .. } => CliError::Invalid(error.to_string()),
            _ => error.into(),
        })?;
    let receipt = receipt::load(&arguments.receipt)?;
    if receipt.attestation().is_some() {
        return Err(CliError::Machine(
            "attestations cannot be checked yet".to_owned(),
        ));
    }
    let verified = verify_with_min_bits(&receipt, open.job(), &buffers, arguments.min_bits)
        .map_err(|invalid| match invalid {
            Invalid::Start(error) => CliError::Machine(error.to_string()),
            invalid => CliError::Invalid(invalid.to_string()),
        })?;

    let mut rows = Rows::default();
    rows.line(&verified.claim.to_string());
    rows.line(&verified.security.to_string());
    rows.verdict("VALID");
    Ok(Answer {
        text: rows.finish(),
        json: json!({
            "valid": true,
            "claim": receipt::claim(&verified.claim),
            "seal": receipt::seal(receipt.seal()),
            "security": receipt::security(&verified.security),
        }),
    })
}

/// Finds a job where the receipt should be, or a receipt where the job should be.
fn check_order(arguments: &VerifyArguments) -> Result<(), CliError> {
    let VerifyArguments { receipt, job, .. } = arguments;
    let is_toml = |path: &Path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    };
    let is_job = receipt.is_dir() || (is_toml(receipt) && !is_receipt(receipt));
    if !is_job && !is_receipt(job) {
        return Ok(());
    }
    Err(CliError::Swapped {
        receipt: receipt.clone(),
        job: job.clone(),
        is_job,
    })
}

/// Whether a file begins as a receipt does.
fn is_receipt(path: &Path) -> bool {
    let mut mark = [0; Receipt::MARK.len()];
    regular::open(path)
        .is_ok_and(|mut file| file.read_exact(&mut mark).is_ok() && mark == Receipt::MARK)
}
