//! One assignment at a worker, from the message to the moment when the node has closed its ticket.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use arknet_protocol::{BlobDigest, SignedRequest};
use tokio::fs;
use tokio::time::timeout;
use tracing::{debug, info, warn};

use super::courier::{Undelivered, files_in};
use super::heart::now_ms;
use super::pulse::Hold;
use super::{Bench, Execute};
use crate::fleet::message::{
    Assignment, AssignmentDigest, Outcome, OutcomeResult, Trouble, VERSION, open, seal,
};
use crate::fleet::nats::{QueueError, Taken};
use crate::task::{Ended, FailureKind, Progress, WRITABLE};

/// The pause before an outcome is sent again that NATS has not taken.
const PAUSE: Duration = Duration::from_millis(500);

/// A job's files on this machine.
#[derive(Debug)]
pub struct Job<'a> {
    /// The client's request.
    pub request: &'a SignedRequest,
    /// Its blobs, each checked against its digest.
    pub blobs: &'a BTreeMap<BlobDigest, PathBuf>,
    /// A folder for the attempt. The files that it makes are expected in the folder [`WRITABLE`] in it.
    pub folder: &'a Path,
}

impl<E: Execute> Bench<E> {
    /// Deals with a message. Returns once the node does not wait for it any more.
    pub(super) async fn deal_with(&self, taken: Taken) {
        let assignment: Assignment = match open(taken.payload(), &self.ends) {
            Ok(assignment) => assignment,
            Err(error) => {
                warn!(%error, "an assignment is dropped");
                return settle(taken.discard().await);
            }
        };
        let ticket = assignment.ticket;
        if now_ms() / 1000 >= assignment.deadline {
            info!(%ticket, "the assignment's time is over");
            return settle(taken.finish().await);
        }
        let Some(hold) = self.pulse.take(ticket, taken.reply(), Instant::now()) else {
            // The node hears with the next heartbeat that this was not begun.
            return;
        };
        info!(%ticket, "begins");
        let digest = AssignmentDigest::of(taken.payload());
        self.work(&assignment, digest, &hold).await;
        settle(taken.finish().await);
    }

    async fn work(&self, assignment: &Assignment, digest: AssignmentDigest, hold: &Hold) {
        let ticket = assignment.ticket;
        let folder = self.scratch.join(format!(
            "{}-{}-{}",
            ticket.job, ticket.segment, ticket.attempt
        ));
        let result = self.perform(assignment, &folder, hold).await;
        // Whatever is left of another attempt under this name would be taken for this one's.
        if let Err(error) = fs::remove_dir_all(&folder).await {
            warn!(%error, folder = %folder.display(), "an attempt's folder stays");
        }
        let Some(result) = result else {
            info!(%ticket, "the node does not want it any more");
            return;
        };
        let outcome = Outcome {
            version: VERSION,
            node: self.ends.node,
            worker: self.ends.worker,
            ticket,
            assignment: digest,
            result,
        };
        self.report(&outcome, hold).await;
    }

    /// The result of an assignment; none where the node has closed its ticket.
    async fn perform(
        &self,
        assignment: &Assignment,
        folder: &Path,
        hold: &Hold,
    ) -> Option<OutcomeResult> {
        let ticket = assignment.ticket;
        // `open` has checked it.
        let request = assignment.request().ok()?;
        let fetching = self.fetch(assignment, folder);
        let blobs = tokio::select! {
            biased;
            () = hold.dropped() => return None,
            fetched = fetching => match fetched {
                Ok(blobs) => blobs,
                Err(why) => return undelivered(&why),
            },
        };
        let job = Job {
            request: &request,
            blobs: &blobs,
            folder,
        };
        let mut progress = |progress: Progress| {
            hold.progress(progress.phase, progress.percent);
        };
        let ended = self
            .execute
            .execute(job, &mut progress, hold.dropped())
            .await;
        let done = match ended {
            Ended::Done(done) => done,
            Ended::Refused(refusal) => return Some(OutcomeResult::Refused(refusal)),
            Ended::Cancelled => return None,
            Ended::Failed(failure) => {
                warn!(%ticket, kind = failure.kind.name(), detail = failure.detail, stderr = failure.stderr, "failed");
                return Some(OutcomeResult::Failed {
                    kind: trouble(failure.kind),
                    detail: cut(&failure.detail),
                });
            }
        };
        let bringing = async {
            let mut files = Vec::new();
            for (name, path) in files_in(&folder.join(WRITABLE)).await? {
                files.push(self.courier.bring(ticket, name, &path).await?);
            }
            Ok::<_, Undelivered>(files)
        };
        tokio::select! {
            biased;
            () = hold.dropped() => None,
            brought = bringing => match brought {
                Ok(files) => Some(OutcomeResult::Done { done, files }),
                Err(why) => undelivered(&why),
            },
        }
    }

    async fn fetch(
        &self,
        assignment: &Assignment,
        folder: &Path,
    ) -> Result<BTreeMap<BlobDigest, PathBuf>, Undelivered> {
        let inputs = folder.join("blobs");
        // An attempt that this worker began before it was started anew.
        match fs::remove_dir_all(folder).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => fs::create_dir_all(&inputs).await?,
        }
        let mut blobs = BTreeMap::new();
        for blob in &assignment.blobs {
            let path = inputs.join(blob.digest.to_string());
            self.courier.fetch(assignment.ticket, *blob, &path).await?;
            blobs.insert(blob.digest, path);
        }
        Ok(blobs)
    }

    /// Sends an outcome until the node has closed the ticket. NATS may take it and lose it, and the node may be away.
    async fn report(&self, outcome: &Outcome, hold: &Hold) {
        let ticket = outcome.ticket;
        let sealed = seal(outcome, &self.key);
        let closed = hold.dropped();
        tokio::pin!(closed);
        for again in 0u64.. {
            // Sent again under its old number NATS would drop it, and it might have lost the first.
            let id = format!("{}-{again}", outcome.assignment);
            let subject = self.names.outcome(&self.ends.worker);
            let sending = self.queue.send(subject, &id, sealed.clone());
            let pause = match sending.await {
                Ok(_) => self.pulse.lease(),
                Err(error) => {
                    debug!(%ticket, %error, "the outcome is sent again");
                    PAUSE
                }
            };
            if timeout(pause, &mut closed).await.is_ok() {
                info!(%ticket, "ended");
                return;
            }
        }
    }
}

/// What to report of files that did not arrive.
fn undelivered(why: &Undelivered) -> Option<OutcomeResult> {
    warn!(error = %why, "files");
    match why {
        Undelivered::Closed => None,
        why => not_started(&why.to_string()),
    }
}

fn not_started(detail: &str) -> Option<OutcomeResult> {
    Some(OutcomeResult::Failed {
        kind: Trouble::NotStarted,
        detail: cut(detail),
    })
}

/// An acknowledgement that is lost lets the message come again; its ticket is closed then.
fn settle(acknowledged: Result<(), QueueError>) {
    if let Err(error) = acknowledged {
        debug!(%error, "a message comes again");
    }
}

fn cut(text: &str) -> String {
    let printable = arknet_workload::printable::printable_lines(text);
    let mut end = printable.len().min(Outcome::MAX_TEXT);
    while !printable.is_char_boundary(end) {
        end -= 1;
    }
    printable[..end].to_owned()
}

fn trouble(kind: FailureKind) -> Trouble {
    match kind {
        FailureKind::OutOfMemory => Trouble::OutOfMemory,
        FailureKind::TimedOut(phase) => Trouble::timed_out(phase),
        FailureKind::Device => Trouble::Device,
        FailureKind::Differs => Trouble::Differs,
        FailureKind::InvalidProof => Trouble::InvalidProof,
        FailureKind::Crashed => Trouble::Crashed,
        FailureKind::Unbelievable => Trouble::Unbelievable,
        FailureKind::Defect => Trouble::Defect,
        FailureKind::NotStarted => Trouble::NotStarted,
    }
}
