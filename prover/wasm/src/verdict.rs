//! The check itself, and what it found as JSON.
//!
//! | key | |
//! | --- | --- |
//! | `valid` | whether the receipt holds: by its proof, or by running the job again |
//! | `basis` | `proof` or `replay`; `null` where it does not hold |
//! | `reason` | why it does not hold |
//! | `claim`, `seal` | what the receipt says, once it could be read |
//! | `security` | the bits of a proof that holds |
//! | `attestation` | provider, time and request, once the signature was checked |
//! | `log` | origin and size of the log that has it, where one was named |

use arknet_receipt::security::Regime;
use arknet_receipt::{
    Attestation, Claim, Digest, Races, Receipt, Seal, SecurityReport, check_claim, provider_name,
    replay, verify,
};
use serde_json::{Value, json};

use crate::evidence::Evidence;
use crate::request::{Request, outputs};
use crate::{log, signature};

/// Checks evidence, as [`Evidence::parse`] takes it.
pub fn check(evidence: &[u8]) -> Value {
    let mut found = json!({
        "valid": false, "basis": null, "reason": null, "claim": null, "seal": null, "security": null,
        "attestation": null, "log": null,
    });
    match examine(evidence, &mut found) {
        Ok(basis) => {
            found["valid"] = true.into();
            found["basis"] = basis.into();
        }
        Err(reason) => found["reason"] = reason.into(),
    }
    found
}

/// Fills in what is found on the way; gives the reason to believe the receipt, or not to.
fn examine(evidence: &[u8], found: &mut Value) -> Result<&'static str, String> {
    let evidence = Evidence::parse(evidence).map_err(|error| error.to_string())?;
    let receipt = Receipt::decode(evidence.receipt).map_err(|error| error.to_string())?;
    found["claim"] = claim(receipt.claim());
    found["seal"] = seal(receipt.seal());

    let request = Request::parse(evidence.request).map_err(|error| error.to_string())?;
    let job = request.job(&evidence).map_err(|error| error.to_string())?;
    let outputs = outputs(&job, &evidence).map_err(|error| error.to_string())?;
    check_claim(&receipt, &job, &outputs).map_err(|error| error.to_string())?;

    let checked = receipt.check_attestation(|key, message, bytes| {
        signature::holds(key, &[Attestation::DOMAIN, message].concat(), bytes)
    });
    if let Some(attestation) = checked.map_err(|error| error.to_string())? {
        found["attestation"] = json!({
            "provider": provider_name(&attestation.provider),
            "finished": attestation.finished,
            "request": attestation.request.map(|digest| digest.to_string()),
            "client": request.client,
        });
        check_request(attestation, &request, evidence.request)?;
    }
    if let Some(key) = &evidence.question.log_key {
        let checkpoint = log::check(&receipt, key)
            .map_err(|reason| format!("the log does not have it: {reason}"))?;
        found["log"] = json!({ "origin": checkpoint.origin, "size": checkpoint.size });
    }

    let mut basis = None;
    if let Seal::Stark(_) = receipt.seal() {
        let verified = verify(&receipt, &job, &outputs).map_err(|error| error.to_string())?;
        found["security"] = security(&verified.security);
        basis = Some("proof");
    }
    if evidence.question.replay {
        replay(&receipt, &job, &outputs).map_err(|error| error.to_string())?;
        basis = basis.or(Some("replay"));
    }
    basis.ok_or_else(|| {
        "its run was signed and not proven: run the job again to find out, or trust the provider".to_owned()
    })
}

/// Checks that a receipt answers this request.
fn check_request(attestation: &Attestation, request: &Request, body: &[u8]) -> Result<(), String> {
    if attestation.request != Some(Digest(Request::digest(body))) {
        return Err("the provider attests another request, or none".to_owned());
    }
    if request.audience != provider_name(&attestation.provider) {
        return Err(format!(
            "the request is for another node, {}",
            request.audience
        ));
    }
    Ok(())
}

fn claim(claim: &Claim) -> Value {
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
        "usage": { "steps": usage.steps, "memory": usage.memory, "invocations": usage.invocations },
        "buffers": buffers.collect::<Vec<_>>(),
    })
}

fn seal(seal: &Seal) -> Value {
    match seal {
        Seal::Stark(stark) => json!({
            "kind": seal.kind(),
            "preset": stark.preset().name(),
            "tables": stark.heights().iter().flatten().count(),
            "proof_bytes": stark.proof().len(),
        }),
        Seal::Execution(execution) => json!({
            "kind": seal.kind(),
            "backend": execution.backend(),
            "device": execution.device(),
            "fingerprint": execution.fingerprint().to_string(),
            "races_checked": execution.races() == Races::Checked,
        }),
    }
}

fn security(report: &SecurityReport) -> Value {
    let terms = report
        .terms()
        .iter()
        .map(|term| json!({ "name": term.name, "bits": term.bits, "work": term.work }));
    json!({
        "bits": report.bits(),
        "all_rounds_bits": report.union_bits(),
        "regime": match report.regime() {
            Regime::UniqueDecoding => "unique decoding".to_owned(),
            Regime::Johnson { m } => format!("Johnson bound, m = {m}"),
        },
        "terms": terms.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests;
