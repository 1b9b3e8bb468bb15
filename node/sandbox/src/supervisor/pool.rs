//! Workers that are ready before their job comes.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use arknet_workload::job::Job;

use super::{StartError, Worker, WorkerSettings};
use crate::{GpuExecution, RunError};

/// How long to wait after a worker did not start, doubled each time up to a minute.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Whether a worker runs more than one job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// A process for each job, which is what strangers' jobs need: whatever a job did to the process ends with it.
    #[default]
    Never,
    /// So many jobs in one process, one after the other, where all jobs are of one owner. Device memory is zeroed between
    /// them, the memory of the process is not.
    Jobs(u32),
}

/// How a pool works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolSettings {
    /// What its workers are started with.
    pub worker: WorkerSettings,
    /// Whether they run more than one job.
    pub reuse: Reuse,
    /// Workers to keep ready.
    pub ready: usize,
}

/// Workers kept ready for jobs. Jobs may come from several threads; each has a worker to itself.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: PoolSettings,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    idle: VecDeque<Worker>,
    closed: bool,
}

impl Pool {
    /// Starts one worker, so that what is wrong with the system shows here, and keeps as many ready as it should from
    /// then on.
    pub fn new(settings: PoolSettings) -> Result<Self, StartError> {
        let first = Worker::start(&settings.worker)?;
        let keeps = settings.ready > 0;
        let shared = Arc::new(Shared {
            settings,
            state: Mutex::new(State {
                idle: VecDeque::from([first]),
                closed: false,
            }),
            changed: Condvar::new(),
        });
        let pool = Self { shared };
        if keeps {
            let shared = Arc::clone(&pool.shared);
            thread::Builder::new()
                .name("arknet-pool".to_owned())
                .spawn(move || shared.keep_ready())
                .map_err(|error| StartError::Spawn(error.to_string()))?;
        }
        Ok(pool)
    }

    /// Runs a job in a worker that is ready, or in a new one.
    pub fn run(&self, job: &Job) -> Result<GpuExecution, RunError> {
        let mut worker = match self.shared.take() {
            Some(worker) => worker,
            None => Worker::start(&self.shared.settings.worker)?,
        };
        let result = worker.run(job);
        self.shared.put_back(worker);
        result
    }

    /// Workers that are ready now.
    pub fn ready(&self) -> usize {
        self.shared.lock().idle.len()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        self.shared.changed.notify_all();
        drop(idle);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change of the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle worker that is still there.
    fn take(&self) -> Option<Worker> {
        loop {
            let mut worker = self.lock().idle.pop_front()?;
            self.changed.notify_all();
            if worker.is_usable() {
                return Some(worker);
            }
        }
    }

    fn put_back(&self, mut worker: Worker) {
        let again = match self.settings.reuse {
            Reuse::Never => false,
            Reuse::Jobs(jobs) => worker.jobs() < jobs.into(),
        };
        if !again || !worker.is_usable() {
            return;
        }
        let mut state = self.lock();
        if !state.closed {
            state.idle.push_back(worker);
        }
    }

    /// Starts workers whenever there are too few, until the pool is gone.
    fn keep_ready(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let mut state = self.lock();
            while !state.closed && state.idle.len() >= self.settings.ready {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if state.closed {
                return;
            }
            drop(state);
            match Worker::start(&self.settings.worker) {
                Ok(worker) => {
                    pause = FIRST_PAUSE;
                    let mut state = self.lock();
                    if state.closed {
                        return;
                    }
                    state.idle.push_back(worker);
                }
                // Jobs meet the same error when they start their own worker, and report it.
                Err(_) => {
                    self.rest(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Waits, unless the pool is closed meanwhile.
    fn rest(&self, pause: Duration) {
        let end = Instant::now() + pause;
        let mut state = self.lock();
        while !state.closed {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}
