//! Giving free devices their jobs.

use arknet_protocol::{JobId, JobState, Reason};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Busy, Came, Running, Service, Slot, signed};
use crate::scheduler::admission::{Shape, TooLate};
use crate::scheduler::device::Device;
use crate::scheduler::select::{Choice, choose};
use crate::store::{Candidate, ChangeError, End, Fence, Store, StoreError, UnixMillis};

/// Jobs of each client that are looked at.
const PER_CLIENT: u32 = 32;

impl Service {
    /// Gives free devices their jobs.
    pub(super) async fn give_out(&mut self) -> Result<(), StoreError> {
        self.changed = false;
        let now = UnixMillis::now();
        let mut candidates = self
            .store
            .queue(now, self.settings.quotas, PER_CLIENT)
            .await?;
        if candidates.is_empty() {
            self.share.forget();
        }
        while let Some((slot, choice)) = self.next_choice(&candidates) {
            let candidate = candidates.swap_remove(choice.candidate);
            match self.start(slot, &candidate).await {
                Ok(()) => {}
                Err(ChangeError::AtQuota(_)) => {
                    candidates.retain(|other| other.job.client != choice.client);
                }
                Err(ChangeError::Store(error)) => return Err(error),
                // It has moved on since the queue was read.
                Err(_) => {}
            }
        }
        self.show(&candidates);
        Ok(())
    }

    /// A device that is free, and the job that it takes.
    fn next_choice(&mut self, candidates: &[Candidate]) -> Option<(usize, Choice)> {
        let usable = |slot: &&Slot| slot.health.drained().is_none();
        let all: Vec<Device> = self
            .slots
            .iter()
            .filter(usable)
            .filter_map(|slot| slot.found.as_ref().ok())
            .cloned()
            .collect();
        for (position, slot) in self.slots.iter().enumerate() {
            let Ok(device) = &slot.found else { continue };
            if slot.busy.is_some() || slot.health.drained().is_some() {
                continue;
            }
            if let Some(choice) = choose(candidates, device, &all, &self.avoid, &mut self.share) {
                return Some((position, choice));
            }
        }
        None
    }

    /// Claims a job for a device, and begins with it.
    async fn start(&mut self, position: usize, candidate: &Candidate) -> Result<(), ChangeError> {
        let slot = &mut self.slots[position];
        let Ok(device) = slot.found.clone() else {
            return Ok(());
        };
        let now = UnixMillis::now();
        let summary = &candidate.job;
        let Some(mut job) = self.store.job(summary.id).await? else {
            return Ok(());
        };
        let request = job.request()?;
        let shape = Shape::of(&request);
        let own = self.board.experience().of_shape(shape);
        let left = summary.deadline.map(|deadline| deadline.since(now));
        if let (Some(own), Some(left)) = (own, left)
            && own > left
        {
            let late = TooLate { wait: 0, own, left };
            return expire(&self.store, now, summary.id, summary.attempt, late).await;
        }
        self.store
            .claim(
                now,
                summary.id,
                summary.attempt,
                device.fingerprint,
                self.settings.quotas,
            )
            .await?;
        job.summary.state = JobState::Executing;
        let expected = own.or_else(|| self.board.experience().of_kind(summary.kind));
        let expected = expected.unwrap_or(0);
        self.share.charge(summary.client, signed(expected));
        let (stop, stopped) = watch::channel(None);
        let running = Running {
            id: summary.id,
            attempt: summary.attempt,
            client: summary.client,
            kind: summary.kind,
            shape,
            stop,
        };
        tracing::info!(job = %summary.id, attempt = summary.attempt, device = %device.name, "started");
        let pipeline = self.pipeline.clone();
        let failures = self.failures.get(&summary.id).copied().unwrap_or(0);
        let task = self.tasks.spawn(async move {
            let attempt = pipeline.attempt(&job, &request, &device, failures, stopped);
            Came::Job(attempt.await)
        });
        slot.busy = Some(Busy {
            task: task.id(),
            job: Some(running),
            expected,
            since: Instant::now(),
        });
        Ok(())
    }
}

/// Ends a queued job whose deadline cannot be met.
async fn expire(
    store: &Store,
    now: UnixMillis,
    job: JobId,
    attempt: u32,
    late: TooLate,
) -> Result<(), ChangeError> {
    let fence = Fence {
        job,
        attempt,
        state: JobState::Queued,
    };
    let end = End {
        reason: Some(Reason::DeadlinePassed),
        detail: Some(late.to_string()),
        device_millis: 0,
    };
    store.end(now, fence, JobState::Expired, end).await
}
