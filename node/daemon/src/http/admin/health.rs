//! Whether the node lives, whether it is ready, and what it counts.
//!
//! `/live` says that the process answers: a supervisor restarts it where it does not. `/ready` says that jobs would be taken
//! and done: a balancer sends them elsewhere where not, and restarting would not help.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Admin;
use crate::http::Refusal;
use crate::metrics::{self, Gathered, GatheredDevice};
use crate::store::{Standing, UnixMillis};

/// A clock that is behind by more than this stops the node's time for too long to be ready.
const MOST_BEHIND_MS: u64 = 60_000;
/// Clients that are looked at for the metrics.
const CLIENTS: u32 = 10_000;

/// The disk that the data is on.
#[derive(Clone, Debug)]
pub struct Disk {
    folder: Arc<PathBuf>,
    least_free: u64,
}

impl Disk {
    /// The disk of `folder`; the node is not ready with less than `least_free` bytes.
    pub fn of(folder: PathBuf, least_free: u64) -> Self {
        Self {
            folder: Arc::new(folder),
            least_free,
        }
    }

    /// Free bytes, where the system says so.
    pub fn free(&self) -> Option<u64> {
        let free = rustix::fs::statvfs(&*self.folder).ok()?;
        Some(free.f_bavail.saturating_mul(free.f_frsize))
    }
}

pub(super) async fn live() -> Response {
    (StatusCode::OK, "live\n").into_response()
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
}

pub(super) async fn ready(State(admin): State<Admin>) -> Response {
    let checks = checks(&admin).await;
    let ready = checks.iter().all(|check| check.ok);
    let status = match ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(Readiness { ready, checks })).into_response()
}

async fn checks(admin: &Admin) -> Vec<Check> {
    let check = |name, ok, detail: String| Check { name, ok, detail };
    let (store, work) = (admin.api.store(), admin.api.work());
    let clock = match store.clock_behind(UnixMillis::now()).await {
        Ok(behind) => check(
            "clock",
            behind <= MOST_BEHIND_MS,
            format!("{behind} ms behind the latest time that was seen"),
        ),
        Err(error) => check("store", false, error.to_string()),
    };
    let disk = match admin.disk.free() {
        Some(free) => check(
            "disk",
            free >= admin.disk.least_free,
            format!(
                "{free} bytes are free, {} are wanted",
                admin.disk.least_free
            ),
        ),
        None => check(
            "disk",
            false,
            "the disk does not say how much is free".to_owned(),
        ),
    };
    let devices = work.devices();
    let able = devices
        .iter()
        .filter(|load| {
            use arknet_protocol::api::DeviceState::{Busy, Idle};
            matches!(load.info.state, Idle | Busy)
        })
        .count();
    let devices = check(
        "devices",
        able > 0,
        format!("{able} of {} devices take jobs", devices.len()),
    );
    let stopping = admin.api.stop().is_cancelled();
    let accepting = check(
        "accepting",
        work.accepting() && !stopping,
        if stopping {
            "the node is stopping"
        } else {
            "jobs are taken where this is ok"
        }
        .to_owned(),
    );
    vec![clock, disk, devices, accepting]
}

pub(super) async fn metrics(State(admin): State<Admin>) -> Result<Response, Refusal> {
    let gathered = gather(&admin).await?;
    let text = admin
        .api
        .metrics()
        .text(&gathered)
        .map_err(|error| Refusal::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text).into_response())
}

async fn gather(admin: &Admin) -> Result<Gathered, Refusal> {
    let (api, now) = (&admin.api, UnixMillis::now());
    let store = api.store();
    let clients = store
        .clients(now, api.settings().admission.quotas, CLIENTS)
        .await?;
    let standing = |wanted| {
        let found = clients
            .iter()
            .filter(|client| client.record.standing_at(now) == wanted);
        found.count() as u64
    };
    let known = store.devices().await?;
    let mut devices = Vec::new();
    for load in api.work().devices() {
        let hours = store.device_hours(load.info.fingerprint, 0).await?;
        let record = known
            .iter()
            .find(|device| device.fingerprint == load.info.fingerprint);
        let rates = record.map(|record| {
            let rates = record.rates.iter();
            rates
                .map(|(measure, rate)| (measure.clone(), rate.value))
                .collect()
        });
        devices.push(GatheredDevice {
            name: load.info.name,
            state: load.info.state,
            failures: hours.iter().map(|hour| hour.failures).sum(),
            rates: rates.unwrap_or_default(),
        });
    }
    Ok(Gathered {
        jobs: store.state_counts().await?,
        devices,
        log_entries: store.leaf_count().await?,
        log_published: admin.log.as_ref().map_or(0, |log| log.published()),
        throttled: standing(Standing::Throttled),
        quarantined: standing(Standing::Quarantined),
        clock_behind_ms: store.clock_behind(now).await?,
        disk_free: admin.disk.free(),
        resident: resident(),
        accepting: api.work().accepting(),
    })
}

/// Resident memory of this process, where the system says so.
fn resident() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    pages.checked_mul(rustix::param::page_size() as u64)
}
