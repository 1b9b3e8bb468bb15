//! What time does: jobs that come too late expire, and what nobody needs any more is forgotten.

use arknet_protocol::{JobId, JobState, Reason};

use super::column::{col, get};
use super::jobs;
use super::lifecycle::{ChangeError, Next, enter};
use super::time::UnixMillis;
use super::tx::Tx;
use super::{Store, StoreError};

/// Rows that one call forgets at most, so that no change holds the writer for long.
const BATCH: u32 = 1000;

/// How long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// A job may wait this long, in milliseconds.
    pub queued: i64,
    /// A job is shown this long after its end, in milliseconds.
    pub finished: i64,
    /// Usage and the history of devices are kept this many days.
    pub usage_days: i64,
}

/// What has come to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Jobs that have become `expired`.
    pub jobs: Vec<JobId>,
    /// Nonces forgotten.
    pub nonces: usize,
    /// Jobs forgotten.
    pub forgotten: usize,
}

impl Store {
    /// Expires and forgets what is due. To be called every few seconds.
    pub async fn expire(
        &self,
        now: UnixMillis,
        retention: Retention,
    ) -> Result<Expired, ChangeError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            Ok(Expired {
                jobs: expire_jobs(tx, retention.queued)?,
                nonces: forget_nonces(tx)?,
                forgotten: forget(tx, retention)?,
            })
        })
        .await
    }
}

fn expire_jobs(tx: &mut Tx<'_>, queued: i64) -> Result<Vec<JobId>, ChangeError> {
    let due: Vec<(JobId, bool)> = tx.rows(
        "SELECT id, deadline IS NOT NULL AND deadline <= ?1 FROM jobs
         WHERE finished_at IS NULL AND leaf IS NULL
            AND ((deadline IS NOT NULL AND deadline <= ?1) OR (state = 'queued' AND state_since <= ?2))
         LIMIT ?3",
        (tx.now(), tx.now().plus(-queued), BATCH),
        |row| Ok((get(row, 0)?, row.get(1)?)),
    )?;
    for (id, late) in &due {
        let job = jobs::find(tx.connection(), id)?.ok_or(ChangeError::NoSuchJob(*id))?;
        let (reason, detail) = match late {
            true => (
                Reason::DeadlinePassed,
                "its deadline passed before there was a result",
            ),
            false => (
                Reason::TimedOut,
                "it waited for a device for as long as this node lets a job wait",
            ),
        };
        tx.audit("node", "job-expired", &id.to_string(), detail)?;
        let next = Next {
            state: JobState::Expired,
            attempt: job.attempt,
            device: job.device,
            reason: Some(reason),
            detail: Some(detail.to_owned()),
        };
        enter(tx, &job, next)?;
    }
    Ok(due.into_iter().map(|(id, _)| id).collect())
}

fn forget_nonces(tx: &Tx<'_>) -> Result<usize, StoreError> {
    // Those that expired first go first, so that what `nonces_forgotten` says is no more than needed.
    let horizon: Option<UnixMillis> = tx
        .row(
            "SELECT max(expires) FROM (SELECT expires FROM nonces WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
            (tx.now(), BATCH),
            |row| row.get(0),
        )?
        .flatten();
    let Some(horizon) = horizon else {
        return Ok(0);
    };
    tx.run(
        "UPDATE clock SET nonces_forgotten = max(nonces_forgotten, ?1)",
        [horizon],
    )?;
    tx.run("DELETE FROM nonces WHERE expires <= ?1", [horizon])
}

fn forget(tx: &Tx<'_>, retention: Retention) -> Result<usize, StoreError> {
    let before = tx.now().plus(-retention.finished);
    let due: Vec<JobId> = tx.rows(
        "SELECT id FROM jobs WHERE finished_at <= ?1 LIMIT ?2",
        (before, BATCH),
        |row| get(row, 0),
    )?;
    for id in &due {
        // What hangs on the job goes with it; its leaf and what the audit log says stay.
        tx.run("DELETE FROM jobs WHERE id = ?1", [col(id)])?;
    }
    let day = tx.now().day() - retention.usage_days;
    tx.run("DELETE FROM usage WHERE day < ?1", [day])?;
    tx.run("DELETE FROM device_hours WHERE hour < ?1", [day * 24])?;
    Ok(due.len())
}
