//! The operator's listener: on loopback only, without tokens, since who can reach it can read the data folder too.
//!
//! A page of another origin in the operator's browser can reach it as well. Three things keep such pages out: the `Host`
//! header must name this machine ([`host`]), so that a name which leads here by DNS is refused; changes take JSON only,
//! which no page can send across origins without being asked first; and nothing answers with permission for any origin.

mod audit;
mod clients;
mod devices;
mod health;
mod host;
mod jobs;
mod overview;
mod tokens;

use axum::Router;
use axum::extract::State;
use axum::middleware;
use axum::routing::{get, post};

pub use health::Disk;

use super::api::Api;
use super::call;
use crate::store::UnixMillis;

/// Bytes of a body that the operator may send.
const MOST_BODY_BYTES: usize = 64 << 10;

/// What the admin handlers share.
#[derive(Clone)]
pub struct Admin {
    /// What the public handlers share.
    pub api: Api,
    /// Where the data is.
    pub disk: Disk,
    /// The log, where there is one.
    pub log: Option<std::sync::Arc<dyn LogView>>,
}

/// What the operator is shown of the log.
pub trait LogView: Send + Sync {
    /// Entries that the published checkpoint covers.
    fn published(&self) -> u64;

    /// The published checkpoint as it is served, where there is one.
    fn checkpoint(&self) -> Option<String>;
}

/// Everything that the admin listener answers: this, and what `others` (the page) adds.
pub fn admin_routes(admin: Admin, others: Router) -> Router {
    let treatment = admin.api.treatment("admin", false);
    let started = UnixMillis::now();
    let overview = move |State(admin): State<Admin>| overview::show(admin, started);
    Router::new()
        .route("/live", get(health::live))
        .route("/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/admin/v1/overview", get(overview))
        .route("/admin/v1/jobs", get(jobs::list))
        .route("/admin/v1/jobs/{id}", get(jobs::show))
        .route("/admin/v1/jobs/{id}/lineage", get(jobs::lineage))
        .route("/admin/v1/jobs/{id}/request", get(jobs::request))
        .route("/admin/v1/jobs/{id}/receipt", get(jobs::receipt))
        .route("/admin/v1/jobs/{id}/cancel", post(jobs::cancel))
        .route("/admin/v1/blobs/{digest}", get(jobs::blob))
        .route(
            "/admin/v1/devices/{fingerprint}/drain",
            post(devices::drain),
        )
        .route(
            "/admin/v1/devices/{fingerprint}/undrain",
            post(devices::undrain),
        )
        .route("/admin/v1/clients", get(clients::list))
        .route(
            "/admin/v1/clients/{key}/quarantine",
            post(clients::quarantine),
        )
        .route("/admin/v1/clients/{key}/release", post(clients::release))
        .route("/admin/v1/clients/{key}/quotas", post(clients::quotas))
        .route("/admin/v1/tokens", get(tokens::list).post(tokens::create))
        .route("/admin/v1/tokens/{id}/revoke", post(tokens::revoke))
        .route("/admin/v1/audit", get(audit::tail))
        .with_state(admin)
        .merge(others)
        .fallback(call::no_such_path)
        .method_not_allowed_fallback(call::no_such_method)
        .layer(middleware::from_fn(host::check))
        .layer(middleware::from_fn_with_state(treatment, call::handle))
}
