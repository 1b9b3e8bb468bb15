//! Taking in what attempts, trials and searches for devices came to.

use arknet_protocol::{JobId, JobKind, JobState, Reason};
use tokio::task::{Id, JoinError};

use super::{Busy, Came, HELD, Service, clock, log, signed};
use crate::pipeline::{Outcome, Reported};
use crate::scheduler::device::Device;
use crate::scheduler::health::Health;
use crate::store::{ChangeError, DeviceReport, End, Fence, Store, StoreError, UnixMillis};

impl Service {
    /// Takes in what a task came to.
    pub(super) async fn take(&mut self, came: Result<(Id, Came), JoinError>) {
        let (id, came) = match came {
            Ok((id, came)) => (id, Some(came)),
            Err(error) => {
                tracing::error!(%error, "a task of the scheduler failed");
                (error.id(), None)
            }
        };
        let of_task = |busy: &Busy| busy.task == id;
        let busy = self
            .slots
            .iter_mut()
            .enumerate()
            .find_map(|(position, slot)| {
                let busy = slot.busy.take_if(|busy| of_task(busy))?;
                Some((position, busy))
            });
        match (came, busy) {
            (Some(Came::Job(reported)), Some((position, busy))) => {
                self.settle(position, busy, reported).await;
            }
            (Some(Came::Trial(result)), Some((position, _))) => {
                self.tried(position, result).await;
            }
            (Some(Came::Found(position, found)), _) => self.found(position, found).await,
            (Some(Came::Finished(left)), _) => {
                self.finishing = false;
                self.unfinished.extend(left);
            }
            (None, Some((_, Busy { job: Some(job), .. }))) => {
                self.strand(job.id, job.attempt);
                self.free_stranded().await;
            }
            (None | Some(Came::Job(_) | Came::Trial(_)), _) => {}
        }
    }

    /// Takes in what came of an attempt.
    async fn settle(&mut self, position: usize, busy: Busy, reported: Reported) {
        let Some(running) = busy.job else { return };
        let millis = reported.device_millis;
        self.share
            .charge(running.client, signed(millis) - signed(busy.expected));
        tracing::info!(
            job = %running.id, attempt = running.attempt, outcome = reported.outcome.name(), millis, "ended"
        );
        let failure = match &reported.outcome {
            Outcome::Failed { kind, detail, .. } if kind.is_of_device() => Some(detail.clone()),
            _ => None,
        };
        match &reported.outcome {
            Outcome::Sealed { finished } => {
                if !finished {
                    self.unfinished.push((running.id, running.attempt));
                }
                self.board
                    .experience()
                    .learn(running.shape, running.kind, millis);
                self.forget(&running.id);
            }
            Outcome::Failed { again: true, .. } => {
                let Ok(device) = &self.slots[position].found else {
                    return;
                };
                let failed_on = self.avoid.entry(running.id).or_default();
                failed_on.insert(device.fingerprint);
                *self.failures.entry(running.id).or_insert(0) += 1;
            }
            Outcome::Stranded => self.strand(running.id, running.attempt),
            Outcome::Refused | Outcome::Failed { .. } | Outcome::Stopped(_) | Outcome::Stale => {
                self.forget(&running.id);
            }
        }
        // Whoever is to blame for these, the device says nothing by them.
        let says_nothing = matches!(
            &reported.outcome,
            Outcome::Stopped(_) | Outcome::Stale | Outcome::Stranded
        ) || matches!(&reported.outcome, Outcome::Failed { kind, .. } if !kind.is_of_device());
        if says_nothing {
            return;
        }
        let mut rates = reported.rates;
        if matches!(reported.outcome, Outcome::Sealed { .. }) && millis > 0 {
            let measure = measure(running.kind);
            rates.push((measure, 1000.0 / millis as f64));
        }
        let report = DeviceReport {
            failed: failure.is_some(),
            busy_millis: millis,
            rates,
        };
        self.report(position, failure, Some(report)).await;
    }

    /// Takes in what a device did, and drains it where that is due.
    async fn report(
        &mut self,
        position: usize,
        failure: Option<String>,
        report: Option<DeviceReport>,
    ) {
        let slot = &mut self.slots[position];
        let Ok(device) = &slot.found else { return };
        let now = UnixMillis::now();
        let drained = slot.health.report(failure.as_deref(), clock(now));
        if let Some(report) = report {
            let stored = self.store.device_report(now, device.fingerprint, report);
            log(stored.await.map(|_| ()));
        }
        if let Some(reason) = drained {
            tracing::warn!(device = %device.name, reason, "drained");
            let stored = self
                .store
                .set_drained(now, device.fingerprint, Some(reason), "node");
            log(stored.await);
        }
    }

    /// Takes in how a trial of a drained device ended.
    async fn tried(&mut self, position: usize, result: Result<(), String>) {
        let slot = &mut self.slots[position];
        let Ok(device) = &slot.found else { return };
        let now = UnixMillis::now();
        let back = slot.health.probed(result.is_ok(), clock(now));
        match result {
            Ok(()) if back => {
                tracing::info!(device = %device.name, "back");
                let stored = self
                    .store
                    .set_drained(now, device.fingerprint, None, "node");
                log(stored.await);
            }
            Ok(()) => {}
            Err(reason) => tracing::warn!(device = %device.name, reason, "still drained"),
        }
    }

    /// Takes in whether a device is there.
    pub(super) async fn found(&mut self, position: usize, found: Result<Device, String>) {
        let slot = &mut self.slots[position];
        if let Ok(device) = &found {
            let now = UnixMillis::now();
            let seen = self
                .store
                .device_seen(now, device.fingerprint, device.name.clone());
            log(seen.await);
            tracing::info!(device = %device.name, description = %device.description, fingerprint = %device.fingerprint, "found");
            // What earlier lives of the node learned about it.
            let known = self.store.devices().await.unwrap_or_default();
            let known = known
                .into_iter()
                .find(|known| known.fingerprint == device.fingerprint);
            if let Some(known) = known {
                slot.health = Health::new(
                    self.settings.drain_after,
                    self.settings.rest,
                    known.failures,
                );
                let reason = known.reason.unwrap_or_default();
                match known.drained_at {
                    Some(_) if reason.starts_with(HELD) => slot.health.hold(reason),
                    Some(_) => slot.health.drain(reason, clock(now)),
                    None => {}
                }
                for kind in [JobKind::Run, JobKind::Prove] {
                    if let Some(rate) = known.rates.get(measure(kind)) {
                        self.board.experience().remember(kind, 1000.0 / rate.value);
                    }
                }
            }
        } else if let Err(reason) = &found
            && slot.found.as_ref().err() != Some(reason)
        {
            tracing::warn!(device = %slot.settings.name, reason, "missing");
        }
        slot.found = found;
    }

    /// Forgets what was only worth knowing for the next attempt.
    pub(super) fn forget(&mut self, job: &JobId) {
        self.avoid.remove(job);
        self.failures.remove(job);
    }

    fn strand(&mut self, job: JobId, attempt: u32) {
        *self.failures.entry(job).or_insert(0) += 1;
        self.stranded.push((job, attempt));
    }

    /// Queues jobs again whose attempt is over without the store knowing it: it could not be written, or the task that made
    /// the attempt panicked.
    pub(super) async fn free_stranded(&mut self) {
        let most = self.pipeline.parts().limits.attempts;
        for (id, attempt) in std::mem::take(&mut self.stranded) {
            let failures = self.failures.get(&id).copied().unwrap_or(0);
            let again = failures < most;
            if let Err(error) = release(&self.store, id, attempt, again).await {
                tracing::error!(job = %id, %error, "a job cannot be queued again");
                self.stranded.push((id, attempt));
            }
        }
    }
}

/// Queues a job again that is in this attempt and in the hands of nobody, or gives it up.
async fn release(store: &Store, id: JobId, attempt: u32, again: bool) -> Result<(), StoreError> {
    let Some(job) = store.job(id).await? else {
        return Ok(());
    };
    let state = job.summary.state;
    let moved_on = job.summary.attempt != attempt || state.is_final();
    if moved_on || state == JobState::Queued || job.summary.leaf.is_some() {
        return Ok(());
    }
    let fence = Fence {
        job: id,
        attempt,
        state,
    };
    let end = End {
        reason: (!again).then_some(Reason::ProviderFailed),
        detail: Some("the attempt was lost on the provider's side".to_owned()),
        device_millis: 0,
    };
    let now = UnixMillis::now();
    let released = match again {
        true => store.requeue(now, fence, end, now).await.map(|_| ()),
        false => store.end(now, fence, JobState::Failed, end).await,
    };
    match released {
        Err(ChangeError::Store(error)) => Err(error),
        // It has moved on just now.
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The name of the measure of whole jobs in a second.
fn measure(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Run => "runs",
        JobKind::Prove => "proofs",
    }
}
