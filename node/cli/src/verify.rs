//! `arknet verify`: does a receipt hold for the job, inputs and outputs in a folder?
//!
//! A receipt with a proof holds by its proof. One without rests on its provider's signature, which is believed only
//! where the user names the provider, or else on running the job again.

use std::io::Read;
use std::path::Path;

use arknet_receipt::{
    Invalid, Races, Receipt, Seal, SecurityReport, check_claim, replay, verify_with_min_bits,
};
use arknet_workload::job::folder::JobFileError;
use arknet_workload::regular;
use serde_json::json;

use crate::answer::{Answer, Rows};
use crate::arguments::VerifyArguments;
use crate::endorsement;
use crate::error::CliError;
use crate::job::OpenJob;
use crate::memory::Memory;
use crate::receipt;

/// Why a receipt holds.
struct Grounds {
    security: Option<SecurityReport>,
    replayed: bool,
    /// Whether races were looked for: by a proof and by running the job again always.
    races_checked: bool,
}

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
    // What the receipt is about comes first: where that is another job, a signature has nothing to say.
    let claim = check_claim(&receipt, open.job(), &buffers).map_err(refusal)?;
    let endorsement = endorsement::check_arguments(&receipt, arguments)?;
    let grounds = check_seal(&receipt, &open, &buffers, arguments)?;

    let mut rows = Rows::default();
    rows.line(&claim.to_string());
    if let Seal::Execution(seal) = receipt.seal() {
        rows.line(&seal.to_string());
    }
    endorsement.describe(&mut rows);
    if let Some(security) = &grounds.security {
        rows.line(&security.to_string());
    }
    if grounds.replayed {
        rows.line("The job was run again here, with the same outputs and steps.");
    }
    let basis = match &grounds {
        Grounds {
            security: Some(_), ..
        } => "proof",
        Grounds { replayed: true, .. } => "replay",
        _ => "signature",
    };
    if basis == "signature" {
        rows.line("Nothing was proven and nothing was run again: this rests on the provider's word alone.");
        if !grounds.races_checked {
            rows.line(
                "Nobody looked for data races; if there are any, the outputs have no meaning.",
            );
        }
        rows.verdict("SIGNED, NOT PROVEN");
    } else {
        rows.verdict("VALID");
    }
    let mut json = json!({
        "valid": true,
        "basis": basis,
        "replayed": grounds.replayed,
        "races_checked": grounds.races_checked,
        "claim": receipt::claim(&claim),
        "seal": receipt::seal(receipt.seal()),
        "security": grounds.security.as_ref().map(receipt::security),
    });
    json["endorsement"] = endorsement.json();
    Ok(Answer {
        text: rows.finish(),
        json,
    })
}

/// Checks why the claim is to be believed.
fn check_seal(
    receipt: &Receipt,
    open: &OpenJob,
    buffers: &[Vec<u32>],
    arguments: &VerifyArguments,
) -> Result<Grounds, CliError> {
    let min_bits = arguments.min_bits;
    let (security, races) = match receipt.seal() {
        Seal::Stark(_) => {
            let verified = verify_with_min_bits(receipt, open.job(), buffers, min_bits);
            (Some(verified.map_err(refusal)?.security), Races::Checked)
        }
        Seal::Execution(_) if min_bits > 0 => {
            return Err(CliError::Invalid(format!(
                "its run was signed and not proven, so it has no bits of security, and `--min-bits {min_bits}` asks for \
                 some"
            )));
        }
        Seal::Execution(seal) => (None, seal.races()),
    };
    if arguments.replay {
        Memory::new(arguments.max_memory).check_run(open.job())?;
        replay(receipt, open.job(), buffers).map_err(refusal)?;
    } else if security.is_none() && arguments.provider.is_none() {
        return Err(CliError::Invalid(
            "its run was signed and not proven. `--replay` runs the job again on this machine to find out; if you trust \
             the provider that `arknet inspect` shows, say so with `--provider ed25519:…`"
                .to_owned(),
        ));
    }
    Ok(Grounds {
        security,
        replayed: arguments.replay,
        races_checked: arguments.replay || races == Races::Checked,
    })
}

fn refusal(invalid: Invalid) -> CliError {
    match invalid {
        Invalid::Start(error) => CliError::Machine(error.to_string()),
        Invalid::Replay(error) => CliError::OverLimit(error.to_string()),
        invalid => CliError::Invalid(invalid.to_string()),
    }
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
