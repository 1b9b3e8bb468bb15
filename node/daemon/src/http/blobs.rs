//! Blobs: the kernels and data that clients send, and what comes out.

use arknet_protocol::api::BlobStatus;
use arknet_protocol::{BlobDigest, Code, Scope};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;

use super::api::Api;
use super::caller::Caller;
use super::pace::Paced;
use super::path::BlobPath;
use super::problem::Refusal;
use super::send::OpenBlob;
use super::{body, openapi};
use crate::blobs::{Begun, BlobError};
use crate::store::UnixMillis;

/// Gives a blob of the client's: one that it sent, or an output of one of its jobs.
#[utoipa::path(
    get, path = "/v1/blobs/{digest}", tag = "blobs",
    params(
        ("digest" = BlobDigest, Path, description = "The SHA-256 digest of the bytes"),
        ("Range" = Option<String>, Header, description = "One range of bytes"),
    ),
    responses(
        (status = 200, description = "The whole blob", body = [u8], content_type = "application/octet-stream"),
        (status = 206, description = "The range that was asked for", body = [u8], content_type = "application/octet-stream"),
        (status = 304, description = "The caller has it"),
        openapi::Reading,
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    BlobPath(digest): BlobPath,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    caller.may(Scope::JobsRead)?;
    let blob = api.store().blob(Some(caller.client()), digest).await?;
    blob.ok_or_else(|| Refusal::not_found("blob"))?;
    send(&api, digest, &headers).await
}

/// The answer with a blob's bytes. Whether the caller may have them is settled before.
pub(super) async fn send(
    api: &Api,
    digest: BlobDigest,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let (file, length) = api.blobs().open(digest).await?;
    let blob = OpenBlob {
        file,
        digest,
        length,
    };
    blob.answer(headers, api.metrics().clone()).await
}

/// Says how much of a blob is there, and so where its upload goes on.
#[utoipa::path(
    get, path = "/v1/blobs/{digest}/status", tag = "blobs",
    params(("digest" = BlobDigest, Path, description = "The SHA-256 digest of the bytes")),
    responses((status = 200, description = "How much of it is there", body = BlobStatus), openapi::Reading),
)]
pub(super) async fn status(
    State(api): State<Api>,
    caller: Caller,
    BlobPath(digest): BlobPath,
) -> Result<Response, Refusal> {
    caller
        .may(Scope::BlobsWrite)
        .or_else(|_| caller.may(Scope::JobsRead))?;
    let status = api.blobs().status(caller.client(), digest).await?;
    Ok(Json(status).into_response())
}

/// Takes a blob, or more of one. What came before the connection broke is kept: ask for the status, and go on at the offset
/// that it says.
#[utoipa::path(
    put, path = "/v1/blobs/{digest}", tag = "blobs",
    params(
        ("digest" = BlobDigest, Path, description = "The SHA-256 digest of all bytes"),
        ("Upload-Length" = Option<u64>, Header, description = "Bytes of the whole blob; those of the body, where it is not given"),
        ("Upload-Offset" = Option<u64>, Header, description = "Where the body begins in the blob; 0, where it is not given"),
    ),
    request_body(content = [u8], content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "All of it is there", body = BlobStatus),
        (status = 200, description = "It was there before", body = BlobStatus),
        (status = 202, description = "More of it is there", body = BlobStatus),
        openapi::Uploading,
    ),
)]
pub(super) async fn put(
    State(api): State<Api>,
    caller: Caller,
    BlobPath(digest): BlobPath,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    caller.may(Scope::BlobsWrite)?;
    caller.is_not_quarantined()?;
    body::expect_type(&headers, "application/octet-stream")?;
    let offset = number(&headers, "upload-offset")?.unwrap_or(0);
    let announced = body::announced(&headers);
    let length = match number(&headers, "upload-length")? {
        Some(length) => length,
        None => announced
            .and_then(|length| length.checked_add(offset))
            .ok_or_else(|| {
                Refusal::new(
                    Code::BadRequest,
                    "the length of the blob must be known: send `Upload-Length` or `Content-Length`",
                )
            })?,
    };
    let end = announced.map(|announced| offset.saturating_add(announced));
    if offset > length || end.is_some_and(|end| end > length) {
        return Err(Refusal::new(
            Code::BadRequest,
            format_args!("the body does not end within the {length} bytes of the blob"),
        ));
    }
    let quotas = api.settings().admission.quotas;
    let begun = api
        .blobs()
        .begin(caller.now, caller.client(), digest, length, offset, quotas)
        .await?;
    let mut upload = match begun {
        Begun::Complete(status) => return Ok(Json(status).into_response()),
        Begun::Upload(upload) => upload,
    };
    let mut paced = Paced::new(body, api.settings().pace);
    let mut broken = None;
    while let Some(piece) = paced.next().await {
        match piece {
            Ok(piece) => {
                upload.write(UnixMillis::now(), &piece).await?;
                api.metrics().uploaded(piece.len() as u64);
            }
            Err(error) => {
                broken = Some(body::refuse(error));
                break;
            }
        }
    }
    // What came of a body that broke off is kept all the same: that is what resuming is for.
    let status = upload.end(UnixMillis::now()).await?;
    if let Some(refusal) = broken {
        return Err(refusal);
    }
    let code = match status.complete {
        true => StatusCode::CREATED,
        false => StatusCode::ACCEPTED,
    };
    if status.complete {
        api.good(caller.client());
    }
    Ok((code, Json(status)).into_response())
}

/// The number in a header, where it is there.
fn number(headers: &HeaderMap, name: &'static str) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or("");
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten();
    number.map(Some).ok_or_else(|| {
        Refusal::new(
            Code::BadRequest,
            format_args!("the header `{name}` must be a number of bytes"),
        )
    })
}

impl From<BlobError> for Refusal {
    fn from(error: BlobError) -> Self {
        let code = match &error {
            BlobError::NotStored(_) => return Self::not_found("blob"),
            BlobError::TooLarge { .. } => Code::TooLarge,
            BlobError::WrongOffset { .. } | BlobError::Busy => Code::WrongOffset,
            BlobError::TooMany(_) => Code::BadRequest,
            BlobError::DigestMismatch { .. } => Code::DigestMismatch,
            BlobError::Full => Code::StorageFull,
            BlobError::Begin(_) | BlobError::Store(_) => {
                return match error {
                    BlobError::Begin(error) => error.into(),
                    BlobError::Store(error) => error.into(),
                    other => Self::internal(&other),
                };
            }
            BlobError::Damaged(_)
            | BlobError::NotPlain(_)
            | BlobError::Io { .. }
            | BlobError::Panicked(_) => return Self::internal(&error),
        };
        let mut refusal = Self::new(code, &error);
        if let BlobError::WrongOffset { expected, .. } = error {
            refusal.0.offset = Some(expected);
        }
        refusal
    }
}
