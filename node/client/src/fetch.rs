//! Sending a request and reading its answer, within bounds.

use arknet_protocol::Problem;
use reqwest::{RequestBuilder, Response};
use serde::de::DeserializeOwned;

use crate::address::NodeAddress;
use crate::error::ClientError;

/// The most bytes of an error.
const PROBLEM: u64 = 64 << 10;

/// Sends a request; whatever is no success is an error.
pub(crate) async fn send(
    request: RequestBuilder,
    address: &NodeAddress,
    what: &str,
) -> Result<Response, ClientError> {
    let response = request
        .send()
        .await
        .map_err(|error| ClientError::of_transport(&error, &address.to_string(), what))?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status().as_u16();
    let body = match bytes(response, what, PROBLEM).await {
        Err(error @ ClientError::Broken { .. }) => return Err(error),
        body => body.unwrap_or_default(),
    };
    Err(
        refusal(&body, status).unwrap_or_else(|| ClientError::Foreign {
            address: address.to_string(),
            status,
        }),
    )
}

/// What a node says about a call that it refuses.
fn refusal(body: &[u8], status: u16) -> Option<ClientError> {
    if let Ok(problem) = serde_json::from_slice::<Problem>(body) {
        return (problem.status == status).then(|| ClientError::Refused(Box::new(problem)));
    }
    let object: serde_json::Value = serde_json::from_slice(body).ok()?;
    let text = |key| object.get(key)?.as_str().map(str::to_owned);
    (object["status"] == status).then_some(ClientError::RefusedAnew {
        status,
        code: text("code")?,
        detail: text("detail")?,
    })
}

/// The answer as JSON.
pub(crate) async fn json<T: DeserializeOwned>(
    response: Response,
    what: &str,
    limit: u64,
) -> Result<T, ClientError> {
    let bytes = bytes(response, what, limit).await?;
    serde_json::from_slice(&bytes).map_err(|error| ClientError::Answer {
        what: what.to_owned(),
        reason: error.to_string(),
    })
}

/// The bytes of the answer, where there are no more than `limit`.
pub(crate) async fn bytes(
    mut response: Response,
    what: &str,
    limit: u64,
) -> Result<Vec<u8>, ClientError> {
    let too_large = || ClientError::TooLarge {
        what: what.to_owned(),
        limit,
    };
    if response
        .content_length()
        .is_some_and(|length| length > limit)
    {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let broken = |error: reqwest::Error| ClientError::of_transport(&error, "the node", what);
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if (bytes.len() + chunk.len()) as u64 > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
