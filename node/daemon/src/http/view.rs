//! Jobs as the API shows them, from rows, events and what is known only in memory.

use arknet_protocol::api::{JobEvent, JobView, OutputView, StateChange};
use arknet_protocol::{Fingerprint, JobId, JobState, Phase, PublicKey};

use super::api::Api;
use super::problem::Refusal;
use crate::store::{Event, Job, Progress, UnixMillis};

/// A time on the wire.
pub(super) fn millis(time: UnixMillis) -> u64 {
    time.since(UnixMillis(0))
}

/// A job of `client`, or of anybody where nobody in particular asks.
pub(super) async fn find(api: &Api, id: JobId, client: Option<PublicKey>) -> Result<Job, Refusal> {
    let job = api.store().job(id).await?;
    // That a job is another client's is not told apart from that there is none.
    job.filter(|job| client.is_none_or(|client| client == job.summary.client))
        .ok_or_else(|| Refusal::not_found("job"))
}

/// The whole view of a job.
pub(super) async fn job(api: &Api, job: Job) -> Result<JobView, Refusal> {
    let events = api.store().events(job.summary.id, 0).await?;
    let Job {
        summary,
        request_digest,
        outputs,
        ..
    } = job;
    let progress = api
        .store()
        .progress(summary.id)
        .filter(|progress| is_of(progress, summary.state, summary.attempt));
    let done = summary.state == JobState::Done;
    let outputs = outputs
        .into_iter()
        .filter(|_| done)
        .map(|(name, digest, size)| OutputView { name, digest, size })
        .collect();
    Ok(JobView {
        id: summary.id,
        request: request_digest,
        client: summary.client,
        kind: summary.kind,
        state: summary.state,
        percent: progress.map(|progress| progress.percent),
        attempt: summary.attempt,
        priority: summary.priority,
        deadline: summary.deadline.map(UnixMillis::seconds),
        device: summary.device.map(|device| name_of(api, device)),
        reason: summary.reason,
        detail: summary.detail,
        timeline: events
            .into_iter()
            .map(|event| StateChange {
                state: event.state,
                attempt: event.attempt,
                at_ms: millis(event.at),
            })
            .collect(),
        outputs,
        receipt: summary.receipt,
        log_index: summary.leaf,
    })
}

/// Whether a progress is of the phase and attempt that the job is in.
fn is_of(progress: &Progress, state: JobState, attempt: u32) -> bool {
    progress.attempt == attempt && JobState::from(progress.phase) == state
}

/// The operator's name for a device; its fingerprint where it is not there any more.
fn name_of(api: &Api, device: Fingerprint) -> String {
    let devices = api.work().devices();
    devices
        .into_iter()
        .find(|load| load.info.fingerprint == device)
        .map_or_else(|| device.to_string(), |load| load.info.name)
}

/// An event as it is sent.
pub(super) fn event(event: Event) -> JobEvent {
    JobEvent {
        sequence: event.number,
        job: event.job,
        at_ms: millis(event.at),
        phase: phase(event.state),
        state: event.state,
        attempt: event.attempt,
        percent: None,
        reason: event.reason,
        detail: event.detail,
    }
}

/// A progress as it is sent after the event numbered `sequence`.
pub(super) fn progress(job: JobId, sequence: u64, progress: Progress) -> JobEvent {
    JobEvent {
        sequence,
        job,
        at_ms: millis(UnixMillis::now()),
        state: progress.phase.into(),
        attempt: progress.attempt,
        phase: Some(progress.phase),
        percent: Some(progress.percent),
        reason: None,
        detail: None,
    }
}

fn phase(state: JobState) -> Option<Phase> {
    Phase::ALL
        .iter()
        .copied()
        .find(|phase| JobState::from(*phase) == state)
}
