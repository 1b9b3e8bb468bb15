//! Devices, which the operator takes out and puts back.

use arknet_protocol::Fingerprint;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::{Admin, MOST_BODY_BYTES};
use crate::http::path::parameter;
use crate::http::{Refusal, body};
use crate::store::UnixMillis;

/// The `{fingerprint}` of a device.
pub(super) struct DevicePath(Fingerprint);

impl<S: Send + Sync> FromRequestParts<S> for DevicePath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parameter(parts, "fingerprint").await.map(Self)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drain {
    reason: String,
}

pub(super) async fn drain(
    State(admin): State<Admin>,
    DevicePath(device): DevicePath,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let pace = admin.api.settings().pace;
    let Drain { reason } = body::json(&headers, body, MOST_BODY_BYTES, pace).await?;
    set(&admin, device, Some(reason)).await
}

pub(super) async fn undrain(
    State(admin): State<Admin>,
    DevicePath(device): DevicePath,
) -> Result<StatusCode, Refusal> {
    set(&admin, device, None).await
}

async fn set(
    admin: &Admin,
    device: Fingerprint,
    reason: Option<String>,
) -> Result<StatusCode, Refusal> {
    let (store, work) = (admin.api.store(), admin.api.work());
    if !work
        .devices()
        .iter()
        .any(|load| load.info.fingerprint == device)
    {
        return Err(Refusal::not_found("device"));
    }
    store
        .set_drained(UnixMillis::now(), device, reason.clone(), "operator")
        .await?;
    work.hold(device, reason).await;
    Ok(StatusCode::NO_CONTENT)
}
