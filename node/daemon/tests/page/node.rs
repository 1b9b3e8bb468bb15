//! A node for the page to show: the page's own routes, and answers that are made here.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use arknet_node::page::{
    self, ClientLine, DeviceHourLine, DeviceLine, JobCounts, LogLine, Overview, Quota, QuotaUse,
    RateLine, StorageLine,
};
use arknet_protocol::api::{
    DeviceInfo, DeviceState, JobList, JobView, Lineage, LineageEdge, LineageJob,
};
use arknet_protocol::{BlobDigest, Fingerprint, JobId, JobState, KeyPair};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;

/// When everything here happens, in milliseconds since 1970.
pub(crate) const NOW: u64 = 1_790_000_000_000;
const HOUR: u64 = 3_600_000;

/// A job with the bytes that belong to it.
#[derive(Clone)]
pub(crate) struct ShownJob {
    pub(crate) view: JobView,
    pub(crate) request: Vec<u8>,
    pub(crate) receipt: Vec<u8>,
    pub(crate) blobs: Vec<Vec<u8>>,
}

/// What the node does when asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mood {
    Busy = 0,
    Empty = 1,
    Failing = 2,
}

pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    _runtime: tokio::runtime::Runtime,
}

struct Shared {
    mood: AtomicU8,
    jobs: Vec<ShownJob>,
    blobs: HashMap<BlobDigest, Vec<u8>>,
    /// Reasons for which devices were to be drained.
    drained: Mutex<Vec<String>>,
}

impl Node {
    pub(crate) fn start(jobs: Vec<ShownJob>) -> Self {
        let blobs = jobs
            .iter()
            .flat_map(|job| &job.blobs)
            .map(|blob| (BlobDigest::of(blob), blob.clone()));
        let shared = Arc::new(Shared {
            mood: AtomicU8::new(Mood::Busy as u8),
            blobs: blobs.collect(),
            drained: Mutex::default(),
            jobs,
        });
        let router = Router::new()
            .route("/admin/v1/overview", get(overview))
            .route("/admin/v1/jobs", get(list))
            .route("/admin/v1/jobs/{id}", get(job))
            .route("/admin/v1/jobs/{id}/lineage", get(lineage))
            .route("/admin/v1/jobs/{id}/request", get(request))
            .route("/admin/v1/jobs/{id}/receipt", get(receipt))
            .route("/admin/v1/blobs/{digest}", get(blob))
            .route("/admin/v1/devices/{fingerprint}/drain", post(drain))
            .merge(page::routes())
            .with_state(shared.clone());
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            shared,
            _runtime: runtime,
        }
    }

    pub(crate) fn url(&self, fragment: &str) -> String {
        format!("http://{}/{fragment}", self.address)
    }

    /// The reasons that came with orders to drain a device.
    pub(crate) fn drained(&self) -> Vec<String> {
        self.shared.drained.lock().expect("no panic").clone()
    }

    pub(crate) fn set_mood(&self, mood: Mood) {
        self.shared.mood.store(mood as u8, Ordering::SeqCst);
    }
}

impl Shared {
    fn is(&self, mood: Mood) -> bool {
        self.mood.load(Ordering::SeqCst) == mood as u8
    }

    fn find(&self, id: &str) -> Result<&ShownJob, StatusCode> {
        let found = self.jobs.iter().find(|job| job.view.id.to_string() == id);
        found.ok_or(StatusCode::NOT_FOUND)
    }
}

type Answer = Result<Response, StatusCode>;

async fn overview(State(node): State<Arc<Shared>>) -> Response {
    if node.is(Mood::Failing) {
        let problem = serde_json::json!({ "detail": "the database is locked" });
        return (StatusCode::SERVICE_UNAVAILABLE, Json(problem)).into_response();
    }
    Json(if node.is(Mood::Empty) {
        nothing()
    } else {
        busy(&node.jobs)
    })
    .into_response()
}

async fn list(State(node): State<Arc<Shared>>) -> Json<JobList> {
    let jobs = node.jobs.iter().map(|job| job.view.clone());
    let jobs = if node.is(Mood::Empty) {
        Vec::new()
    } else {
        jobs.collect()
    };
    Json(JobList { jobs, next: None })
}

async fn job(State(node): State<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    Ok(Json(&node.find(&id)?.view).into_response())
}

async fn lineage(State(node): State<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    let job = node.find(&id)?.view.id;
    let jobs: Vec<LineageJob> = node
        .jobs
        .iter()
        .map(|job| LineageJob {
            id: job.view.id,
            kind: job.view.kind,
            state: job.view.state,
        })
        .collect();
    let edges = jobs.windows(2).map(|pair| LineageEdge {
        from: pair[0].id,
        to: pair[1].id,
        digest: BlobDigest::of(b"words"),
    });
    let edges = edges.collect();
    Ok(Json(Lineage {
        job,
        jobs,
        edges,
        truncated: false,
    })
    .into_response())
}

async fn request(State(node): State<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    Ok(node.find(&id)?.request.clone().into_response())
}

async fn receipt(State(node): State<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    Ok(node.find(&id)?.receipt.clone().into_response())
}

async fn blob(State(node): State<Arc<Shared>>, Path(digest): Path<BlobDigest>) -> Answer {
    let blob = node.blobs.get(&digest).cloned();
    Ok(blob.ok_or(StatusCode::NOT_FOUND)?.into_response())
}

async fn drain(State(node): State<Arc<Shared>>, Json(order): Json<Value>) -> StatusCode {
    let reason = order["reason"].as_str().unwrap_or_default().to_owned();
    node.drained.lock().expect("no panic").push(reason);
    StatusCode::NO_CONTENT
}

fn nothing() -> Overview {
    Overview {
        node: KeyPair::from_seed([1; 32]).expect("a good seed").public(),
        version: "0.1.0".to_owned(),
        now_ms: NOW,
        started_ms: NOW - 50 * HOUR,
        accepting: true,
        jobs: JobCounts::default(),
        devices: Vec::new(),
        clients: Vec::new(),
        log: None,
        storage: StorageLine {
            blob_bytes: 0,
            free_bytes: None,
        },
    }
}

fn busy(jobs: &[ShownJob]) -> Overview {
    let count = |state| jobs.iter().filter(|job| job.view.state == state).count() as u64;
    let at_work = jobs.iter().find(|job| job.view.state == JobState::Proving);
    Overview {
        jobs: JobCounts {
            queued: count(JobState::Queued),
            proving: count(JobState::Proving),
            done: count(JobState::Done),
            failed: count(JobState::Failed),
            ..JobCounts::default()
        },
        devices: vec![
            device(
                "h200-0",
                "cuda",
                DeviceState::Busy,
                at_work.map(|job| job.view.id),
                None,
            ),
            device(
                "h200-1",
                "cuda",
                DeviceState::Drained,
                None,
                Some("3 proofs in a row did not verify"),
            ),
            device("cpu", "cpu", DeviceState::Idle, None, None),
        ],
        clients: vec![
            client(2, "good", None, 0.1, 1),
            // What a client can write must stay text.
            client(
                3,
                "throttled",
                Some("5 jobs cancelled while running <b>bold</b>"),
                2.5,
                4,
            ),
        ],
        log: Some(LogLine {
            key: "node.example/log+1a2b3c4d+AZ==".to_owned(),
            origin: "node.example/log".to_owned(),
            size: 1842,
            root: "q3J0Yy1f8vXl0a9b7c6d5e4f3g2h1i0jkLmNoPqRsTu=".to_owned(),
            witnesses: Vec::new(),
            checkpoint: "node.example/log\n1842\nq3J0Yy1f8vXl0a9b7c6d5e4f3g2h1i0jkLmNoPqRsTu=\n"
                .to_owned(),
        }),
        storage: StorageLine {
            blob_bytes: 41 << 30,
            free_bytes: Some(880 << 30),
        },
        ..nothing()
    }
}

fn device(
    name: &str,
    backend: &str,
    state: DeviceState,
    job: Option<JobId>,
    reason: Option<&str>,
) -> DeviceLine {
    let first = NOW / HOUR - 40;
    let hours = (0..=40).map(|hour| DeviceHourLine {
        start_ms: (first + hour) * HOUR,
        jobs: 10 + hour % 7,
        failures: u64::from(hour % 11 == 0),
        busy_ms: HOUR / 2 + HOUR / 100 * (hour % 7),
    });
    DeviceLine {
        info: DeviceInfo {
            name: name.to_owned(),
            backend: backend.to_owned(),
            description: "NVIDIA H200, driver 570.124.06".to_owned(),
            fingerprint: Fingerprint::of(backend, name, "570.124.06"),
            state,
        },
        job,
        failures: if reason.is_some() { 3 } else { 0 },
        reason: reason.map(str::to_owned),
        rates: BTreeMap::from([(
            "cells".to_owned(),
            RateLine {
                value: 2.1e8,
                samples: 811,
            },
        )]),
        hours: hours.collect(),
    }
}

fn client(seed: u8, standing: &str, reason: Option<&str>, score: f64, running: u64) -> ClientLine {
    let of = |used, limit| Quota { used, limit };
    ClientLine {
        client: KeyPair::from_seed([seed; 32])
            .expect("a good seed")
            .public(),
        standing: standing.to_owned(),
        reason: reason.map(str::to_owned),
        until_ms: reason.map(|_| NOW + HOUR),
        score,
        explanation: None,
        quota: QuotaUse {
            running: of(running, 4),
            queued: of(2, 64),
            bytes: of(3 << 30, 20 << 30),
            device_ms: of(HOUR / 2, 4 * HOUR),
        },
    }
}
