//! What a receipt has beside its seal, checked: the provider's signature, the request that it answers, and its place in a
//! log.
//!
//! A signature that is there must hold, asked for or not. What the user asks for must be there.

use std::io::Read;
use std::path::Path;

use arknet_protocol::{Domain, JobRequest, PublicKey, RequestDigest, Signature};
use arknet_receipt::{Attestation, Receipt, provider_name};
use arknet_tlog::{Entry, Hash, LogProof, Policy, Trusted};
use arknet_workload::regular::{self, OpenError};
use serde_json::{Value, json};

use crate::answer::Rows;
use crate::arguments::VerifyArguments;
use crate::error::CliError;

/// The checked endorsement of a receipt.
pub(crate) struct Endorsement<'a> {
    attestation: Option<&'a Attestation>,
    /// The client, where the request is at hand.
    client: Option<PublicKey>,
    logged: Option<Trusted>,
}

/// What a receipt must have beside its seal.
#[derive(Clone, Copy, Default)]
pub(crate) struct Expected<'a> {
    /// Who must have signed it.
    pub(crate) provider: Option<&'a PublicKey>,
    /// The body of the request that it must answer.
    pub(crate) request: Option<&'a [u8]>,
    /// The log that must have it.
    pub(crate) log: Option<&'a Policy>,
}

/// Checks what the command line of `verify` asks for.
pub(crate) fn check_arguments<'a>(
    receipt: &'a Receipt,
    arguments: &VerifyArguments,
) -> Result<Endorsement<'a>, CliError> {
    let request = match &arguments.request {
        Some(path) => Some(read_request(path).map_err(|source| CliError::Read {
            path: path.clone(),
            expected: "the body of a request, as it was sent",
            source,
        })?),
        None => None,
    };
    let expected = Expected {
        provider: arguments.provider.as_ref(),
        request: request.as_deref(),
        log: arguments.log_key.as_ref(),
    };
    check(receipt, &expected)
}

/// Checks the signature, and whatever else is expected.
pub(crate) fn check<'a>(
    receipt: &'a Receipt,
    expected: &Expected<'_>,
) -> Result<Endorsement<'a>, CliError> {
    let attestation = receipt
        .check_attestation(|key, message, signature| {
            PublicKey::from_bytes(*key).is_ok_and(|key| {
                key.verify(Domain::Attestation, message, &Signature(*signature))
                    .is_ok()
            })
        })
        .map_err(|error| CliError::Invalid(error.to_string()))?;
    if let Some(trusted) = expected.provider {
        check_provider(attested(attestation)?, trusted)?;
    }
    let client = match expected.request {
        Some(body) => Some(check_request(attested(attestation)?, body)?),
        None => None,
    };
    let logged = match expected.log {
        Some(policy) => Some(check_log(receipt, policy)?),
        None => None,
    };
    Ok(Endorsement {
        attestation,
        client,
        logged,
    })
}

fn attested(attestation: Option<&Attestation>) -> Result<&Attestation, CliError> {
    attestation.ok_or_else(|| {
        CliError::Invalid(
            "nobody signed it, and a provider's attestation is asked for; a receipt from `arknet prove` has none, one \
             from a node does"
                .to_owned(),
        )
    })
}

fn check_provider(attestation: &Attestation, trusted: &PublicKey) -> Result<(), CliError> {
    if attestation.provider == *trusted.as_bytes() {
        return Ok(());
    }
    Err(CliError::Invalid(format!(
        "its provider is {}, not {trusted}",
        provider_name(&attestation.provider)
    )))
}

/// Checks that the receipt answers a request; gives the client that made it.
fn check_request(attestation: &Attestation, body: &[u8]) -> Result<PublicKey, CliError> {
    let digest = RequestDigest::of(body);
    match attestation.request {
        Some(answered) if answered.0 == digest.0 => {}
        Some(answered) => {
            return Err(CliError::Invalid(format!(
                "it answers the request {answered}, and the one given is {digest}"
            )));
        }
        None => {
            return Err(CliError::Invalid(
                "its provider signed that it answers no request".to_owned(),
            ));
        }
    }
    let invalid = |reason: String| CliError::Invalid(format!("its request is wrong: {reason}"));
    let request = JobRequest::parse(body).map_err(|error| invalid(error.to_string()))?;
    if *request.audience.as_bytes() != attestation.provider {
        return Err(invalid(format!(
            "it is for the node {}, and {} answered it",
            request.audience,
            provider_name(&attestation.provider)
        )));
    }
    Ok(request.client)
}

fn read_request(path: &Path) -> Result<Vec<u8>, OpenError> {
    let mut body = Vec::new();
    // One byte more than a request has: that one is refused by its length.
    regular::open(path)?
        .take(JobRequest::MAX_BYTES as u64 + 1)
        .read_to_end(&mut body)
        .map_err(OpenError::Io)?;
    Ok(body)
}

/// Checks that the log has the receipt.
fn check_log(receipt: &Receipt, policy: &Policy) -> Result<Trusted, CliError> {
    let (Some(attestation), Some(inclusion)) = (receipt.attestation(), receipt.inclusion()) else {
        return Err(CliError::Invalid(
            "it has no inclusion proof, and one for the log's key is asked for; fetch the receipt again from its node, once the \
             job is done"
                .to_owned(),
        ));
    };
    let invalid =
        |reason: String| CliError::Invalid(format!("its inclusion proof does not hold: {reason}"));
    let entry = Entry::Receipt {
        claim: receipt.claim().digest().0,
        seal: receipt.seal().digest().0,
        attestation: attestation.encode().to_vec(),
    };
    let entry = entry.encode().map_err(|error| invalid(error.to_string()))?;
    LogProof::parse(inclusion.text().as_bytes())
        .and_then(|proof| proof.verify(Hash::of_entry(&entry), policy))
        .map_err(|error| invalid(error.to_string()))
}

impl Endorsement<'_> {
    /// Adds what was checked.
    pub(crate) fn describe(&self, rows: &mut Rows) {
        if let Some(attestation) = self.attestation {
            rows.line(&attestation.to_string());
        }
        if let Some(client) = &self.client {
            rows.row("client", client);
        }
        if let Some(trusted) = &self.logged {
            let checkpoint = &trusted.checkpoint;
            rows.row(
                "log",
                format!("{} has it, at size {}", checkpoint.origin, checkpoint.size),
            );
        }
    }

    /// The same for machines: an attestation, a client and a log, each `null` where it was not checked.
    pub(crate) fn json(&self) -> Value {
        json!({
            "attestation": self.attestation.map(crate::receipt::attestation),
            "client": self.client.map(|client| client.to_string()),
            "log": self.logged.as_ref().map(|trusted| json!({
                "origin": trusted.checkpoint.origin,
                "size": trusted.checkpoint.size,
            })),
        })
    }
}
