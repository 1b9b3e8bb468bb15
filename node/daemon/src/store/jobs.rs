//! Jobs as they are read.

use arknet_protocol::{
    BlobDigest, Fingerprint, JobId, JobKind, JobRequest, JobState, PublicKey, Reason,
    RequestDigest, Signature, TokenId,
};
use rusqlite::{Connection, Row};

use super::column::{col, col_opt, count, get, get_opt, int};
use super::time::UnixMillis;
use super::{Quotas, Store, StoreError, quota, tx};

/// Jobs that one page has at most.
const PAGE: u32 = 200;

/// What is shown of a job in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobSummary {
    /// Its place among all jobs of the node, in order of acceptance.
    pub number: u64,
    /// Its id.
    pub id: JobId,
    /// Whose it is.
    pub client: PublicKey,
    /// What is done with it.
    pub kind: JobKind,
    /// Where it is.
    pub state: JobState,
    /// The attempt, from 1.
    pub attempt: u32,
    /// Why it ended without a result.
    pub reason: Option<Reason>,
    /// More about that, for people; of a queued job: why it was put back.
    pub detail: Option<String>,
    /// 0 to 9, 9 first.
    pub priority: u8,
    /// The device of the attempt.
    pub device: Option<Fingerprint>,
    /// When it is of no more use.
    pub deadline: Option<UnixMillis>,
    /// When it was accepted.
    pub accepted_at: UnixMillis,
    /// When it came to its state.
    pub state_since: UnixMillis,
    /// When an attempt was first started.
    pub started_at: Option<UnixMillis>,
    /// When it ended.
    pub finished_at: Option<UnixMillis>,
    /// Time on devices, all attempts together.
    pub device_millis: u64,
    /// Its leaf in the log, once it is sealed.
    pub leaf: Option<u64>,
    /// The blob with its receipt, once it is done.
    pub receipt: Option<BlobDigest>,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What lists show.
    pub summary: JobSummary,
    /// The digest of the request.
    pub request_digest: RequestDigest,
    /// The bytes that the client signed.
    pub body: Vec<u8>,
    /// The signature over them.
    pub signature: Signature,
    /// The token that it was submitted with.
    pub token: TokenId,
    /// Bytes of its outputs, once it is sealed: buffer, blob, length.
    pub outputs: Vec<(String, BlobDigest, u64)>,
    /// The receipt without its inclusion proof: there from the sealing on.
    pub draft: Option<BlobDigest>,
}

impl Job {
    /// What the client asks for.
    pub fn request(&self) -> Result<JobRequest, StoreError> {
        JobRequest::parse(&self.body).map_err(|error| {
            StoreError::Corrupt(format!(
                "the request of job {} is not the one that was accepted: {error}",
                self.summary.id
            ))
        })
    }
}

/// Which jobs to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct JobFilter {
    /// Only this client's.
    pub client: Option<PublicKey>,
    /// Only in this state.
    pub state: Option<JobState>,
    /// Only those accepted before the one with this number.
    pub before: Option<u64>,
}

/// A page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<JobSummary>,
    /// [`JobFilter::before`] of the next page, where there is one.
    pub next: Option<u64>,
}

/// A job that could be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The job.
    pub job: JobSummary,
    /// Only this device may run it.
    pub device_pin: Option<Fingerprint>,
}

/// How many jobs are in each state.
pub type StateCounts = Vec<(JobState, u64)>;

const SUMMARY: &str = "number, id, client, kind, state, attempt, reason, detail, priority, device, deadline, accepted_at,
    state_since, started_at, finished_at, device_millis, leaf, receipt";

fn summary(row: &Row<'_>) -> rusqlite::Result<JobSummary> {
    let leaf: Option<i64> = row.get(16)?;
    Ok(JobSummary {
        number: count(row, 0)?,
        id: get(row, 1)?,
        client: get(row, 2)?,
        kind: get(row, 3)?,
        state: get(row, 4)?,
        attempt: row.get(5)?,
        reason: get_opt(row, 6)?,
        detail: row.get(7)?,
        priority: row.get(8)?,
        device: get_opt(row, 9)?,
        deadline: row.get(10)?,
        accepted_at: row.get(11)?,
        state_since: row.get(12)?,
        started_at: row.get(13)?,
        finished_at: row.get(14)?,
        device_millis: count(row, 15)?,
        leaf: leaf.and_then(|leaf| u64::try_from(leaf).ok()),
        receipt: get_opt(row, 17)?,
    })
}

/// A job for a list, where it is there.
pub(super) fn find(connection: &Connection, id: &JobId) -> Result<Option<JobSummary>, StoreError> {
    let sql = format!("SELECT {SUMMARY} FROM jobs WHERE id = ?1");
    tx::one(connection, &sql, [col(id)], summary)
}

fn find_whole(connection: &Connection, id: &JobId) -> Result<Option<Job>, StoreError> {
    let sql = format!(
        "SELECT {SUMMARY}, request_digest, body, signature, token, draft FROM jobs WHERE id = ?1"
    );
    let found = tx::one(connection, &sql, [col(id)], |row| {
        Ok(Job {
            summary: summary(row)?,
            request_digest: get(row, 18)?,
            body: row.get(19)?,
            signature: get(row, 20)?,
            token: get(row, 21)?,
            outputs: Vec::new(),
            draft: get_opt(row, 22)?,
        })
    })?;
    let Some(mut job) = found else {
        return Ok(None);
    };
    job.outputs = tx::all(
        connection,
        "SELECT o.name, o.digest, b.bytes FROM job_outputs o JOIN blobs b ON b.digest = o.digest
         WHERE o.job = ?1 ORDER BY o.name",
        [col(id)],
        |row| Ok((row.get(0)?, get(row, 1)?, count(row, 2)?)),
    )?;
    Ok(Some(job))
}

impl Store {
    /// A job.
    pub async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        self.read(move |connection| find_whole(connection, &id))
            .await
    }

    /// Jobs, newest first; at most 200.
    pub async fn jobs(&self, filter: JobFilter, limit: u32) -> Result<JobPage, StoreError> {
        let limit = limit.clamp(1, PAGE);
        self.read(move |connection| {
            // Written out for each case, so that each uses its own index.
            let condition = match (&filter.client, &filter.state) {
                (Some(_), Some(_)) => "client = ?1 AND state = ?2",
                (Some(_), None) => "client = ?1 AND ?2 IS NULL",
                (None, Some(_)) => "?1 IS NULL AND state = ?2",
                (None, None) => "?1 IS NULL AND ?2 IS NULL",
            };
            let sql = format!(
                "SELECT {SUMMARY} FROM jobs WHERE {condition} AND number < ?3 ORDER BY number DESC LIMIT ?4"
            );
            let before = filter.before.map_or(i64::MAX, int);
            let mut jobs = tx::all(
                connection,
                &sql,
                (
                    col_opt(filter.client.as_ref()),
                    col_opt(filter.state.as_ref()),
                    before,
                    limit + 1,
                ),
                summary,
            )?;
            let more = jobs.len() > limit as usize;
            jobs.truncate(limit as usize);
            let next = jobs.last().filter(|_| more).map(|job| job.number);
            Ok(JobPage { jobs, next })
        })
        .await
    }

    /// Jobs that may be started at `now`: of each client the first `per_client` by priority and then by age, oldest
    /// client first. Clients that have all the running jobs or device-seconds they may have are left out.
    pub async fn queue(
        &self,
        now: UnixMillis,
        configured: Quotas,
        per_client: u32,
    ) -> Result<Vec<Candidate>, StoreError> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT {SUMMARY}, device_pin FROM (
                    SELECT *, row_number() OVER (PARTITION BY client ORDER BY priority DESC, number) AS place
                    FROM jobs WHERE state = 'queued' AND eligible_at <= ?1)
                 WHERE place <= ?2 ORDER BY number"
            );
            let mut candidates = tx::all(connection, &sql, (now, per_client), |row| {
                Ok(Candidate {
                    job: summary(row)?,
                    device_pin: get_opt(row, 18)?,
                })
            })?;
            let mut free = std::collections::HashMap::new();
            for candidate in &candidates {
                let client = candidate.job.client;
                if let std::collections::hash_map::Entry::Vacant(entry) = free.entry(client) {
                    let used = quota::used(connection, &client, now)?;
                    let limits = quota::limits(connection, &client, &configured)?;
                    entry.insert(
                        used.running < limits.running
                            && used.device_millis < limits.device_seconds.saturating_mul(1000),
                    );
                }
            }
            candidates.retain(|candidate| free.get(&candidate.job.client) == Some(&true));
            Ok(candidates)
        })
        .await
    }

    /// How many jobs are in each state.
    pub async fn state_counts(&self) -> Result<StateCounts, StoreError> {
        self.read(|connection| {
            tx::all(
                connection,
                "SELECT state, count(*) FROM jobs GROUP BY state",
                [],
                |row| Ok((get(row, 0)?, count(row, 1)?)),
            )
        })
        .await
    }
}
