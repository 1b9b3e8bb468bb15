//! What a receipt says and how good it is, as rows and as JSON.

use std::path::Path;

use arknet_receipt::security::Regime;
use arknet_receipt::{
    Attestation, Claim, LoadError, Races, Receipt, Seal, SecurityReport, provider_name,
};
use serde_json::{Value, json};

use crate::error::CliError;

/// Reads a receipt. Bytes that are none do not hold, whatever they were meant to be.
pub(crate) fn load(path: &Path) -> Result<Receipt, CliError> {
    Receipt::load(path).map_err(|error| match error {
        LoadError::Open(source) => CliError::Read {
            path: path.to_owned(),
            expected: "a receipt",
            source,
        },
        LoadError::Decode(error) => CliError::Invalid(error.to_string()),
    })
}

/// A claim for machines.
pub(crate) fn claim(claim: &Claim) -> Value {
    let (limits, usage) = (claim.limits(), claim.usage());
    let buffers = claim.buffers().iter().map(|buffer| {
        json!({
            "name": buffer.name,
            "words": buffer.words,
            "before": buffer.before.to_string(),
            "after": buffer.after.to_string(),
        })
    });
    json!({
        "digest": claim.digest().to_string(),
        "workload": claim.workload().to_string(),
        "workgroups": claim.workgroups(),
        "limits": { "steps": limits.steps, "memory": limits.memory, "time_ms": limits.time_ms },
        "usage": {
            "steps": usage.steps,
            "memory": usage.memory,
            "invocations": usage.invocations,
        },
        "buffers": buffers.collect::<Vec<_>>(),
    })
}

/// A seal for machines.
pub(crate) fn seal(seal: &Seal) -> Value {
    let mut object = match seal {
        Seal::Stark(seal) => json!({
            "preset": seal.preset().name(),
            "air_version": seal.air_version(),
            "log2_heights": seal.heights(),
            "proof_bytes": seal.proof().len(),
        }),
        Seal::Execution(seal) => json!({
            "backend": seal.backend(),
            "device": seal.device(),
            "fingerprint": seal.fingerprint().to_string(),
            "races_checked": seal.races() == Races::Checked,
        }),
    };
    object["kind"] = seal.kind().into();
    object["digest"] = seal.digest().to_string().into();
    object
}

/// An attestation for machines.
pub(crate) fn attestation(attestation: &Attestation) -> Value {
    json!({
        "provider": provider_name(&attestation.provider),
        "request": attestation.request.map(|digest| digest.to_string()),
        "finished": attestation.finished,
    })
}

/// A security report for machines.
pub(crate) fn security(report: &SecurityReport) -> Value {
    let terms = report.terms().iter().map(
        |term| json!({ "name": term.name, "bits": term.bits, "proof_of_work_bits": term.work }),
    );
    json!({
        "bits": report.bits(),
        "all_rounds_bits": report.union_bits(),
        "regime": match report.regime() {
            Regime::UniqueDecoding => json!({ "name": "unique decoding" }),
            Regime::Johnson { m } => json!({ "name": "Johnson bound", "m": m }),
        },
        "terms": terms.collect::<Vec<_>>(),
    })
}
