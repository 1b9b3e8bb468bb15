//! `arknet verify`: does a receipt hold for the job, inputs and outputs in a folder?

use arknet_receipt::{Invalid, verify_with_min_bits};
use arknet_workload::job::folder::JobFileError;
use serde_json::json;

use crate::answer::{Answer, Rows, emphasis};
use crate::arguments::VerifyArguments;
use crate::error::CliError;
use crate::job::OpenJob;
use crate::receipt;

pub(crate) fn verify(arguments: &VerifyArguments) -> Result<Answer, CliError> {
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
    let verified = verify_with_min_bits(&receipt, open.job(), &buffers, arguments.min_bits)
        .map_err(|invalid| match invalid {
            Invalid::Start(error) => CliError::Machine(error.to_string()),
            invalid => CliError::Invalid(invalid.to_string()),
        })?;

    let mut rows = Rows::default();
    rows.line(&verified.claim.to_string());
    rows.line(&verified.security.to_string());
    rows.line(&emphasis("VALID"));
    Ok(Answer {
        text: rows.finish(),
        json: json!({
            "valid": true,
            "preset": receipt.preset.name(),
            "claim": receipt::claim(&verified.claim),
            "security": receipt::security(&verified.security),
        }),
    })
}
