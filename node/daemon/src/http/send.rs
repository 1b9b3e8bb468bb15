//! A blob on its way out: whole, or the part that is asked for.

use std::io::SeekFrom;
use std::ops::Range;
use std::sync::Arc;

use arknet_protocol::BlobDigest;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt as _;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::problem::Refusal;
use crate::metrics::Metrics;

/// Bytes that are read and sent at a time.
const PIECE: usize = 64 << 10;

/// A blob that is open.
pub(super) struct OpenBlob {
    pub(super) file: File,
    pub(super) digest: BlobDigest,
    pub(super) length: u64,
}

impl OpenBlob {
    /// The answer to a call with these headers.
    pub(super) async fn answer(
        mut self,
        headers: &HeaderMap,
        metrics: Arc<Metrics>,
    ) -> Result<Response, Refusal> {
        let tag = format!("\"{}\"", self.digest);
        if is_listed(headers, header::IF_NONE_MATCH, &tag) {
            return Ok(self.with_headers(StatusCode::NOT_MODIFIED, &tag, Body::empty()));
        }
        let wanted = match headers.get(header::IF_RANGE) {
            // The blob under a digest never changes, so any other tag is of another blob.
            Some(_) if !is_listed(headers, header::IF_RANGE, &tag) => None,
            _ => range(headers, self.length),
        };
        let part = wanted.clone().unwrap_or(0..self.length);
        let failed =
            |error: std::io::Error| Refusal::internal(&format_args!("reading a blob: {error}"));
        if part.start > 0 {
            self.file
                .seek(SeekFrom::Start(part.start))
                .await
                .map_err(failed)?;
        }
        let size = part.end - part.start;
        let (digest, length) = (self.digest, self.length);
        let bytes = ReaderStream::with_capacity(self.file.take(size), PIECE)
            .inspect_ok(move |piece| metrics.downloaded(piece.len() as u64));
        let status = match wanted {
            Some(_) => StatusCode::PARTIAL_CONTENT,
            None => StatusCode::OK,
        };
        let mut response = with_headers(digest, status, &tag, Body::from_stream(bytes));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
        if wanted.is_some() {
            let text = format!("bytes {}-{}/{length}", part.start, part.end - 1);
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(header::CONTENT_RANGE, value);
            }
        }
        Ok(response)
    }

    fn with_headers(&self, status: StatusCode, tag: &str, body: Body) -> Response {
        with_headers(self.digest, status, tag, body)
    }
}

fn with_headers(digest: BlobDigest, status: StatusCode, tag: &str, body: Body) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::ACCEPT_RANGES, "bytes"),
        (
            header::CACHE_CONTROL,
            "private, max-age=31536000, immutable",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let told = [
        (header::ETAG, tag.to_owned()),
        (HeaderName::from_static("arknet-digest"), digest.to_string()),
    ];
    for (name, value) in told {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

fn is_listed(headers: &HeaderMap, name: HeaderName, tag: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|given| given.trim() == tag)
}

/// The one range that is asked for, where it is within the blob. Anything else is answered with the whole blob, which the
/// standard allows.
fn range(headers: &HeaderMap, length: u64) -> Option<Range<u64>> {
    let mut values = headers.get_all(header::RANGE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (first, last) = value
        .to_str()
        .ok()?
        .strip_prefix("bytes=")?
        .split_once('-')?;
    let number = |text: &str| -> Option<u64> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok())?
    };
    let range = match (first, last) {
        ("", last) => length.saturating_sub(number(last)?)..length,
        (first, "") => number(first)?..length,
        (first, last) => number(first)?..number(last)?.saturating_add(1).min(length),
    };
    (range.start < range.end).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_within_the_blob_or_ignored() {
        let ask = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_str(text).unwrap());
            range(&headers, 100)
        };
        assert_eq!(ask("bytes=0-0"), Some(0..1));
        assert_eq!(ask("bytes=10-"), Some(10..100));
        assert_eq!(ask("bytes=90-200"), Some(90..100));
        assert_eq!(ask("bytes=-30"), Some(70..100));
        assert_eq!(ask("bytes=-300"), Some(0..100));
        for ignored in [
            "bytes=100-",
            "bytes=5-4",
            "bytes=-0",
            "bytes=-",
            "bytes=a-b",
            "bytes=0-1,5-6",
            "bytes=+1-2",
            "bytes=0-99999999999999999999",
            "items=0-1",
        ] {
            assert_eq!(ask(ignored), None, "{ignored}");
        }
        let empty = range(&HeaderMap::new(), 100);
        assert_eq!(empty, None);
    }
}
