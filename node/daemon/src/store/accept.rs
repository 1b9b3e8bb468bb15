//! A request becomes a job, or does not, in one transaction.
//!
//! The nonce, the quotas, the job, its inputs, its place in the lineage, its first event and its audit entry are written
//! together or not at all. A nonce is used up by being inserted where it must be unique.
//!
//! **Why a nonce cannot be used twice.** Nonces are deleted only once their request has expired, and the highest expiry of
//! any deleted nonce is kept (`nonces_forgotten`). A request that expires at or before it is refused. So a request whose
//! nonce was deleted can never be accepted again, whatever the clock does meanwhile. A database that was restored does not
//! know the nonces that were used since its backup; it refuses every request that was valid before the restore
//! (`requests_from`).

use arknet_protocol::{
    BlobDigest, BufferContents, JobId, JobState, PublicKey, RequestDigest, Scope, SignedRequest,
    TokenId,
};

use super::clients::{self, Standing};
use super::column::{col, col_opt, get, int};
use super::events::{self, Event};
use super::quota::{self, Quota, Quotas};
use super::time::UnixMillis;
use super::tokens::{self, TokenRefused};
use super::tx::Tx;
use super::{Store, StoreError};

/// How far a client's clock may be ahead of the node's.
pub(super) const SKEW_MILLIS: i64 = 60_000;
/// Jobs that one input may come from in the lineage: the newest that wrote it.
const PARENTS: u32 = 8;

/// What the node takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// For each client that has no quotas of its own.
    pub quotas: Quotas,
    /// Queued jobs of all clients together.
    pub max_queue: u64,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is a job now.
    Created(JobId),
    /// It was a job before: the very same bytes came earlier.
    Existing(JobId),
}

impl Accepted {
    /// The job.
    pub fn job(self) -> JobId {
        match self {
            Self::Created(job) | Self::Existing(job) => job,
        }
    }
}

/// Why a request does not become a job.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// It is for another node.
    #[error("the request is for the node {0}")]
    WrongAudience(PublicKey),
    /// It is not valid yet.
    #[error("the request is not valid before {} (seconds since 1970), and it is {}", not_before.seconds(), now.seconds())]
    NotYetValid {
        /// When it is.
        not_before: UnixMillis,
        /// The node's time.
        now: UnixMillis,
    },
    /// It was to come earlier.
    #[error("the request expired at {} (seconds since 1970), and it is {}: sign a new one", expires.seconds(), now.seconds())]
    Expired {
        /// When it did.
        expires: UnixMillis,
        /// The node's time.
        now: UnixMillis,
    },
    /// The nonce was used by another request.
    #[error(
        "the nonce was used by another request, job {other}: sign a new request with a new nonce"
    )]
    NonceUsed {
        /// The job of that request.
        other: JobId,
    },
    /// The token does not allow it.
    #[error(transparent)]
    Token(#[from] TokenRefused),
    /// The client is quarantined.
    #[error("this client is quarantined: {reason}")]
    Quarantined {
        /// Why.
        reason: String,
        /// Seconds until it ends, where it ends by itself.
        retry_after: Option<u64>,
    },
    /// Blobs that it names are not this client's, or not there.
    #[error("{} blobs of the job are not there: upload them first", .0.len())]
    MissingBlobs(Vec<BlobDigest>),
    /// The client would have more than it may.
    #[error("over the quota of {which}: {used} and this one are more than {limit}")]
    QuotaExceeded {
        /// Of what.
        which: Quota,
        /// How much it may have.
        limit: u64,
        /// How much it has.
        used: u64,
        /// Seconds after which it has less without doing anything, where that is known.
        retry_after: Option<u64>,
    },
    /// The node has as many jobs waiting as it takes.
    #[error("the queue is full: {limit} jobs wait")]
    QueueFull {
        /// How many may wait.
        limit: u64,
    },
    /// The store failed; there is no job.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for AcceptError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Makes a job of a request that came with `token`.
    pub async fn accept(
        &self,
        now: UnixMillis,
        request: SignedRequest,
        token: TokenId,
        admission: Admission,
    ) -> Result<Accepted, AcceptError> {
        let node = self.node();
        self.write(now, move |tx: &mut Tx<'_>| {
            accept(tx, node, &request, token, &admission)
        })
        .await
    }
}

fn accept(
    tx: &mut Tx<'_>,
    node: PublicKey,
    signed: &SignedRequest,
    token: TokenId,
    admission: &Admission,
) -> Result<Accepted, AcceptError> {
    let request = signed.request();
    let (id, digest) = (signed.job(), signed.digest());
    if request.audience != node {
        return Err(AcceptError::WrongAudience(request.audience));
    }
    // Before anything about the same request: whose tokens are gone learns nothing.
    tokens::check(tx.connection(), token, tx.now())?.permits(&request.client, Scope::JobsSubmit)?;
    let known = "SELECT id FROM jobs WHERE request_digest = ?1 AND client = ?2";
    if let Some(id) = tx.row(known, (col(&digest), col(&request.client)), |row| {
        get(row, 0)
    })? {
        return Ok(Accepted::Existing(id));
    }
    let expires = UnixMillis::from_seconds(request.expires);
    check_validity(tx, UnixMillis::from_seconds(request.not_before), expires)?;
    check_nonce(tx, signed)?;
    let record = clients::find(tx.connection(), &request.client)?;
    if record.standing_at(tx.now()) == Standing::Quarantined {
        return Err(AcceptError::Quarantined {
            reason: record.reason,
            retry_after: record
                .until
                .map(|until| until.since(tx.now()).div_ceil(1000)),
        });
    }
    check_blobs(tx, signed)?;
    check_quotas(tx, &request.client, request.limits.memory, admission)?;

    tx.run(
        "INSERT INTO nonces (client, nonce, request, expires) VALUES (?1, ?2, ?3, ?4)",
        (
            col(&request.client),
            col(&request.nonce),
            col(&digest),
            expires,
        ),
    )?;
    tx.run(
        "INSERT INTO jobs (id, request_digest, client, token, body, signature, kind, state, attempt, priority, device_pin,
            deadline, eligible_at, accepted_at, state_since, reserved_bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', 1, ?8, ?9, ?10, ?11, ?11, ?11, ?12)",
        (
            col(&id),
            col(&digest),
            col(&request.client),
            col(&token),
            signed.body(),
            col(signed.signature()),
            col(&request.kind),
            request.priority(),
            col_opt(request.options.device.as_ref()),
            request.options.deadline.map(UnixMillis::from_seconds),
            tx.now(),
            int(request.limits.memory),
        ),
    )?;
    insert_inputs(tx, signed)?;
    let event = Event {
        number: 0,
        job: id,
        client: request.client,
        at: tx.now(),
        attempt: 1,
        state: JobState::Queued,
        device: None,
        reason: None,
        detail: None,
    };
    events::append(tx, event)?;
    let detail = format!("token {token}, nonce {}", request.nonce);
    tx.audit(
        &request.client.to_string(),
        "job-accepted",
        &id.to_string(),
        &detail,
    )?;
    Ok(Accepted::Created(id))
}

fn check_validity(
    tx: &Tx<'_>,
    not_before: UnixMillis,
    expires: UnixMillis,
) -> Result<(), AcceptError> {
    let now = tx.now();
    if not_before > now.plus(SKEW_MILLIS) {
        return Err(AcceptError::NotYetValid { not_before, now });
    }
    let (forgotten, restored): (UnixMillis, UnixMillis) = tx
        .row(
            "SELECT nonces_forgotten, requests_from FROM clock",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .unwrap_or_default();
    if expires <= now.max(forgotten) {
        return Err(AcceptError::Expired { expires, now });
    }
    // The restore ended the validity of every request before it.
    if not_before < restored {
        let expires = expires.min(restored);
        return Err(AcceptError::Expired { expires, now });
    }
    Ok(())
}

fn check_nonce(tx: &Tx<'_>, signed: &SignedRequest) -> Result<(), AcceptError> {
    let request = signed.request();
    let used: Option<RequestDigest> = tx.row(
        "SELECT request FROM nonces WHERE client = ?1 AND nonce = ?2",
        (col(&request.client), col(&request.nonce)),
        |row| get(row, 0),
    )?;
    // The same request is refused here too, where its job is gone: it is not run again.
    used.map_or(Ok(()), |other| {
        Err(AcceptError::NonceUsed { other: other.job() })
    })
}

fn check_blobs(tx: &Tx<'_>, signed: &SignedRequest) -> Result<(), AcceptError> {
    let client = col(&signed.request().client);
    let mut missing = Vec::new();
    for digest in signed.request().blobs() {
        let owned = tx.row(
            "SELECT 1 FROM blob_owners WHERE client = ?1 AND digest = ?2",
            (&client, col(&digest)),
            |_| Ok(()),
        )?;
        if owned.is_none() && !missing.contains(&digest) {
            missing.push(digest);
        }
    }
    match missing.is_empty() {
        true => Ok(()),
        false => Err(AcceptError::MissingBlobs(missing)),
    }
}

/// Whether one more job that may write `bytes` is within the quotas.
pub(super) fn check_quotas(
    tx: &Tx<'_>,
    client: &PublicKey,
    bytes: u64,
    admission: &Admission,
) -> Result<(), AcceptError> {
    let used = quota::used(tx.connection(), client, tx.now())?;
    let limits = quota::limits(tx.connection(), client, &admission.quotas)?;
    let exceeded = |which, limit, used, retry_after| {
        Err(AcceptError::QuotaExceeded {
            which,
            limit,
            used,
            retry_after,
        })
    };
    if limits.running == 0 {
        return exceeded(Quota::Running, 0, used.running, None);
    }
    if used.queued >= limits.queued {
        return exceeded(Quota::Queued, limits.queued, used.queued, None);
    }
    if used.bytes().saturating_add(bytes) > limits.bytes {
        return exceeded(Quota::Bytes, limits.bytes, used.bytes(), None);
    }
    if used.device_millis >= limits.device_seconds.saturating_mul(1000) {
        let seconds = used.device_millis / 1000;
        let retry = Some(quota::until_tomorrow(tx.now()));
        return exceeded(Quota::DeviceSeconds, limits.device_seconds, seconds, retry);
    }
    let waiting: i64 = tx
        .row(
            "SELECT count(*) FROM jobs WHERE state = 'queued'",
            [],
            |row| row.get(0),
        )?
        .unwrap_or(0);
    if waiting >= int(admission.max_queue) {
        return Err(AcceptError::QueueFull {
            limit: admission.max_queue,
        });
    }
    Ok(())
}

fn insert_inputs(tx: &Tx<'_>, signed: &SignedRequest) -> Result<(), StoreError> {
    let request = signed.request();
    let id = col(&signed.job());
    let input = |name: &str, digest: &BlobDigest| {
        tx.run(
            "INSERT INTO job_inputs (job, name, digest) VALUES (?1, ?2, ?3)",
            (&id, name, col(digest)),
        )
    };
    input("", &request.workload.wgsl)?;
    for buffer in &request.buffers {
        let BufferContents::Input(digest) = &buffer.contents else {
            continue;
        };
        input(buffer.name.as_str(), digest)?;
        tx.run(
            "INSERT INTO lineage (child, input, parent, output)
             SELECT ?1, ?2, o.job, o.name FROM job_outputs o JOIN jobs j ON j.id = o.job
             WHERE o.digest = ?3 AND j.client = ?4 ORDER BY j.number DESC LIMIT ?5",
            (
                &id,
                buffer.name.as_str(),
                col(digest),
                col(&request.client),
                PARENTS,
            ),
        )?;
    }
    Ok(())
}
