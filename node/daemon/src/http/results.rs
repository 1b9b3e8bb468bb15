//! What came of a job: its outputs and its receipt.

use arknet_protocol::api::OutputView;
use arknet_protocol::{BlobDigest, Code, JobId, JobState, Name, Scope};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::api::Api;
use super::caller::Caller;
use super::path::{JobPath, OutputPath};
use super::problem::Refusal;
use super::{blobs, openapi, view};
use crate::store::Job;

/// Lists a job's outputs.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/outputs", tag = "results",
    params(("id" = JobId, Path, description = "The job")),
    responses((status = 200, description = "The outputs", body = Vec<OutputView>), openapi::Fetching),
)]
pub(super) async fn outputs(
    State(api): State<Api>,
    caller: Caller,
    JobPath(id): JobPath,
) -> Result<Response, Refusal> {
    let job = done(&api, &caller, id).await?;
    let outputs: Vec<OutputView> = job
        .outputs
        .into_iter()
        .map(|(name, digest, size)| OutputView { name, digest, size })
        .collect();
    Ok(Json(outputs).into_response())
}

/// Gives the words of one output, little-endian.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/outputs/{name}", tag = "results",
    params(
        ("id" = JobId, Path, description = "The job"),
        ("name" = Name, Path, description = "The variable's name in the WGSL"),
        ("Range" = Option<String>, Header, description = "One range of bytes"),
    ),
    responses(
        (status = 200, description = "The whole output", body = [u8], content_type = "application/octet-stream"),
        (status = 206, description = "The range that was asked for", body = [u8], content_type = "application/octet-stream"),
        (status = 304, description = "The caller has it"),
        openapi::Fetching,
    ),
)]
pub(super) async fn output(
    State(api): State<Api>,
    caller: Caller,
    OutputPath(id, name): OutputPath,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let job = done(&api, &caller, id).await?;
    let found = job
        .outputs
        .iter()
        .find(|(found, ..)| found == name.as_str());
    let (_, digest, _) = found.ok_or_else(|| Refusal::not_found("output"))?;
    blobs::send(&api, *digest, &headers).await
}

/// Gives the receipt.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/receipt", tag = "results",
    params(
        ("id" = JobId, Path, description = "The job"),
        ("Range" = Option<String>, Header, description = "One range of bytes"),
    ),
    responses(
        (status = 200, description = "The receipt", body = [u8], content_type = "application/octet-stream"),
        (status = 206, description = "The range that was asked for", body = [u8], content_type = "application/octet-stream"),
        (status = 304, description = "The caller has it"),
        openapi::Fetching,
    ),
)]
pub(super) async fn receipt(
    State(api): State<Api>,
    caller: Caller,
    JobPath(id): JobPath,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let job = done(&api, &caller, id).await?;
    blobs::send(&api, receipt_of(&job)?, &headers).await
}

/// The receipt of a job that is done.
pub(super) fn receipt_of(job: &Job) -> Result<BlobDigest, Refusal> {
    let receipt = job.summary.receipt;
    receipt.ok_or_else(|| {
        Refusal::internal(&format_args!(
            "job {} is done without a receipt",
            job.summary.id
        ))
    })
}

/// A job of the caller's that has its result.
async fn done(api: &Api, caller: &Caller, id: JobId) -> Result<Job, Refusal> {
    caller.may(Scope::JobsRead)?;
    let job = view::find(api, id, Some(caller.client())).await?;
    check_done(&job)?;
    Ok(job)
}

/// Refuses where a job has no result.
pub(super) fn check_done(job: &Job) -> Result<(), Refusal> {
    let state = job.summary.state;
    match state {
        JobState::Done => Ok(()),
        state if state.is_final() => Err(Refusal::new(
            Code::NotFound,
            format_args!("job {} is {state}: it has no result", job.summary.id),
        )),
        state => Err(Refusal::new(
            Code::NotReady,
            format_args!(
                "job {} is {state}: its result is not there yet",
                job.summary.id
            ),
        )),
    }
}
