//! One attempt at a worker, as the scheduler sees it: the same ends as one at home.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arknet_protocol::api::DeviceState;
use arknet_protocol::{BlobDigest, Phase, PublicKey, SignedRequest};
use tokio::fs;
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use super::counters::count;
use super::desk::Desk;
use super::hub::{Ending, Shared, Waiter};
use super::message::{
    Assignment, AssignmentDigest, BlobSize, Ends, Held, OutcomeResult, ResultFile, Trouble,
    VERSION, seal,
};
use super::{Fleet, Lost, Ticket};
use crate::task::{Ended, Failure, FailureKind, Progress, WRITABLE};

/// Where what a worker brings lies until its outcome says what is what.
const INCOMING: &str = "incoming";

/// An attempt for a worker.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// Which attempt at what.
    pub ticket: Ticket,
    /// The client's request.
    pub request: &'a SignedRequest,
    /// Every blob that the request needs, with the file that has it.
    pub blobs: Vec<(BlobDigest, PathBuf)>,
    /// The job's folder. Results go where a child of the node would have put them.
    pub folder: &'a Path,
    /// The names of the files that an attempt may make. Whether those are there that must be is seen when they are verified.
    pub results: BTreeSet<String>,
    /// Bytes that these may have together.
    pub result_bytes: u64,
    /// How long the attempt may take, with all that is between the node and the worker.
    pub patience: Duration,
}

/// Closes the ticket of an attempt that nobody waits for any more.
struct Open<'a> {
    shared: &'a Arc<Shared>,
    ends: Ends,
    ticket: Ticket,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if self.shared.close(&self.ticket, &self.ends.worker) {
            let (shared, ends, ticket) = (Arc::clone(self.shared), self.ends, self.ticket);
            tokio::spawn(async move { shared.tell_closed(&ends, ticket).await });
        }
    }
}

impl Fleet {
    /// Has a worker perform an attempt and says how it ended.
    ///
    /// `progress` hears how far it is. Once `cancelled` is ready the worker is told to drop it, as it is where the future is
    /// dropped. What is done has been checked by nobody but the worker.
    pub async fn perform(
        &self,
        worker: &PublicKey,
        attempt: Attempt<'_>,
        progress: &mut (dyn FnMut(Progress) + Send),
        cancelled: impl Future<Output = ()>,
    ) -> Ended {
        let shared = self.shared();
        let views = shared.views();
        let view = views.iter().find(|view| view.key == *worker);
        if !view.is_some_and(|view| matches!(view.state, DeviceState::Idle | DeviceState::Busy)) {
            return failed(FailureKind::NotStarted, "the worker is not there");
        }
        let incoming = attempt.folder.join(INCOMING);
        if let Err(error) = fs::create_dir_all(&incoming).await {
            return failed(
                FailureKind::NotStarted,
                &format!("the node's disk: {error}"),
            );
        }
        let ended = match self.assign(worker, &attempt, &incoming).await {
            Ok((open, told)) => self.wait(open, told, &attempt, progress, cancelled).await,
            Err(ended) => ended,
        };
        // What is left goes with the job's folder at the latest.
        let _ = fs::remove_dir_all(&incoming).await;
        ended
    }

    /// Opens the ticket and sends the assignment.
    async fn assign(
        &self,
        worker: &PublicKey,
        attempt: &Attempt<'_>,
        incoming: &Path,
    ) -> Result<(Open<'_>, Told), Ended> {
        let shared = self.shared();
        let not_started = |reason: String| failed(FailureKind::NotStarted, &reason);
        let ends = Ends {
            node: shared.node(),
            worker: *worker,
        };
        let mut blobs = Vec::new();
        for (digest, path) in &attempt.blobs {
            let found = fs::metadata(path).await;
            let size = found.map_err(|error| not_started(format!("the node's disk: {error}")))?;
            blobs.push(BlobSize {
                digest: *digest,
                size: size.len(),
            });
        }
        let body = attempt.request.body().to_vec();
        let assignment = Assignment {
            version: VERSION,
            node: ends.node,
            worker: ends.worker,
            ticket: attempt.ticket,
            segments: 1,
            client: attempt.request.request().client,
            signature: *attempt.request.signature(),
            request: String::from_utf8(body).map_err(|error| not_started(error.to_string()))?,
            blobs,
            deadline: (shared.now_ms() / 1000).saturating_add(attempt.patience.as_secs()),
        };
        let sealed = seal(&assignment, &shared.key);
        let digest = AssignmentDigest::of(&sealed);
        let (progress, heard) = mpsc::channel(16);
        let (end, ended) = oneshot::channel();
        let desk = Desk::new(
            attempt.blobs.iter().cloned(),
            incoming.to_owned(),
            attempt.result_bytes,
        );
        let desk = Arc::new(desk);
        let waiter = Waiter {
            worker: *worker,
            assignment: digest,
            desk: Arc::clone(&desk),
            progress,
            end,
        };
        if !shared.open(attempt.ticket, waiter, attempt.patience) {
            return Err(not_started("this attempt is under way already".to_owned()));
        }
        let open = Open {
            shared,
            ends,
            ticket: attempt.ticket,
        };
        let subject = shared.names.work(worker);
        let id = digest.to_string();
        let sent = shared.queue.send(subject, &id, sealed).await;
        let number = sent.map_err(|error| not_started(error.to_string()))?;
        count(&shared.counters.assigned);
        let told = Told {
            number,
            heard,
            ended,
            desk,
        };
        Ok((open, told))
    }

    async fn wait(
        &self,
        open: Open<'_>,
        mut told: Told,
        attempt: &Attempt<'_>,
        progress: &mut (dyn FnMut(Progress) + Send),
        cancelled: impl Future<Output = ()>,
    ) -> Ended {
        let shared = self.shared();
        tokio::pin!(cancelled);
        let ending = loop {
            tokio::select! {
                biased;
                () = &mut cancelled => break None,
                ending = &mut told.ended => break ending.ok(),
                Some(held) = told.heard.recv() => {
                    if let Held { phase: Some(phase), percent, .. } = held {
                        progress(Progress { phase, percent });
                    }
                }
            }
        };
        let is_taken_back = !matches!(ending, Some(Ending::Outcome(_)));
        let ended = match ending {
            None => Ended::Cancelled,
            Some(Ending::Lost(lost)) => taken_back(lost),
            Some(Ending::Outcome(result)) => conclude(result, attempt, &told.desk).await,
        };
        drop(open);
        if is_taken_back {
            // A worker that comes back need not even look at it.
            let stream = shared.names.work_stream();
            if let Err(error) = shared.queue.unsend(&stream, told.number).await {
                warn!(ticket = %attempt.ticket, %error, "an assignment that was taken back stays in NATS");
            }
        }
        ended
    }
}

/// What comes of an assignment that was sent.
struct Told {
    number: u64,
    heard: mpsc::Receiver<Held>,
    ended: oneshot::Receiver<Ending>,
    desk: Arc<Desk>,
}

fn failed(kind: FailureKind, detail: &str) -> Ended {
    Ended::Failed(Failure {
        kind,
        detail: detail.to_owned(),
        stderr: String::new(),
    })
}

/// A worker that falls silent counts as a device that crashed.
fn taken_back(lost: Lost) -> Ended {
    let kind = match lost {
        Lost::NeverBegun | Lost::Draining => FailureKind::NotStarted,
        Lost::Silent | Lost::GivenUp => FailureKind::Crashed,
        Lost::Late => FailureKind::TimedOut(None),
    };
    failed(kind, lost.reason())
}

/// Puts the files of a done attempt where they belong.
async fn conclude(result: OutcomeResult, attempt: &Attempt<'_>, desk: &Desk) -> Ended {
    match result {
        OutcomeResult::Refused(refusal) => Ended::Refused(refusal),
        OutcomeResult::Failed { kind, detail } => failed(kind_of(kind), &detail),
        OutcomeResult::Done { done, files } => match place(&files, attempt, desk).await {
            Ok(()) => Ended::Done(done),
            Err(reason) => failed(FailureKind::InvalidProof, &reason),
        },
    }
}

async fn place(files: &[ResultFile], attempt: &Attempt<'_>, desk: &Desk) -> Result<(), String> {
    for file in files {
        if !attempt.results.contains(&file.name) {
            return Err(format!("this job makes no `{}`", file.name));
        }
        let to = attempt.folder.join(WRITABLE).join(&file.name);
        desk.hand_over(file, &to)
            .await
            .map_err(|error| format!("the worker's `{}`: {error}", file.name))?;
    }
    Ok(())
}

fn kind_of(trouble: Trouble) -> FailureKind {
    match trouble {
        Trouble::OutOfMemory => FailureKind::OutOfMemory,
        Trouble::TimedOutStarting => FailureKind::TimedOut(None),
        Trouble::TimedOutExecuting => FailureKind::TimedOut(Some(Phase::Executing)),
        Trouble::TimedOutProving => FailureKind::TimedOut(Some(Phase::Proving)),
        Trouble::TimedOutVerifying => FailureKind::TimedOut(Some(Phase::Verifying)),
        Trouble::Device => FailureKind::Device,
        Trouble::Differs => FailureKind::Differs,
        Trouble::InvalidProof => FailureKind::InvalidProof,
        Trouble::Crashed => FailureKind::Crashed,
        Trouble::Unbelievable => FailureKind::Unbelievable,
        Trouble::Defect => FailureKind::Defect,
        Trouble::NotStarted => FailureKind::NotStarted,
    }
}
