//! What the handlers of the public listener share, and the routes that lead to them.

use std::sync::Arc;

use arknet_protocol::api::{NodeInfo, NodeLimits};
use arknet_protocol::{JobKind, PresetName, PublicKey};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::call::{self, Treatment};
use super::pace::Pace;
use super::problem::Refusal;
use super::streams::Streams;
use super::work::Work;
use super::{blobs, events, jobs, lineage, openapi, results};
use crate::abuse::Guard;
use crate::blobs::Blobs;
use crate::metrics::Metrics;
use crate::store::{Admission, Store, UnixMillis};

/// What the API is told by the configuration.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// The bounds of every job.
    pub limits: NodeLimits,
    /// Quotas and the length of the queue.
    pub admission: Admission,
    /// How slowly bodies may come.
    pub pace: Pace,
    /// Event streams of one client at a time.
    pub streams_per_client: usize,
    /// Event streams of all clients at a time.
    pub streams: usize,
    /// The log's verifier key, where there is a log.
    pub log: Option<String>,
}

/// What the API stands on.
pub struct ApiParts {
    /// Jobs, tokens, quotas.
    pub store: Store,
    /// Files.
    pub blobs: Blobs,
    /// Rates and scores.
    pub guard: Arc<Guard>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The scheduler.
    pub work: Arc<dyn Work>,
    /// What was configured.
    pub settings: ApiSettings,
    /// When the node stops.
    pub stop: CancellationToken,
}

/// The state of the handlers. Clones share it.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    parts: ApiParts,
    streams: Streams,
}

impl Api {
    /// The state on top of `parts`.
    pub fn new(parts: ApiParts) -> Self {
        let settings = &parts.settings;
        let streams = Streams::new(settings.streams_per_client, settings.streams);
        Self(Arc::new(Inner { parts, streams }))
    }

    pub(super) fn store(&self) -> &Store {
        &self.0.parts.store
    }

    pub(super) fn blobs(&self) -> &Blobs {
        &self.0.parts.blobs
    }

    pub(super) fn guard(&self) -> &Guard {
        &self.0.parts.guard
    }

    pub(super) fn metrics(&self) -> &Arc<Metrics> {
        &self.0.parts.metrics
    }

    pub(super) fn work(&self) -> &dyn Work {
        &*self.0.parts.work
    }

    pub(super) fn settings(&self) -> &ApiSettings {
        &self.0.parts.settings
    }

    pub(super) fn streams(&self) -> &Streams {
        &self.0.streams
    }

    pub(super) fn stop(&self) -> &CancellationToken {
        &self.0.parts.stop
    }

    pub(super) fn node(&self) -> PublicKey {
        self.store().node()
    }

    /// Counts something that a client is expected to do.
    pub(super) fn good(&self, client: PublicKey) {
        self.guard().good(client, UnixMillis::now());
    }

    pub(super) fn treatment(&self, listener: &'static str, guarded: bool) -> Treatment {
        Treatment {
            listener,
            guard: guarded.then(|| Arc::clone(&self.0.parts.guard)),
            metrics: Arc::clone(self.metrics()),
            store: self.store().clone(),
        }
    }
}

/// The routes that OpenAPI describes.
pub(super) fn described() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(node_info))
        .routes(routes!(blobs::get, blobs::put))
        .routes(routes!(blobs::status))
        .routes(routes!(jobs::list, jobs::submit))
        .routes(routes!(jobs::show))
        .routes(routes!(jobs::cancel))
        .routes(routes!(jobs::retry))
        .routes(routes!(events::follow))
        .routes(routes!(results::outputs))
        .routes(routes!(results::output))
        .routes(routes!(results::receipt))
        .routes(routes!(lineage::show))
}

/// Everything that the public listener answers: the API, and what `others` (the log) adds.
pub fn public_routes(api: Api, others: Router) -> Router {
    let (router, mut document) = described().split_for_parts();
    openapi::complete(&mut document);
    // Made once: it is the same for everybody.
    let document = serde_json::to_vec(&document).unwrap_or_default();
    let describe = move || {
        let document = document.clone();
        async move {
            let json = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, json)], document).into_response()
        }
    };
    let treatment = api.treatment("public", true);
    router
        .with_state(api)
        .route("/openapi.json", get(describe))
        .merge(others)
        .fallback(call::no_such_path)
        .method_not_allowed_fallback(call::no_such_method)
        .layer(middleware::from_fn_with_state(treatment, call::handle))
}

/// What this node is and does. For everybody, without a token.
#[utoipa::path(
    get, path = "/v1/node", tag = "node",
    responses((status = 200, description = "The node", body = NodeInfo), openapi::Open),
    security(()),
)]
async fn node_info(State(api): State<Api>) -> Result<Response, Refusal> {
    let settings = api.settings();
    let info = NodeInfo {
        node: api.node(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time: UnixMillis::now().seconds(),
        kinds: JobKind::ALL.to_vec(),
        presets: vec![PresetName::S100, PresetName::S128],
        limits: settings.limits,
        devices: api
            .work()
            .devices()
            .into_iter()
            .map(|load| load.info)
            .collect(),
        log: settings.log.clone(),
        accepting: api.work().accepting(),
    };
    Ok(Json(info).into_response())
}
