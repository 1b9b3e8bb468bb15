//! Small bodies: read at their pace, up to a bound, of the expected media type.

use arknet_protocol::Code;
use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;

use super::pace::{Pace, Paced, PacedError};
use super::problem::Refusal;

/// The length that the headers announce.
pub(super) fn announced(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Refuses a body that does not say it is of `media_type`. Besides naming what is expected this keeps web pages of other
/// origins out, which cannot set it without being asked first.
pub(super) fn expect_type(headers: &HeaderMap, media_type: &str) -> Result<(), Refusal> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim();
    match essence.eq_ignore_ascii_case(media_type) {
        true => Ok(()),
        false => Err(Refusal::new(
            Code::UnsupportedMediaType,
            format_args!("`Content-Type` must be {media_type}, not {given:?}"),
        )),
    }
}

/// A body of at most `most` bytes.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    most: usize,
    pace: Pace,
) -> Result<Vec<u8>, Refusal> {
    let too_large = || {
        Refusal::new(
            Code::TooLarge,
            format_args!("the body may have at most {most} bytes"),
        )
    };
    if announced(headers).is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let mut paced = Paced::new(body, pace);
    let mut bytes = Vec::new();
    while let Some(piece) = paced.next().await {
        let piece = piece.map_err(refuse)?;
        if bytes.len() + piece.len() > most {
            return Err(too_large());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// A body of JSON.
pub(super) async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    most: usize,
    pace: Pace,
) -> Result<T, Refusal> {
    expect_type(headers, "application/json")?;
    let bytes = read(headers, body, most, pace).await?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Refusal::new(
            Code::BadRequest,
            format_args!("the body is not as expected: {error}"),
        )
    })
}

/// The refusal of a body that does not come.
pub(super) fn refuse(error: PacedError) -> Refusal {
    match error {
        PacedError::Slow(slow) => Refusal::new(Code::RequestTimeout, slow),
        PacedError::Broken(_) => Refusal::new(Code::BadRequest, "the body broke off"),
    }
}
