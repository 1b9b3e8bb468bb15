//! What becomes of jobs, as the metrics count it and the conduct of clients is judged by it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arknet_protocol::{JobId, JobKind, JobState, Phase};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::abuse::{self, Guard, Trespass, Used};
use crate::metrics::Metrics;
use crate::store::{Event, Job, News, Store, StoreError, UnixMillis};

/// Watches jobs from the outside.
pub(super) struct Observer {
    pub(super) store: Store,
    pub(super) guard: Arc<Guard>,
    pub(super) metrics: Arc<Metrics>,
}

/// A job in work.
struct Seen {
    kind: JobKind,
    state: JobState,
    since: UnixMillis,
}

impl Observer {
    /// Watches until `stop`. What is missed because too much happened is missing from the histograms, and nothing else.
    pub(super) async fn watch(self, stop: CancellationToken) {
        let mut news = self.store.listen();
        // Jobs in work, so not more than devices have.
        let mut seen = HashMap::new();
        loop {
            let next = tokio::select! {
                () = stop.cancelled() => return,
                next = news.recv() => next,
            };
            match next {
                Ok(News::Event(event)) => {
                    if let Err(error) = self.take(&mut seen, &event).await {
                        tracing::warn!(%error, job = %event.job, "a job could not be looked at");
                    }
                }
                Ok(News::Progress { .. }) => {}
                Err(RecvError::Lagged(_)) => seen.clear(),
                Err(RecvError::Closed) => return,
            }
        }
    }

    async fn take(&self, seen: &mut HashMap<JobId, Seen>, event: &Event) -> Result<(), StoreError> {
        let before = seen.remove(&event.job);
        if let Some(before) = &before
            && let Some(phase) = phase(before.state)
        {
            let took = Duration::from_millis(event.at.since(before.since));
            self.metrics.phase_took(before.kind, phase, took);
        }
        if event.state == JobState::Queued {
            return Ok(());
        }
        let Some(job) = self.store.job(event.job).await? else {
            return Ok(());
        };
        if event.state.is_final() {
            self.metrics.job_ended(job.summary.kind, event.state);
            if event.state == JobState::Done {
                self.judge(&job, event).await?;
            }
            return Ok(());
        }
        let now = Seen {
            kind: job.summary.kind,
            state: event.state,
            since: event.at,
        };
        seen.insert(event.job, now);
        Ok(())
    }

    /// Holds what a finished job declared against what it used.
    async fn judge(&self, job: &Job, event: &Event) -> Result<(), StoreError> {
        let request = job.request()?;
        let mut buffers: u64 = job.outputs.iter().map(|(_, _, bytes)| bytes).sum();
        for digest in request.blobs().skip(1) {
            let blob = self.store.blob(None, digest).await?;
            buffers = buffers.saturating_add(blob.map_or(0, |blob| blob.bytes));
        }
        let used = Used {
            device_ms: job.summary.device_millis,
            buffers,
        };
        if abuse::is_overdeclared(&request.limits, used) {
            let now = event.at;
            let change = self
                .guard
                .trespass(event.client, Trespass::Overdeclared, now);
            if let Some(change) = change {
                abuse::write_down(self.store.clone(), change, now);
            }
        }
        Ok(())
    }
}

fn phase(state: JobState) -> Option<Phase> {
    Phase::ALL
        .iter()
        .copied()
        .find(|phase| JobState::from(*phase) == state)
}
