//! The result of a job: fetched, checked against what was asked for, and only then written.

use std::path::Path;

use arknet_protocol::api::JobView;
use arknet_protocol::{JobKind, JobRequest, PresetName, PublicKey, Replay};
use arknet_receipt::{
    Claim, Invalid, Preset, Races, Receipt, Seal, SecurityReport, check_claim, verify,
};
use arknet_tlog::{Policy, VerifierKey};
use serde_json::{Value, json};

use super::session::Session;
use crate::answer::{Rows, bytes};
use crate::endorsement::{self, Endorsement, Expected};
use crate::error::{CliError, NodeError};
use crate::files;
use crate::job::OpenJob;
use crate::receipt;

/// What a result must fit.
pub(super) struct Order<'a> {
    /// The job, from this machine's folder.
    pub(super) open: &'a OpenJob,
    /// The request as it was sent.
    pub(super) body: &'a [u8],
    /// What it says.
    pub(super) request: &'a JobRequest,
    /// Who must have signed the receipt.
    pub(super) node: PublicKey,
    /// The log that it must be in.
    pub(super) log: Option<VerifierKey>,
}

/// A result as it came, to be checked.
struct Delivery {
    outputs: Vec<Vec<u32>>,
    encoded: Vec<u8>,
    receipt: Receipt,
}

/// Why a receipt holds.
struct Checked<'a> {
    claim: Claim,
    security: Option<SecurityReport>,
    endorsement: Endorsement<'a>,
}

/// Fetches outputs and receipt of a finished job, checks them, writes them, and describes them.
pub(super) fn collect(
    session: &Session,
    order: &Order<'_>,
    job: &JobView,
    destination: Option<&Path>,
    rows: &mut Rows,
) -> Result<Value, CliError> {
    let delivery = fetch(session, order, job)?;
    let checked = order.check(&delivery)?;
    order.open.write_outputs(&delivery.outputs)?;
    if let Some(path) = destination {
        files::write(path, &delivery.encoded)?;
    }

    order.open.describe_usage(checked.claim.usage().steps, rows);
    let buffers = order.open.describe_buffers(&delivery.outputs, rows);
    let size = delivery.encoded.len() as u64;
    rows.row(
        "receipt",
        match destination {
            Some(path) => format!("{}: {}", path.display(), bytes(size)),
            None => format!("{}, not kept (`--receipt FILE` keeps it)", bytes(size)),
        },
    );
    checked.endorsement.describe(rows);
    if let Seal::Execution(seal) = delivery.receipt.seal() {
        rows.line(&seal.to_string());
    }
    match &checked.security {
        Some(security) => {
            rows.line(&security.to_string());
            rows.verdict("VALID");
        }
        None => {
            rows.line(
                "Nothing was proven: that these are the outputs rests on the node's word. `arknet verify --replay` runs \
                 the job again.",
            );
            rows.verdict("SIGNED, NOT PROVEN");
        }
    }
    Ok(json!({
        "buffers": buffers,
        "basis": if checked.security.is_some() { "proof" } else { "signature" },
        "receipt": {
            "file": destination.map(|path| path.display().to_string()),
            "bytes": size,
        },
        "claim": receipt::claim(&checked.claim),
        "seal": receipt::seal(delivery.receipt.seal()),
        "security": checked.security.as_ref().map(receipt::security),
        "endorsement": checked.endorsement.json(),
    }))
}

/// Fetches everything; nothing of it is believed yet.
fn fetch(session: &Session, order: &Order<'_>, job: &JobView) -> Result<Delivery, CliError> {
    let client = session.client();
    let mut outputs = order.open.job().buffers().to_vec();
    for output in order.open.assembled().outputs() {
        let words = &mut outputs[output.buffer];
        let expected = 4 * words.len() as u64;
        let fetched = session.wait(client.output(job.id, &output.name, expected))?;
        if fetched.len() as u64 != expected {
            return Err(CliError::Invalid(format!(
                "the node gives {} bytes for `{}`, which has {expected}",
                fetched.len(),
                output.name
            )));
        }
        for (word, bytes) in words.iter_mut().zip(fetched.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
    }
    let encoded = session.wait(client.receipt(job.id, Receipt::MAX_BYTES))?;
    let receipt =
        Receipt::decode(&encoded).map_err(|error| CliError::Invalid(error.to_string()))?;
    Ok(Delivery {
        outputs,
        encoded,
        receipt,
    })
}

impl Order<'_> {
    /// Checks that a delivery is what was ordered.
    fn check<'a>(&self, delivery: &'a Delivery) -> Result<Checked<'a>, CliError> {
        let Delivery {
            receipt, outputs, ..
        } = delivery;
        let job = self.open.job();
        let claim = check_claim(receipt, job, outputs).map_err(refusal)?;
        let policy = self.log.clone().map(Policy::log).transpose();
        let policy =
            policy.map_err(|error| NodeError::Setting(format!("the log's key: {error}")))?;
        let endorsement = endorsement::check(
            receipt,
            &Expected {
                provider: Some(&self.node),
                request: Some(self.body),
                log: policy.as_ref(),
            },
        )?;
        let security = match (self.request.kind, receipt.seal()) {
            (JobKind::Prove, Seal::Stark(seal)) => {
                let wanted = match self.request.preset().unwrap_or_default() {
                    PresetName::S100 => Preset::S100,
                    PresetName::S128 => Preset::S128,
                };
                if seal.preset() != wanted {
                    return Err(CliError::Invalid(format!(
                        "its proof is of the preset {}, and {} was asked for",
                        seal.preset().name(),
                        wanted.name()
                    )));
                }
                Some(verify(receipt, job, outputs).map_err(refusal)?.security)
            }
            (JobKind::Prove, Seal::Execution(_)) => {
                return Err(CliError::Invalid(
                    "a proof was asked for, and it has none: the run was only signed".to_owned(),
                ));
            }
            // More than was asked for.
            (JobKind::Run, Seal::Stark(_)) => {
                Some(verify(receipt, job, outputs).map_err(refusal)?.security)
            }
            (JobKind::Run, Seal::Execution(seal)) => {
                let replay = self.request.options.replay.unwrap_or_default();
                if replay == Replay::Reference && seal.races() != Races::Checked {
                    return Err(CliError::Invalid(
                        "the run should have been repeated in the reference interpreter, and was not".to_owned(),
                    ));
                }
                None
            }
        };
        Ok(Checked {
            claim,
            security,
            endorsement,
        })
    }
}

fn refusal(invalid: Invalid) -> CliError {
    match invalid {
        Invalid::Start(error) => CliError::Machine(error.to_string()),
        invalid => CliError::Invalid(invalid.to_string()),
    }
}
