//! The node of the test: it counts attempts, gives each worker its next job, and verifies what comes back.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arknet_node::fleet::{Attempt, Fleet, Ticket, WorkerView};
use arknet_node::task::{self, Act, Ended, Program};
use arknet_protocol::api::DeviceState;
use arknet_protocol::{JobId, PublicKey};
use tokio::time::sleep;

use super::jobs::{Job, lay_out, spec};

/// What an attempt may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a worker is seen to do, for the test to interfere.
pub(crate) type Seen = tokio::sync::mpsc::UnboundedSender<PublicKey>;

pub(crate) struct Node {
    pub(crate) fleet: Fleet,
    pub(crate) scratch: PathBuf,
    jobs: HashMap<JobId, Job>,
    queue: Mutex<VecDeque<(JobId, u32)>>,
    done: Mutex<HashMap<JobId, (u32, PublicKey)>>,
    seen: Seen,
}

impl Node {
    pub(crate) fn new(fleet: Fleet, scratch: PathBuf, jobs: Vec<Job>, seen: Seen) -> Arc<Self> {
        let queue = jobs.iter().map(|job| (job.request.job(), 1)).collect();
        Arc::new(Self {
            fleet,
            scratch,
            jobs: jobs
                .into_iter()
                .map(|job| (job.request.job(), job))
                .collect(),
            queue: Mutex::new(queue),
            done: Mutex::default(),
            seen,
        })
    }

    pub(crate) fn done(&self) -> HashMap<JobId, (u32, PublicKey)> {
        self.done.lock().unwrap().clone()
    }

    pub(crate) fn view(&self, worker: &PublicKey) -> WorkerView {
        let mut views = self.fleet.workers().into_iter();
        views.find(|view| view.key == *worker).unwrap()
    }

    /// Waits until a worker is free.
    pub(crate) async fn free(&self, worker: &PublicKey) {
        while self.view(worker).state != DeviceState::Idle {
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Gives a worker one job after the other until all are done.
    pub(crate) async fn serve(self: Arc<Self>, worker: PublicKey) {
        while self.done().len() < self.jobs.len() {
            let next = match self.view(&worker).state {
                DeviceState::Idle => self.queue.lock().unwrap().pop_front(),
                _ => None,
            };
            let Some((id, attempt)) = next else {
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            if let Err(reason) = self.attempt(id, attempt, &worker).await {
                eprintln!("{id}/{attempt}: {reason}");
                self.queue.lock().unwrap().push_back((id, attempt + 1));
            }
        }
    }

    async fn attempt(&self, id: JobId, attempt: u32, worker: &PublicKey) -> Result<(), String> {
        let job = &self.jobs[&id];
        let folder = self.scratch.join(format!("{id}-{attempt}"));
        lay_out(&folder, &job.blobs, job.request.request());
        let output = task::output_file("values");
        let name = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        let mut progress = |_| {
            // The test may have seen enough.
            let _ = self.seen.send(*worker);
        };
        let given = Attempt {
            ticket: Ticket {
                job: id,
                segment: 0,
                attempt,
            },
            request: &job.request,
            blobs: job.blobs.clone().into_iter().collect(),
            folder: &folder,
            results: BTreeSet::from([name(&output), name(task::RECEIPT)]),
            result_bytes: 16 << 20,
            patience: PATIENCE,
        };
        let never = std::future::pending();
        let ended = self
            .fleet
            .perform(worker, given, &mut progress, never)
            .await;
        let Ended::Done(done) = ended else {
            return Err(format!("{ended:?}"));
        };
        let verify = spec(&folder, Act::Verify);
        let never = std::future::pending();
        match task::perform(&Program::default(), &verify, &mut |_| {}, never).await {
            Ended::Done(verified) => assert_eq!(verified.claim, done.claim),
            other => panic!("a worker's receipt does not hold: {other:?}"),
        }
        let words = fs::read(folder.join(&output)).unwrap();
        assert!(job.is_right(&words), "a valid receipt for a wrong output");
        let twice = self.done.lock().unwrap().insert(id, (attempt, *worker));
        assert_eq!(twice, None, "job {id} was done twice");
        Ok(())
    }
}
