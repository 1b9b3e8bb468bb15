//! Every client's jobs, for the operator.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::Admin;
use crate::http::jobs::{self, ListQuery};
use crate::http::path::{BlobPath, JobPath, Parameters};
use crate::http::{Refusal, blobs, lineage as graph, results, view};
use crate::store::UnixMillis;

pub(super) async fn list(
    State(admin): State<Admin>,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Response, Refusal> {
    Ok(Json(jobs::page(&admin.api, &query, None).await?).into_response())
}

pub(super) async fn show(
    State(admin): State<Admin>,
    JobPath(id): JobPath,
) -> Result<Response, Refusal> {
    let job = view::find(&admin.api, id, None).await?;
    Ok(Json(view::job(&admin.api, job).await?).into_response())
}

pub(super) async fn lineage(
    State(admin): State<Admin>,
    JobPath(id): JobPath,
) -> Result<Response, Refusal> {
    Ok(Json(graph::of(&admin.api, id, None).await?).into_response())
}

/// The bytes that the client signed.
pub(super) async fn request(
    State(admin): State<Admin>,
    JobPath(id): JobPath,
) -> Result<Response, Refusal> {
    let job = view::find(&admin.api, id, None).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], job.body).into_response())
}

pub(super) async fn receipt(
    State(admin): State<Admin>,
    JobPath(id): JobPath,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let job = view::find(&admin.api, id, None).await?;
    results::check_done(&job)?;
    blobs::send(&admin.api, results::receipt_of(&job)?, &headers).await
}

pub(super) async fn blob(
    State(admin): State<Admin>,
    BlobPath(digest): BlobPath,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    blobs::send(&admin.api, digest, &headers).await
}

pub(super) async fn cancel(
    State(admin): State<Admin>,
    JobPath(id): JobPath,
) -> Result<Response, Refusal> {
    let store = admin.api.store();
    store.cancel(UnixMillis::now(), id, None).await?;
    let job = view::find(&admin.api, id, None).await?;
    Ok(Json(view::job(&admin.api, job).await?).into_response())
}
