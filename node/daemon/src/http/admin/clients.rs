//! Clients: what they have and how they behave; shut out, let in, given quotas of their own.

use arknet_protocol::PublicKey;
use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::{Admin, MOST_BODY_BYTES};
use crate::http::path::parameter;
use crate::http::{Refusal, body, view};
use crate::store::{QuotaOverrides, Standing, UnixMillis};

/// Clients that a list has at most.
const MOST_CLIENTS: u32 = 1000;
const HOUR_MS: i64 = 3_600_000;

/// The `{key}` of a client.
pub(super) struct ClientPath(PublicKey);

impl<S: Send + Sync> FromRequestParts<S> for ClientPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parameter(parts, "key").await.map(Self)
    }
}

#[derive(Serialize)]
struct ClientView {
    client: PublicKey,
    standing: &'static str,
    reason: Option<String>,
    until_ms: Option<u64>,
    score: f64,
    explanation: Option<String>,
    running: Use,
    queued: Use,
    bytes: Use,
    device_seconds: Use,
}

#[derive(Serialize)]
struct Use {
    used: u64,
    limit: u64,
}

pub(super) async fn list(State(admin): State<Admin>) -> Result<Response, Refusal> {
    let (api, now) = (&admin.api, UnixMillis::now());
    let quotas = api.settings().admission.quotas;
    let suspects = api.guard().suspects(now);
    let clients = api.store().clients(now, quotas, MOST_CLIENTS).await?;
    let views: Vec<ClientView> = clients
        .into_iter()
        .map(|client| {
            let suspect = suspects
                .iter()
                .find(|suspect| suspect.client == client.client);
            let standing = client.record.standing_at(now);
            let restrained = standing != Standing::Good;
            let part = |used, limit| Use { used, limit };
            ClientView {
                client: client.client,
                standing: standing.as_str(),
                reason: restrained.then_some(client.record.reason),
                until_ms: client.record.until.filter(|_| restrained).map(view::millis),
                score: suspect.map_or(0.0, |suspect| suspect.score),
                explanation: suspect.map(|suspect| suspect.explanation.clone()),
                running: part(client.running, client.limits.running),
                queued: part(client.queued, client.limits.queued),
                bytes: part(client.bytes, client.limits.bytes),
                device_seconds: part(
                    client.device_millis_today / 1000,
                    client.limits.device_seconds,
                ),
            }
        })
        .collect();
    Ok(Json(views).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quarantine {
    reason: String,
    #[serde(default)]
    hours: Option<u32>,
}

/// Shuts a client out, for ever or for some hours.
pub(super) async fn quarantine(
    State(admin): State<Admin>,
    ClientPath(client): ClientPath,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let pace = admin.api.settings().pace;
    let order: Quarantine = body::json(&headers, body, MOST_BODY_BYTES, pace).await?;
    let now = UnixMillis::now();
    let until = order
        .hours
        .map(|hours| now.plus(i64::from(hours) * HOUR_MS));
    set(
        &admin,
        now,
        client,
        Standing::Quarantined,
        order.reason,
        until,
    )
    .await
}

/// Lets a client in again, and forgets what was held against it.
pub(super) async fn release(
    State(admin): State<Admin>,
    ClientPath(client): ClientPath,
) -> Result<StatusCode, Refusal> {
    let reason = "released by the operator".to_owned();
    set(
        &admin,
        UnixMillis::now(),
        client,
        Standing::Good,
        reason,
        None,
    )
    .await
}

async fn set(
    admin: &Admin,
    now: UnixMillis,
    client: PublicKey,
    standing: Standing,
    reason: String,
    until: Option<UnixMillis>,
) -> Result<StatusCode, Refusal> {
    let (store, guard) = (admin.api.store(), admin.api.guard());
    store
        .set_standing(now, client, standing, reason, until, "operator")
        .await?;
    guard.set_standing(client, standing, until);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quotas {
    #[serde(default)]
    running: Option<u64>,
    #[serde(default)]
    queued: Option<u64>,
    #[serde(default)]
    bytes: Option<u64>,
    #[serde(default)]
    device_seconds: Option<u64>,
}

/// Gives a client quotas of its own; what is left out is as configured.
pub(super) async fn quotas(
    State(admin): State<Admin>,
    ClientPath(client): ClientPath,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let pace = admin.api.settings().pace;
    let quotas: Quotas = body::json(&headers, body, MOST_BODY_BYTES, pace).await?;
    let overrides = QuotaOverrides {
        running: quotas.running,
        queued: quotas.queued,
        bytes: quotas.bytes,
        device_seconds: quotas.device_seconds,
    };
    let store = admin.api.store();
    store
        .set_quotas(UnixMillis::now(), client, overrides)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
