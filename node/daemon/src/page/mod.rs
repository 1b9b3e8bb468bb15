//! The operator's page: static files in the binary, which the admin listener serves at `/` and `/assets`.
//!
//! The page has no framework, no build step and no request to anywhere but the node, and a content security policy that
//! holds it to that. It asks the admin listener for
//!
//! | path | answer |
//! | --- | --- |
//! | `/admin/v1/overview` | [`Overview`] |
//! | `/admin/v1/jobs?state=&cursor=&limit=` | `JobList` |
//! | `/admin/v1/jobs/{id}` | `JobView` |
//! | `/admin/v1/jobs/{id}/lineage` | `Lineage` |
//! | `/admin/v1/jobs/{id}/request` | the request's body, byte for byte |
//! | `/admin/v1/jobs/{id}/receipt` | the receipt |
//! | `/admin/v1/blobs/{digest}` | a blob |
//! | `POST` to `/admin/v1/devices/…`, `clients/…` and `jobs/…` | what the operator orders |
//!
//! and verifies receipts by itself, in a worker that runs `prover/wasm`.

mod overview;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub use overview::{
    ClientLine, DeviceHourLine, DeviceLine, JobCounts, LogLine, Overview, Quota, QuotaUse,
    RateLine, StorageLine,
};

/// The verifier, empty where the node was built without one.
const VERIFIER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/verifier.wasm"));

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Name, type and contents of each asset.
const ASSETS: &[(&str, &str, &[u8])] = &[
    (
        "page.css",
        "text/css; charset=utf-8",
        include_bytes!("assets/page.css"),
    ),
    (
        "icon.svg",
        "image/svg+xml",
        include_bytes!("assets/icon.svg"),
    ),
    ("page.js", SCRIPT, include_bytes!("assets/page.js")),
    ("api.js", SCRIPT, include_bytes!("assets/api.js")),
    ("charts.js", SCRIPT, include_bytes!("assets/charts.js")),
    ("dom.js", SCRIPT, include_bytes!("assets/dom.js")),
    ("format.js", SCRIPT, include_bytes!("assets/format.js")),
    ("job.js", SCRIPT, include_bytes!("assets/job.js")),
    ("keyboard.js", SCRIPT, include_bytes!("assets/keyboard.js")),
    ("orders.js", SCRIPT, include_bytes!("assets/orders.js")),
    ("overview.js", SCRIPT, include_bytes!("assets/overview.js")),
    ("verify.js", SCRIPT, include_bytes!("assets/verify.js")),
    ("worker.js", SCRIPT, include_bytes!("assets/worker.js")),
];

/// Nothing from elsewhere, nothing inline, no frames, no forms. WebAssembly is compiled by the worker.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
                      img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers of every answer.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // A new version of the node has a new page.
    (header::CACHE_CONTROL, "no-cache"),
];

/// The routes of the page, for the admin listener alone: the data that it shows is the operator's.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(index))
        .route("/assets/{name}", get(asset))
}

/// Whether receipts can be verified on the page.
pub const fn has_verifier() -> bool {
    !VERIFIER.is_empty()
}

async fn index() -> Response {
    send(
        "text/html; charset=utf-8",
        include_bytes!("assets/page.html"),
    )
}

async fn asset(Path(name): Path<String>) -> Response {
    if name == "verifier.wasm" && has_verifier() {
        return send("application/wasm", VERIFIER);
    }
    match ASSETS.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, contents)) => send(kind, contents),
        None => (StatusCode::NOT_FOUND, HEADERS).into_response(),
    }
}

fn send(kind: &'static str, contents: &'static [u8]) -> Response {
    (HEADERS, [(header::CONTENT_TYPE, kind)], contents).into_response()
}

#[cfg(test)]
mod tests;
