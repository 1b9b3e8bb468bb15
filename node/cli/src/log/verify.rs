//! `arknet log verify`: is a log what its checkpoint says, and is a receipt in one?

use std::path::Path;

use arknet_tlog::{AuditError, Cosigned, Hash, LogProof, Policy, Trusted, audit};
use serde_json::{Value, json};

use super::arguments::VerifyLogArguments;
use super::entry::{self, Logged};
use super::source::{Source, SourceError};
use crate::answer::{self, Answer, Rows};
use crate::error::CliError;
use crate::receipt;

pub(super) fn verify(arguments: &VerifyLogArguments) -> Result<Answer, CliError> {
    let policy = arguments
        .trust
        .policy()
        .map_err(|error| CliError::Log(error.to_string()))?;
    let path = Path::new(&arguments.what);
    if path.is_file() {
        verify_receipt(path, &policy)
    } else {
        verify_log(&arguments.what, &policy)
    }
}

fn verify_log(place: &str, policy: &Policy) -> Result<Answer, CliError> {
    let mut source = Source::open(place)?;
    let trusted = source.trusted(policy)?;
    let (mut receipts, mut releases) = (0u64, 0u64);
    let mut bad = None;
    audit(
        &trusted.checkpoint,
        &mut source,
        |index, bytes| match Logged::read(bytes) {
            Ok(Logged::Receipt { .. }) => receipts += 1,
            Ok(Logged::Release { .. }) => releases += 1,
            Err(error) => {
                bad.get_or_insert_with(|| format!("entry {index}: {error}"));
            }
        },
    )
    .map_err(refusal)?;
    if let Some(bad) = bad {
        return Err(CliError::BadLog(bad));
    }

    let mut rows = Rows::default();
    describe(&mut rows, &trusted);
    rows.row("receipts", answer::count(receipts));
    rows.row("releases", answer::count(releases));
    rows.verdict("VALID");
    let mut json = describe_json(&trusted);
    json["receipts"] = receipts.into();
    json["releases"] = releases.into();
    Ok(Answer {
        text: rows.finish(),
        json,
    })
}

fn verify_receipt(path: &Path, policy: &Policy) -> Result<Answer, CliError> {
    let receipt = receipt::load(path)?;
    let entry = entry::of_receipt(&receipt);
    let entry = entry.ok_or_else(|| bad("nobody signed it, so no log has it"))?;
    Logged::read(&entry).map_err(|error| bad(&error))?;
    let inclusion = receipt.inclusion();
    let inclusion = inclusion.ok_or_else(|| {
        bad("it has no proof in it that a log has it; `arknet log prove` makes one from a log that does")
    })?;
    let proof = LogProof::parse(inclusion.text().as_bytes()).map_err(|error| bad(&error))?;
    let trusted = proof
        .verify(Hash::of_entry(&entry), policy)
        .map_err(|error| bad(&error))?;

    let mut rows = Rows::default();
    rows.row("claim", receipt.claim().digest());
    rows.row("entry", answer::count(proof.index));
    describe(&mut rows, &trusted);
    rows.verdict("LOGGED");
    let mut json = describe_json(&trusted);
    json["claim"] = receipt.claim().digest().to_string().into();
    json["index"] = proof.index.into();
    Ok(Answer {
        text: rows.finish(),
        json,
    })
}

fn bad(error: impl std::fmt::Display) -> CliError {
    CliError::Invalid(error.to_string())
}

/// A log that could not be read is no bad log.
pub(super) fn refusal(error: AuditError<SourceError>) -> CliError {
    match error {
        AuditError::Read(arknet_tlog::ReadError::Reader { source, .. }) => {
            CliError::Log(source.to_string())
        }
        error => CliError::BadLog(error.to_string()),
    }
}

/// The checkpoint for people.
pub(super) fn describe(rows: &mut Rows, trusted: &Trusted) {
    rows.row("log", &trusted.checkpoint.origin);
    rows.row("entries", answer::count(trusted.checkpoint.size));
    rows.row("root", trusted.checkpoint.root);
    for Cosigned { witness, time } in &trusted.cosigned {
        rows.row(
            "cosigned",
            format!("by {witness}, {time} seconds after 1970 began"),
        );
    }
}

/// The checkpoint for machines.
pub(super) fn describe_json(trusted: &Trusted) -> Value {
    let cosigned = trusted.cosigned.iter();
    let cosigned =
        cosigned.map(|Cosigned { witness, time }| json!({ "witness": witness, "time": time }));
    json!({
        "valid": true,
        "origin": trusted.checkpoint.origin,
        "size": trusted.checkpoint.size,
        "root": trusted.checkpoint.root.to_string(),
        "cosigned": cosigned.collect::<Vec<_>>(),
    })
}
