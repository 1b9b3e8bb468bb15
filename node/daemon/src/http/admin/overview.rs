//! The node at a glance, for the operator's page.

use std::collections::HashMap;

use arknet_protocol::{Fingerprint, JobState};
use arknet_tlog::{Checkpoint, Note};
use axum::Json;
use axum::response::{IntoResponse, Response};

use super::Admin;
use crate::http::work::DeviceLoad;
use crate::http::{Refusal, view};
use crate::page::{
    ClientLine, DeviceHourLine, DeviceLine, JobCounts, LogLine, Overview, Quota, QuotaUse,
    RateLine, StorageLine,
};
use crate::store::{DeviceRecord, Standing, StateCounts, UnixMillis};

/// Clients that are shown.
const MOST_CLIENTS: u32 = 200;
/// Hours that are shown.
const HOURS: u64 = 48;
const HOUR_MS: u64 = 3_600_000;

pub(super) async fn show(admin: Admin, started: UnixMillis) -> Result<Response, Refusal> {
    let (api, now) = (&admin.api, UnixMillis::now());
    let store = api.store();
    let records = store.devices().await?;
    let records: HashMap<Fingerprint, DeviceRecord> = records
        .into_iter()
        .map(|record| (record.fingerprint, record))
        .collect();
    let mut devices = Vec::new();
    for load in api.work().devices() {
        let record = records.get(&load.info.fingerprint).cloned();
        devices.push(device(&admin, load, record, now).await?);
    }
    let overview = Overview {
        node: api.node(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now_ms: view::millis(now),
        started_ms: view::millis(started),
        accepting: api.work().accepting() && !api.stop().is_cancelled(),
        jobs: counts(&store.state_counts().await?),
        devices,
        clients: clients(&admin, now).await?,
        log: log(&admin),
        storage: StorageLine {
            blob_bytes: store.blob_bytes().await?,
            free_bytes: admin.disk.free(),
        },
    };
    Ok(Json(overview).into_response())
}

fn counts(states: &StateCounts) -> JobCounts {
    let of = |wanted: &[JobState]| {
        let found = states.iter().filter(|(state, _)| wanted.contains(state));
        found.map(|(_, count)| count).sum()
    };
    JobCounts {
        queued: of(&[JobState::Queued]),
        executing: of(&[JobState::Executing]),
        proving: of(&[JobState::Proving]),
        verifying: of(&[JobState::Verifying]),
        done: of(&[JobState::Done]),
        failed: of(&[JobState::Failed]),
        dropped: of(&[JobState::Cancelled, JobState::Expired]),
    }
}

async fn device(
    admin: &Admin,
    load: DeviceLoad,
    record: Option<DeviceRecord>,
    now: UnixMillis,
) -> Result<DeviceLine, Refusal> {
    let since = (view::millis(now) / HOUR_MS).saturating_sub(HOURS - 1);
    let since = i64::try_from(since).unwrap_or(i64::MAX);
    let hours = admin
        .api
        .store()
        .device_hours(load.info.fingerprint, since)
        .await?;
    let hours = hours.into_iter().map(|hour| DeviceHourLine {
        start_ms: u64::try_from(hour.hour).unwrap_or(0) * HOUR_MS,
        jobs: hour.jobs,
        failures: hour.failures,
        busy_ms: hour.busy_millis,
    });
    let hours = hours.collect();
    let (failures, reason, rates) = match record {
        Some(record) => (record.failures, record.reason, record.rates),
        None => Default::default(),
    };
    let rates = rates.into_iter().map(|(name, rate)| {
        let line = RateLine {
            value: rate.value,
            samples: rate.samples,
        };
        (name, line)
    });
    Ok(DeviceLine {
        info: load.info,
        job: load.job,
        failures,
        reason,
        rates: rates.collect(),
        hours,
    })
}

async fn clients(admin: &Admin, now: UnixMillis) -> Result<Vec<ClientLine>, Refusal> {
    let api = &admin.api;
    let quotas = api.settings().admission.quotas;
    let suspects = api.guard().suspects(now);
    let clients = api.store().clients(now, quotas, MOST_CLIENTS).await?;
    let lines = clients.into_iter().map(|client| {
        let suspect = suspects
            .iter()
            .find(|suspect| suspect.client == client.client);
        let standing = client.record.standing_at(now);
        let restrained = standing != Standing::Good;
        let of = |used, limit| Quota { used, limit };
        ClientLine {
            client: client.client,
            standing: standing.as_str().to_owned(),
            reason: restrained.then_some(client.record.reason),
            until_ms: client.record.until.filter(|_| restrained).map(view::millis),
            score: suspect.map_or(0.0, |suspect| suspect.score),
            explanation: suspect.map(|suspect| suspect.explanation.clone()),
            quota: QuotaUse {
                running: of(client.running, client.limits.running),
                queued: of(client.queued, client.limits.queued),
                bytes: of(client.bytes, client.limits.bytes),
                device_ms: of(
                    client.device_millis_today,
                    client.limits.device_seconds.saturating_mul(1000),
                ),
            },
        }
    });
    Ok(lines.collect())
}

/// The published checkpoint. The log wrote it, so it parses; one that does not is not shown.
fn log(admin: &Admin) -> Option<LogLine> {
    let text = admin.log.as_ref()?.checkpoint()?;
    let note = Note::parse(text.as_bytes()).ok()?;
    let checkpoint = Checkpoint::parse(note.text()).ok()?;
    let witnesses = note
        .signatures()
        .iter()
        .filter(|signature| signature.name() != checkpoint.origin)
        .map(|signature| signature.name().to_owned());
    Some(LogLine {
        key: admin.api.settings().log.clone().unwrap_or_default(),
        size: checkpoint.size,
        root: checkpoint.root.to_string(),
        witnesses: witnesses.collect(),
        origin: checkpoint.origin,
        checkpoint: text,
    })
}
