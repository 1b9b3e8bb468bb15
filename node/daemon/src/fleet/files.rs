//! The listener from which workers fetch the files of their tickets and to which they bring results.
//!
//! It is apart from the public listener: strangers need not reach it, and a worker's gigabytes do not stand in line with
//! clients' calls. Every call is signed by its worker ([`super::file_call`]) and is for a ticket that is open for it.

use std::io::SeekFrom;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::io::AsyncSeekExt;
use tokio_util::io::ReaderStream;
use tracing::debug;

use super::Ticket;
use super::counters::count;
use super::desk::{Desk, DeskError};
use super::file_call::{FileCall, Method, RefusedCall};
use super::hub::Shared;

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("{0}")]
    Path(&'static str),
    #[error(transparent)]
    Call(#[from] RefusedCall),
    #[error("this worker is not of this fleet")]
    Stranger,
    #[error("this ticket is not open for this worker: it was taken back, or has ended")]
    Closed,
    #[error("the call needs a `content-length`")]
    Length,
    #[error("the file does not go on there")]
    Range,
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl NoAnswer {
    fn status(&self) -> StatusCode {
        match self {
            Self::Path(_) => StatusCode::NOT_FOUND,
            Self::Call(_) | Self::Stranger => StatusCode::UNAUTHORIZED,
            Self::Closed => StatusCode::GONE,
            Self::Length => StatusCode::LENGTH_REQUIRED,
            Self::Range => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Desk(DeskError::Unknown) => StatusCode::NOT_FOUND,
            Self::Desk(DeskError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Desk(DeskError::Broken(_)) => StatusCode::BAD_REQUEST,
            Self::Desk(DeskError::Digest { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Desk(DeskError::Disk(_)) => StatusCode::INSUFFICIENT_STORAGE,
        }
    }
}

impl IntoResponse for NoAnswer {
    fn into_response(self) -> Response {
        debug!(error = %self, "a worker's call for a file");
        (self.status(), self.to_string()).into_response()
    }
}

/// The routes of the listener.
pub(super) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(
            "/v1/files/{job}/{segment}/{attempt}/{digest}",
            get(fetch).put(bring),
        )
        // The desk bounds what it takes by the ticket.
        .layer(DefaultBodyLimit::disable())
        .with_state(shared)
}

type Parts = (String, String, String, String);

async fn fetch(
    State(shared): State<Arc<Shared>>,
    Path(parts): Path<Parts>,
    headers: HeaderMap,
) -> Result<Response, NoAnswer> {
    let (desk, call) = authorize(&shared, Method::Get, &parts, &headers)?;
    let (mut file, size) = desk.fetch(&call.digest).await?;
    let from = match headers.get(RANGE) {
        None => 0,
        Some(range) => start_of(range)
            .filter(|from| *from < size)
            .ok_or(NoAnswer::Range)?,
    };
    file.seek(SeekFrom::Start(from))
        .await
        .map_err(DeskError::Disk)?;
    let mut response = Response::new(Body::from_stream(ReaderStream::with_capacity(
        file,
        1 << 16,
    )));
    let answered = response.headers_mut();
    answered.insert(CONTENT_LENGTH, HeaderValue::from(size - from));
    if from > 0 {
        let range = format!("bytes {from}-{}/{size}", size - 1);
        answered.insert(
            CONTENT_RANGE,
            HeaderValue::try_from(range).map_err(|_| NoAnswer::Range)?,
        );
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

async fn bring(
    State(shared): State<Arc<Shared>>,
    Path(parts): Path<Parts>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, NoAnswer> {
    let (desk, call) = authorize(&shared, Method::Put, &parts, &headers)?;
    let size: u64 = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .ok_or(NoAnswer::Length)?;
    desk.bring(&call.digest, size, body.into_data_stream())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The desk of the ticket in the path, if the caller has that ticket.
fn authorize(
    shared: &Shared,
    method: Method,
    parts: &Parts,
    headers: &HeaderMap,
) -> Result<(Arc<Desk>, FileCall), NoAnswer> {
    let call = parse(method, parts).ok_or(NoAnswer::Path("there is no such file"))?;
    let caller = call
        .caller(&shared.node(), shared.now_ms(), |name| {
            headers.get(name)?.to_str().ok()
        })
        .map_err(NoAnswer::from)
        .and_then(|caller| {
            let known = shared.name_of(&caller).is_some();
            known.then_some(caller).ok_or(NoAnswer::Stranger)
        });
    let caller = caller.inspect_err(|_| count(&shared.counters.rejected))?;
    match shared.desk(&call.ticket, &caller) {
        Some(desk) => Ok((desk, call)),
        None => {
            count(&shared.counters.stale);
            Err(NoAnswer::Closed)
        }
    }
}

/// The call that a path stands for. Only the one way of writing each is known.
fn parse(method: Method, (job, segment, attempt, digest): &Parts) -> Option<FileCall> {
    let number = |text: &str| {
        let number: u32 = text.parse().ok()?;
        (number.to_string() == text).then_some(number)
    };
    Some(FileCall {
        method,
        ticket: Ticket {
            job: job.parse().ok()?,
            segment: number(segment)?,
            attempt: number(attempt)?,
        },
        digest: digest.parse().ok()?,
    })
}

/// The start of `bytes=N-`, the one form of a range that workers ask for.
fn start_of(range: &HeaderValue) -> Option<u64> {
    let start = range.to_str().ok()?.strip_prefix("bytes=")?;
    start.strip_suffix('-')?.parse().ok()
}
