//! What is done for every call, whatever it asks for: it gets a number, its address a place in the queue of its rate, its
//! headers a bound; and its answer is counted, and rendered where it is a refusal.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use arknet_protocol::{Code, Problem, PublicKey};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use tracing::Instrument as _;

use super::connection::Peer;
use super::problem::{self, Refusal};
use crate::abuse::{AddressKey, Guard, Party};
use crate::metrics::{Answered, Metrics};
use crate::store::{Store, UnixMillis};

/// Bytes of all header names and values of a call.
pub(super) const MOST_HEADER_BYTES: usize = 16 << 10;
/// Bytes of a path with its query.
const MOST_URI_BYTES: usize = 2 << 10;
/// The longest detail of a problem: parts of it are what the caller sent.
const MOST_DETAIL_BYTES: usize = 2 << 10;
/// The header with the number of a call.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a listener's calls are treated with.
#[derive(Clone)]
pub(super) struct Treatment {
    pub(super) listener: &'static str,
    pub(super) guard: Option<Arc<Guard>>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) store: Store,
}

/// A call, for those who handle it.
#[derive(Clone)]
pub(super) struct Call(Arc<Inner>);

struct Inner {
    address: AddressKey,
    client: OnceLock<PublicKey>,
}

impl Call {
    /// Where it comes from.
    pub(super) fn address(&self) -> AddressKey {
        self.0.address
    }

    /// Its client's token was good: from here on it is this client's call.
    pub(super) fn is_of(&self, client: PublicKey) {
        // A call has one token, so a second time says the same.
        let _ = self.0.client.set(client);
    }

    fn party(&self) -> Party {
        match self.0.client.get() {
            Some(client) => Party::Client(*client),
            None => Party::Address(self.0.address),
        }
    }
}

/// Sees a call through.
pub(super) async fn handle(
    State(treatment): State<Treatment>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let number = number();
    let address = match request.extensions().get::<Peer>() {
        Some(peer) => AddressKey::of(peer.0.ip()),
        // Only a test asks without a connection.
        None => AddressKey::of(std::net::Ipv4Addr::UNSPECIFIED.into()),
    };
    let call = Call(Arc::new(Inner {
        address,
        client: OnceLock::new(),
    }));
    request.extensions_mut().insert(call.clone());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let method = request.method().clone();
    // The route, not the path: what callers put into paths and queries is not for the log.
    let span = tracing::info_span!("call", %number, listener = treatment.listener, %method, route);
    let response = async {
        match admit(&treatment, &call, &request) {
            Ok(()) => AssertUnwindSafe(next.run(request)).catch_unwind().await,
            Err(refusal) => Ok(refusal.into_response()),
        }
        .unwrap_or_else(|_| {
            treatment.metrics.panicked();
            Refusal::internal(&"a handler panicked").into_response()
        })
    }
    .instrument(span.clone())
    .await;
    let mut response = span.in_scope(|| settle(&treatment, &call, &number, response));
    let took = started.elapsed();
    let status = response.status().as_u16();
    span.in_scope(|| tracing::debug!(status, ?took, "answered"));
    treatment.metrics.answered(&Answered {
        listener: treatment.listener,
        route: &route,
        method: &method,
        status,
        took,
    });
    finish(response.headers_mut(), &number);
    response
}

/// Eight random bytes: unlike a counter they tell a caller nothing about the node's load.
fn number() -> String {
    arknet_protocol::Nonce::random().map_or_else(
        |_| "0".repeat(16),
        |nonce| nonce.to_string()[..16].to_owned(),
    )
}

/// What is asked of every call, cheapest first.
fn admit(treatment: &Treatment, call: &Call, request: &Request) -> Result<(), Refusal> {
    if let Some(guard) = &treatment.guard {
        guard.admit_address(call.address())?;
    }
    let headers = request.headers();
    let header_bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if header_bytes > MOST_HEADER_BYTES {
        return Err(Refusal::new(
            Code::HeadersTooLarge,
            format_args!(
                "the headers have {header_bytes} bytes; at most {MOST_HEADER_BYTES} are read"
            ),
        ));
    }
    let uri = request.uri();
    let uri_bytes = uri.path().len() + uri.query().map_or(0, str::len);
    if uri_bytes > MOST_URI_BYTES {
        return Err(Refusal::new(
            Code::BadRequest,
            format_args!("the path has {uri_bytes} bytes; at most {MOST_URI_BYTES} are read"),
        ));
    }
    refuse_encodings(headers)
}

/// Nothing is unpacked here, so nothing can be packed to burst.
fn refuse_encodings(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    match encodings.all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        true => Ok(()),
        false => Err(Refusal::new(
            Code::UnsupportedMediaType,
            "a body with a Content-Encoding is not taken: send the bytes as they are",
        )),
    }
}

/// Renders, counts and notes a refusal.
fn settle(treatment: &Treatment, call: &Call, number: &str, mut response: Response) -> Response {
    let Some(Refusal(problem)) = response.extensions_mut().remove::<Refusal>() else {
        return response;
    };
    let mut problem: Problem = *problem;
    problem
        .detail
        .truncate(problem.detail.floor_char_boundary(MOST_DETAIL_BYTES));
    problem.request_id = Some(number.to_owned());
    treatment.metrics.refused(problem.code);
    let party = call.party();
    tracing::debug!(code = %problem.code, %party, detail = %problem.detail, "refused");
    if let Some(guard) = &treatment.guard {
        let now = UnixMillis::now();
        if let Some(change) = guard.refused(party, &problem, now) {
            crate::abuse::write_down(treatment.store.clone(), change, now);
        }
    }
    let rendered = problem::render(&problem);
    let (mut head, body) = rendered.into_parts();
    // What the router says of its own, such as the methods that a path has.
    for (name, value) in response.headers() {
        if name == header::ALLOW {
            head.headers.insert(name, value.clone());
        }
    }
    Response::from_parts(head, body)
}

fn finish(headers: &mut HeaderMap, number: &str) {
    if let Ok(number) = HeaderValue::from_str(number) {
        headers.insert(REQUEST_ID, number);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // Answers are one client's own, unless their handler says otherwise.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// For paths that are not there.
pub(super) async fn no_such_path() -> Refusal {
    Refusal::new(
        Code::NotFound,
        "there is no such path; `GET /openapi.json` lists those there are",
    )
}

/// For methods that a path does not have.
pub(super) async fn no_such_method() -> Refusal {
    Refusal::new(
        Code::MethodNotAllowed,
        "this path has other methods, which the `Allow` header lists",
    )
}
