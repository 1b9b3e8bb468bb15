//! What a node does with the jobs that it finds in work when it starts: whoever worked on them is gone.

use arknet_protocol::{JobId, JobState, Reason};

use super::column::{col, get};
use super::jobs;
use super::lifecycle::{ChangeError, Next, enter};
use super::time::UnixMillis;
use super::tx::Tx;
use super::{Store, StoreError};

/// How often a node may end during a job before the job is blamed.
const MAX_CRASHES: u32 = 3;

/// What became of the jobs that were in work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Queued for another attempt.
    pub requeued: Vec<JobId>,
    /// Given up: the node ended too often while it worked on them.
    pub failed: Vec<JobId>,
    /// In the log already: to be finished, with their attempt.
    pub sealed: Vec<(JobId, u32)>,
}

impl Store {
    /// Takes every job out of the hands of a node that has ended. To be called once, before anything else is started.
    pub async fn recover(&self, now: UnixMillis) -> Result<Recovered, ChangeError> {
        self.write(now, recover).await
    }
}

fn recover(tx: &mut Tx<'_>) -> Result<Recovered, ChangeError> {
    let in_work: Vec<JobId> = tx.rows(
        "SELECT id FROM jobs WHERE state IN ('executing', 'proving', 'verifying') ORDER BY number",
        [],
        |row| get(row, 0),
    )?;
    let mut recovered = Recovered::default();
    for id in in_work {
        let job = jobs::find(tx.connection(), &id)?.ok_or(ChangeError::NoSuchJob(id))?;
        if job.leaf.is_some() {
            recovered.sealed.push((id, job.attempt));
            continue;
        }
        let crashes = crashed(tx, id)?;
        let (next, list) = if crashes >= MAX_CRASHES {
            let detail = format!("the node ended {crashes} times while it worked on this job");
            tx.audit("node", "job-failed", &id.to_string(), &detail)?;
            let next = Next {
                state: JobState::Failed,
                attempt: job.attempt,
                device: job.device,
                reason: Some(Reason::ProviderFailed),
                detail: Some(detail),
            };
            (next, &mut recovered.failed)
        } else {
            let next = Next {
                state: JobState::Queued,
                attempt: job.attempt.saturating_add(1),
                device: None,
                reason: None,
                detail: Some("the node was restarted".to_owned()),
            };
            (next, &mut recovered.requeued)
        };
        list.push(id);
        enter(tx, &job, next)?;
    }
    Ok(recovered)
}

fn crashed(tx: &Tx<'_>, job: JobId) -> Result<u32, StoreError> {
    let crashes = tx.row(
        "UPDATE jobs SET crashes = crashes + 1, eligible_at = ?2 WHERE id = ?1 RETURNING crashes",
        (col(&job), tx.now()),
        |row| row.get(0),
    )?;
    Ok(crashes.unwrap_or(0))
}
