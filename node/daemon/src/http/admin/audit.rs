//! The end of the audit log.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::Admin;
use crate::http::path::Parameters;
use crate::http::{Refusal, view};

/// Entries where the operator does not say how many.
const ENTRIES: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TailQuery {
    before: Option<u64>,
    limit: Option<u32>,
}

#[derive(Serialize)]
struct EntryView {
    number: u64,
    at_ms: u64,
    actor: String,
    action: String,
    subject: String,
    detail: String,
    hash: String,
}

/// Entries before number `before`, newest first.
pub(super) async fn tail(
    State(admin): State<Admin>,
    Parameters(query): Parameters<TailQuery>,
) -> Result<Response, Refusal> {
    let limit = query.limit.unwrap_or(ENTRIES);
    let entries = admin.api.store().audit_entries(query.before, limit).await?;
    let views: Vec<EntryView> = entries
        .into_iter()
        .map(|entry| EntryView {
            number: entry.number,
            at_ms: view::millis(entry.at),
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            detail: entry.detail,
            hash: entry
                .hash
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        })
        .collect();
    Ok(Json(views).into_response())
}
