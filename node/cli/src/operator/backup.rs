//! `arknet backup` and `arknet restore`: a node put away, and taken out again.

use arknet_node::backup::{BackupSource, LogStanding, RestoreTarget, back_up, restore};
use arknet_node::store::UnixMillis;
use arknet_protocol::BlobDigest;
use serde_json::{Value, json};

use super::arguments::{BackupArguments, RestoreArguments};
use super::{OperatorError, place};
use crate::answer::{Answer, Rows, bytes, count};
use crate::error::CliError;

/// Makes a backup; the node may run meanwhile.
pub(crate) fn save(arguments: &BackupArguments) -> Result<Answer, CliError> {
    let config = place::load(&arguments.place.config)?;
    let source = BackupSource {
        data: config.node.data.clone(),
        record: place::log_record(&config),
        keys: arguments.with_keys.then(|| config.keys()),
    };
    let report =
        back_up(&source, &arguments.destination, UnixMillis::now()).map_err(OperatorError::from)?;
    let mut rows = Rows::default();
    rows.row("backup", arguments.destination.display());
    rows.row(
        "blobs",
        format!("{}, {}", count(report.blobs), bytes(report.bytes)),
    );
    rows.row("log", format!("{} entries", count(report.leaves)));
    let hash = report.audit_hash.as_ref().map(BlobDigest::to_string);
    rows.row(
        "audit log",
        format!(
            "{} entries\n{}",
            count(report.audit_entries),
            hash.as_deref().unwrap_or("")
        ),
    );
    rows.row(
        "keys",
        if report.keys == 0 {
            "not in it (`--with-keys` puts them in); without them nobody can be this node again"
                .to_owned()
        } else {
            format!(
                "{} files: whoever has the backup can be this node",
                report.keys
            )
        },
    );
    Ok(Answer {
        text: rows.finish(),
        json: json!({
            "backup": arguments.destination.display().to_string(),
            "blobs": report.blobs,
            "blob_bytes": report.bytes,
            "log_entries": report.leaves,
            "audit_entries": report.audit_entries,
            "audit_hash": hash,
            "key_files": report.keys,
        }),
    })
}

/// Restores a backup; the node must not run.
pub(crate) fn bring_back(arguments: &RestoreArguments) -> Result<Answer, CliError> {
    let config = place::load(&arguments.place.config)?;
    let target = RestoreTarget {
        data: config.node.data.clone(),
        record: place::log_record(&config),
        keys: config.keys(),
    };
    let report =
        restore(&arguments.backup, &target, UnixMillis::now()).map_err(OperatorError::from)?;
    let mut rows = Rows::default();
    rows.row("node", report.node);
    rows.row("blobs", count(report.blobs));
    let (log, standing) = standing(&report.log);
    rows.row("log", format!("{} entries\n{log}", count(report.leaves)));
    if report.keys {
        rows.row(
            "keys",
            "restored, and with them what the log had signed by then. If it may have signed more since, do not go on with \
             this log: docs/operations.md, \"The log is halted\"",
        );
    }
    rows.row("next", "arknet doctor, then arknet node");
    Ok(Answer {
        text: rows.finish(),
        json: json!({
            "node": report.node.to_string(),
            "made_at": report.made_at,
            "blobs": report.blobs,
            "log_entries": report.leaves,
            "log": standing,
            "keys_restored": report.keys,
            "requests_from_ms": report.requests_from.0,
        }),
    })
}

fn standing(log: &LogStanding) -> (String, Value) {
    match log {
        LogStanding::Unsigned => (
            "nothing was signed yet".to_owned(),
            json!({ "standing": "unsigned" }),
        ),
        LogStanding::Whole { signed } => (
            format!("all {} that were signed are there", count(*signed)),
            json!({ "standing": "whole", "signed": signed }),
        ),
        LogStanding::Behind { signed, found } => (
            format!(
                "{} were signed, and {} are there: the node will refuse to sign. Restore a newer backup, or read \
                 docs/operations.md, \"The log is halted\"",
                count(*signed),
                count(*found)
            ),
            json!({ "standing": "behind", "signed": signed, "found": found }),
        ),
        LogStanding::Differs { signed } => (
            format!(
                "the {} that were signed are others: the node will refuse to sign. This is the backup of another history",
                count(*signed)
            ),
            json!({ "standing": "differs", "signed": signed }),
        ),
    }
}
