//! What a call says in its path and query, as values of their types or as a refusal.

use std::str::FromStr;

use arknet_protocol::{BlobDigest, Code, JobId, Name};
use axum::extract::{FromRequestParts, Query, RawPathParams};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::Refusal;

/// The `{id}` of a job.
pub(super) struct JobPath(pub(super) JobId);

/// The `{digest}` of a blob.
pub(super) struct BlobPath(pub(super) BlobDigest);

/// The `{id}` of a job and the `{name}` of one of its outputs.
pub(super) struct OutputPath(pub(super) JobId, pub(super) Name);

/// One parameter of the path, called `{name}` or as given.
pub(super) async fn parameter<T>(parts: &mut Parts, name: &str) -> Result<T, Refusal>
where
    T: FromStr<Err: std::fmt::Display>,
{
    let parameters = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|rejection| Refusal::new(Code::BadRequest, rejection))?;
    let (_, text) = parameters
        .iter()
        .find(|(found, _)| *found == name)
        .ok_or_else(|| Refusal::internal(&format_args!("the route has no {name}")))?;
    text.parse().map_err(|error| {
        Refusal::new(
            Code::BadRequest,
            format_args!("`{name}` in the path: {error}"),
        )
    })
}

impl<S: Send + Sync> FromRequestParts<S> for JobPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parameter(parts, "id").await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for BlobPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parameter(parts, "digest").await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OutputPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(Self(
            parameter(parts, "id").await?,
            parameter(parts, "name").await?,
        ))
    }
}

/// The query, of which every key must be known.
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(query)| Self(query))
            .map_err(|rejection| Refusal::new(Code::BadRequest, rejection.body_text()))
    }
}
