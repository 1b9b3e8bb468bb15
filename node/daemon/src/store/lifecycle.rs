//! How a job goes from state to state.
//!
//! Every change names the attempt and the state that its caller believes in ([`Fence`]). Where the job has moved on since
//! (cancelled, expired, taken up again after a crash) the change is refused, and its author stops. Once a job has its leaf
//! in the log it can only become `done`.

use arknet_protocol::{BlobDigest, Fingerprint, JobId, JobState, PublicKey, Reason};

use super::accept::{self, AcceptError, Admission};
use super::column::{col, col_opt, int};
use super::events::{self, Event};
use super::jobs::{self, JobSummary};
use super::quota::{self, Quota, Quotas};
use super::time::UnixMillis;
use super::tx::Tx;
use super::{Store, StoreError, leaves};

/// Which job, in which attempt and state, a change is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The job.
    pub job: JobId,
    /// The attempt.
    pub attempt: u32,
    /// Its state.
    pub state: JobState,
}

/// Why an attempt or a job ends, and what it took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Why, where the job ends without a result.
    pub reason: Option<Reason>,
    /// More, for people.
    pub detail: Option<String>,
    /// Time on the device, charged to the client.
    pub device_millis: u64,
}

/// The result of a job that is to be sealed. Its blobs are stored already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealing {
    /// The entry for the log.
    pub leaf: Vec<u8>,
    /// The blob with the receipt as far as it is: without the inclusion proof.
    pub draft: BlobDigest,
    /// What the job wrote.
    pub outputs: Vec<Output>,
    /// Time on the device, charged to the client.
    pub device_millis: u64,
}

/// A buffer that a job wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The buffer.
    pub name: String,
    /// Its blob.
    pub digest: BlobDigest,
}

/// Why a job does not change.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such job, or it is another client's.
    #[error("there is no job {0}")]
    NoSuchJob(JobId),
    /// The job has moved on: whoever asked for the change must stop.
    #[error("job {job} is {state} in attempt {attempt}, so this change comes too late")]
    Stale {
        /// The job.
        job: JobId,
        /// The state it is in.
        state: JobState,
        /// The attempt it is in.
        attempt: u32,
    },
    /// A job in this state cannot become that.
    #[error("job {job} is {from}, which cannot become {to}")]
    NotAllowed {
        /// The job.
        job: JobId,
        /// The state it is in.
        from: JobState,
        /// The state that was asked for.
        to: JobState,
    },
    /// The job is in the log: it will be done.
    #[error("job {0} has its result and is in the log")]
    Sealed(JobId),
    /// The client has as much as it may.
    #[error("the client is at its quota of {0}")]
    AtQuota(Quota),
    /// The store failed; nothing has changed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for ChangeError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What a change makes of a job.
pub(super) struct Next {
    pub(super) state: JobState,
    pub(super) attempt: u32,
    pub(super) device: Option<Fingerprint>,
    pub(super) reason: Option<Reason>,
    pub(super) detail: Option<String>,
}

/// The job of a fence, where it holds.
fn fenced(tx: &Tx<'_>, fence: Fence) -> Result<JobSummary, ChangeError> {
    let job = jobs::find(tx.connection(), &fence.job)?.ok_or(ChangeError::NoSuchJob(fence.job))?;
    if (job.state, job.attempt) != (fence.state, fence.attempt) {
        return Err(ChangeError::Stale {
            job: fence.job,
            state: job.state,
            attempt: job.attempt,
        });
    }
    Ok(job)
}

/// Writes a new state with its event, where the job may have it.
pub(super) fn enter(tx: &mut Tx<'_>, job: &JobSummary, next: Next) -> Result<(), ChangeError> {
    let (from, to) = (job.state, next.state);
    if job.leaf.is_some() && to != JobState::Done {
        return Err(ChangeError::Sealed(job.id));
    }
    if !from.may_become(to) {
        return Err(ChangeError::NotAllowed {
            job: job.id,
            from,
            to,
        });
    }
    tx.run(
        "UPDATE jobs SET state = ?2, attempt = ?3, device = ?4, reason = ?5, detail = ?6, state_since = ?7,
            started_at = CASE WHEN ?2 = 'executing' THEN coalesce(started_at, ?7) ELSE started_at END,
            finished_at = CASE WHEN ?8 THEN ?7 END
         WHERE id = ?1",
        (
            col(&job.id),
            col(&to),
            next.attempt,
            col_opt(next.device.as_ref()),
            col_opt(next.reason.as_ref()),
            &next.detail,
            tx.now(),
            to.is_final(),
        ),
    )?;
    let event = Event {
        number: 0,
        job: job.id,
        client: job.client,
        at: tx.now(),
        attempt: next.attempt,
        state: to,
        device: next.device,
        reason: next.reason,
        detail: next.detail,
    };
    Ok(events::append(tx, event)?)
}

/// Adds time on a device to a job and to its client's day.
fn charge(tx: &Tx<'_>, job: &JobSummary, millis: u64) -> Result<(), StoreError> {
    if millis > 0 {
        tx.run(
            "UPDATE jobs SET device_millis = device_millis + ?2 WHERE id = ?1",
            (col(&job.id), int(millis)),
        )?;
        quota::charge(tx, &job.client, millis, 0)?;
    }
    Ok(())
}

/// The audit log's line on the end of a job.
fn audit_end(
    tx: &Tx<'_>,
    actor: &str,
    job: JobId,
    end: &End,
    state: JobState,
) -> Result<(), StoreError> {
    let reason = end.reason.map_or("", Reason::as_str);
    let detail = end.detail.as_deref().unwrap_or("");
    let action = format!("job-{state}");
    tx.audit(
        actor,
        &action,
        &job.to_string(),
        &format!("{reason}: {detail}"),
    )
}

impl Store {
    /// Starts a queued job on a device, within its client's quotas. The job is `executing` then.
    pub async fn claim(
        &self,
        now: UnixMillis,
        job: JobId,
        attempt: u32,
        device: Fingerprint,
        configured: Quotas,
    ) -> Result<(), ChangeError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let state = JobState::Queued;
            let job = fenced(
                tx,
                Fence {
                    job,
                    attempt,
                    state,
                },
            )?;
            let used = quota::used(tx.connection(), &job.client, tx.now())?;
            let limits = quota::limits(tx.connection(), &job.client, &configured)?;
            if used.running >= limits.running {
                return Err(ChangeError::AtQuota(Quota::Running));
            }
            if used.device_millis >= limits.device_seconds.saturating_mul(1000) {
                return Err(ChangeError::AtQuota(Quota::DeviceSeconds));
            }
            let next = Next {
                state: JobState::Executing,
                attempt,
                device: Some(device),
                reason: None,
                detail: None,
            };
            enter(tx, &job, next)
        })
        .await
    }

    /// Moves a running job to its next phase, `proving` or `verifying`.
    pub async fn advance(
        &self,
        now: UnixMillis,
        fence: Fence,
        to: JobState,
    ) -> Result<(), ChangeError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let job = fenced(tx, fence)?;
            if !matches!(to, JobState::Proving | JobState::Verifying) {
                return Err(ChangeError::NotAllowed {
                    job: job.id,
                    from: job.state,
                    to,
                });
            }
            let next = Next {
                state: to,
                attempt: job.attempt,
                device: job.device,
                reason: None,
                detail: None,
            };
            enter(tx, &job, next)
        })
        .await
    }

    /// Ends a job without a result: `to` is `failed`, `expired` or `cancelled`.
    pub async fn end(
        &self,
        now: UnixMillis,
        fence: Fence,
        to: JobState,
        end: End,
    ) -> Result<(), ChangeError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let job = fenced(tx, fence)?;
            if to == JobState::Done || !to.is_final() {
                return Err(ChangeError::NotAllowed {
                    job: job.id,
                    from: job.state,
                    to,
                });
            }
            charge(tx, &job, end.device_millis)?;
            audit_end(tx, "node", job.id, &end, to)?;
            let next = Next {
                state: to,
                attempt: job.attempt,
                device: job.device,
                reason: end.reason,
                detail: end.detail,
            };
            enter(tx, &job, next)
        })
        .await
    }

    /// Puts a running job back, for another attempt from `eligible_at` on. Gives the number of that attempt.
    pub async fn requeue(
        &self,
        now: UnixMillis,
        fence: Fence,
        end: End,
        eligible_at: UnixMillis,
    ) -> Result<u32, ChangeError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let job = fenced(tx, fence)?;
            charge(tx, &job, end.device_millis)?;
            tx.run(
                "UPDATE jobs SET eligible_at = ?2 WHERE id = ?1",
                (col(&job.id), eligible_at),
            )?;
            let attempt = job.attempt.saturating_add(1);
            let next = Next {
                state: JobState::Queued,
                attempt,
                device: None,
                reason: None,
                detail: end.detail,
            };
            enter(tx, &job, next)?;
            Ok(attempt)
        })
        .await
    }

    /// Cancels a job that has no result yet: for its client, or for the operator (`client` is `None`). A running attempt
    /// learns of it from its event, or because its next change is refused. Gives the state that the job was in.
    pub async fn cancel(
        &self,
        now: UnixMillis,
        job: JobId,
        client: Option<PublicKey>,
    ) -> Result<JobState, ChangeError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let job = owned(tx, job, client)?;
            let (reason, actor) = match client {
                Some(client) => (Reason::ByClient, client.to_string()),
                None => (Reason::ByOperator, "operator".to_owned()),
            };
            let end = End {
                reason: Some(reason),
                ..End::default()
            };
            audit_end(tx, &actor, job.id, &end, JobState::Cancelled)?;
            let next = Next {
                state: JobState::Cancelled,
                attempt: job.attempt,
                device: job.device,
                reason: end.reason,
                detail: None,
            };
            enter(tx, &job, next)?;
            Ok(job.state)
        })
        .await
    }

    /// Queues a job again that ended without a result, within the quotas. Gives the number of the attempt.
    pub async fn retry(
        &self,
        now: UnixMillis,
        job: JobId,
        client: Option<PublicKey>,
        admission: Admission,
    ) -> Result<u32, RetryError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let job = owned(tx, job, client)?;
            let to = JobState::Queued;
            if !job.state.is_final() || !job.state.may_become(to) {
                return Err(ChangeError::NotAllowed {
                    job: job.id,
                    from: job.state,
                    to,
                }
                .into());
            }
            if let Some(deadline) = job.deadline.filter(|deadline| *deadline <= tx.now()) {
                return Err(RetryError::DeadlinePassed(deadline));
            }
            let reserved: i64 = tx
                .row(
                    "SELECT reserved_bytes FROM jobs WHERE id = ?1",
                    [col(&job.id)],
                    |row| row.get(0),
                )?
                .unwrap_or(0);
            let bytes = u64::try_from(reserved).unwrap_or(0);
            accept::check_quotas(tx, &job.client, bytes, &admission)?;
            tx.run(
                "UPDATE jobs SET eligible_at = ?2, crashes = 0 WHERE id = ?1",
                (col(&job.id), tx.now()),
            )?;
            let actor = client.map_or_else(|| "operator".to_owned(), |client| client.to_string());
            tx.audit(&actor, "job-retried", &job.id.to_string(), "")?;
            let attempt = job.attempt.saturating_add(1);
            let next = Next {
                state: to,
                attempt,
                device: None,
                reason: None,
                detail: None,
            };
            enter(tx, &job, next)?;
            Ok(attempt)
        })
        .await
    }

    /// Gives a verified job its place in the log, with its outputs. From here on it can only become `done`. Sealing the
    /// same attempt again with the same entry gives the same place.
    pub async fn seal(
        &self,
        now: UnixMillis,
        job: JobId,
        attempt: u32,
        sealing: Sealing,
    ) -> Result<u64, ChangeError> {
        self.write(now, move |tx: &mut Tx<'_>| seal(tx, job, attempt, &sealing))
            .await
    }

    /// Makes a sealed job `done` with its receipt, a blob that is stored already. Again with the same receipt changes
    /// nothing.
    pub async fn finish(
        &self,
        now: UnixMillis,
        job: JobId,
        attempt: u32,
        receipt: BlobDigest,
    ) -> Result<(), ChangeError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            finish(tx, job, attempt, receipt)
        })
        .await
    }
}

/// Why a job is not queued again.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// The job does not allow it.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The node does not take it.
    #[error(transparent)]
    Accept(#[from] AcceptError),
    /// It would come too late.
    #[error("the job's deadline passed at {} (seconds since 1970): submit a new one", .0.seconds())]
    DeadlinePassed(UnixMillis),
}

impl From<StoreError> for RetryError {
    fn from(error: StoreError) -> Self {
        Self::Change(error.into())
    }
}

/// A job, where it is `client`'s or nobody in particular asks.
fn owned(tx: &Tx<'_>, job: JobId, client: Option<PublicKey>) -> Result<JobSummary, ChangeError> {
    jobs::find(tx.connection(), &job)?
        .filter(|found| client.is_none_or(|client| found.client == client))
        .ok_or(ChangeError::NoSuchJob(job))
}

fn seal(tx: &mut Tx<'_>, job: JobId, attempt: u32, sealing: &Sealing) -> Result<u64, ChangeError> {
    let state = JobState::Verifying;
    let job = fenced(
        tx,
        Fence {
            job,
            attempt,
            state,
        },
    )?;
    if let Some(leaf) = job.leaf {
        let same = tx.row(
            "SELECT 1 FROM leaves WHERE number = ?1 AND bytes = ?2",
            (int(leaf), &sealing.leaf),
            |_| Ok(()),
        )?;
        return same.map(|()| leaf).ok_or(ChangeError::Sealed(job.id));
    }
    let leaf = leaves::append(tx, &sealing.leaf)?;
    for output in &sealing.outputs {
        own(tx, &job.client, &output.digest)?;
        tx.run(
            "INSERT INTO job_outputs (job, name, digest) VALUES (?1, ?2, ?3)",
            (col(&job.id), &output.name, col(&output.digest)),
        )?;
    }
    own(tx, &job.client, &sealing.draft)?;
    tx.run(
        "UPDATE jobs SET leaf = ?2, draft = ?3 WHERE id = ?1",
        (col(&job.id), int(leaf), col(&sealing.draft)),
    )?;
    charge(tx, &job, sealing.device_millis)?;
    tx.audit(
        "node",
        "job-sealed",
        &job.id.to_string(),
        &format!("leaf {leaf}"),
    )?;
    Ok(leaf)
}

fn finish(
    tx: &mut Tx<'_>,
    id: JobId,
    attempt: u32,
    receipt: BlobDigest,
) -> Result<(), ChangeError> {
    let job = jobs::find(tx.connection(), &id)?.ok_or(ChangeError::NoSuchJob(id))?;
    if (job.state, job.attempt, job.receipt) == (JobState::Done, attempt, Some(receipt)) {
        return Ok(());
    }
    let state = JobState::Verifying;
    let job = fenced(
        tx,
        Fence {
            job: id,
            attempt,
            state,
        },
    )?;
    if job.leaf.is_none() {
        return Err(ChangeError::NotAllowed {
            job: id,
            from: state,
            to: JobState::Done,
        });
    }
    own(tx, &job.client, &receipt)?;
    // The draft has become the receipt: nothing needs it any more.
    tx.run(
        "UPDATE jobs SET receipt = ?2, draft = ?2 WHERE id = ?1",
        (col(&id), col(&receipt)),
    )?;
    quota::charge(tx, &job.client, 0, 1)?;
    tx.audit(
        "node",
        "job-done",
        &id.to_string(),
        &format!("receipt {receipt}"),
    )?;
    let next = Next {
        state: JobState::Done,
        attempt,
        device: job.device,
        reason: None,
        detail: None,
    };
    enter(tx, &job, next)
}

/// Makes a blob a client's. That the blob is stored is what the foreign key checks.
fn own(tx: &Tx<'_>, client: &PublicKey, digest: &BlobDigest) -> Result<(), StoreError> {
    super::blob_index::own(tx, client, digest)
}
