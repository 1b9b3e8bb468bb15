//! Runs of jobs by all backends.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use arknet_sandbox::{RunError, WgpuRunner};
use arknet_workload::job::Job;
use arknet_workload::testing::processor::{Objection, Outcomes, execute_together};
use arknet_workload::testing::{Outcome, interpret};

use crate::drivers;

/// Jobs that one run of the C++ compiler takes.
const TOGETHER: usize = 25;

/// All backends.
pub(crate) struct Backends {
    devices: Vec<WgpuRunner>,
    /// Time spent in each: the interpreter, the processor, the devices.
    spent: Mutex<Vec<Duration>>,
}

/// What the backends gave for a job.
pub(crate) struct Answers {
    pub(crate) interpreter: Outcome,
    pub(crate) processor: Result<Outcomes, Objection>,
    /// By the device's name.
    pub(crate) devices: Vec<(String, Result<Outcome, RunError>)>,
}

/// A piece of work: a backend and the first of the jobs that it runs. Backends are numbered as in `spent`.
#[derive(Clone, Copy)]
struct Task {
    backend: usize,
    first: usize,
}

/// What a backend gave for the jobs of a task.
enum Given {
    Interpreter(Vec<Outcome>),
    Processor(Vec<Result<Outcomes, Objection>>),
    Device(Vec<Result<Outcome, RunError>>),
}

impl Backends {
    pub(crate) fn open() -> Self {
        let devices = drivers::open();
        for device in &devices {
            eprintln!("device: {}", device.adapter());
        }
        let spent = Mutex::new(vec![Duration::ZERO; 2 + devices.len()]);
        Self { devices, spent }
    }

    /// Runs jobs by all of them, on all processors.
    pub(crate) fn run(&self, jobs: &[Job]) -> Vec<Answers> {
        let tasks: Vec<Task> = (0..jobs.len())
            .step_by(TOGETHER)
            .flat_map(|first| {
                (0..2 + self.devices.len()).map(move |backend| Task { backend, first })
            })
            .collect();
        let next = AtomicUsize::new(0);
        let given = Mutex::new(Vec::new());
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        thread::scope(|scope| {
            for _ in 0..processors {
                scope.spawn(|| {
                    while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let end = jobs.len().min(task.first + TOGETHER);
                        let done = self.task(task.backend, &jobs[task.first..end]);
                        given.lock().unwrap().push((*task, done));
                    }
                });
            }
        });
        let mut given = given.into_inner().unwrap();
        given.sort_by_key(|(task, _)| (task.first, task.backend));
        collect(&self.devices, given.into_iter().map(|(_, given)| given))
    }

    fn task(&self, backend: usize, jobs: &[Job]) -> Given {
        let start = Instant::now();
        let given = match backend {
            0 => Given::Interpreter(jobs.iter().map(interpret).collect()),
            1 => Given::Processor(on_the_processor(jobs)),
            device => {
                let device = &self.devices[device - 2];
                let run = |job| match device.run(job) {
                    Ok(run) => Ok(Outcome::Finished(run.execution)),
                    Err(RunError::Trap(trap)) => Ok(Outcome::Trapped(trap)),
                    Err(RunError::Unrepeatable { .. }) => Ok(Outcome::Unrepeatable),
                    Err(error) => Err(error),
                };
                Given::Device(jobs.iter().map(run).collect())
            }
        };
        self.spent.lock().unwrap()[backend] += start.elapsed();
        given
    }

    /// Says how long each backend took.
    pub(crate) fn report(&self) {
        let names = ["the interpreter".to_owned(), "the processor".to_owned()];
        let devices = self
            .devices
            .iter()
            .map(|device| device.adapter().to_string());
        let spent = self.spent.lock().unwrap();
        for (name, spent) in names.into_iter().chain(devices).zip(spent.iter()) {
            eprintln!("{:8.1} s by {name}", spent.as_secs_f64());
        }
    }
}

/// The jobs as one executable. Where it objects to one, each runs alone, so that the objection is to that one.
fn on_the_processor(jobs: &[Job]) -> Vec<Result<Outcomes, Objection>> {
    match execute_together(jobs) {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(objection) if jobs.len() == 1 => vec![Err(objection)],
        Err(_) => jobs
            .iter()
            .map(|job| execute_together(std::slice::from_ref(job)).map(|mut all| all.remove(0)))
            .collect(),
    }
}

/// Brings together what the backends gave: for each batch of jobs, that of each backend in turn.
fn collect(devices: &[WgpuRunner], mut given: impl Iterator<Item = Given>) -> Vec<Answers> {
    let mut answers = Vec::new();
    while let (Some(Given::Interpreter(interpreter)), Some(Given::Processor(processor))) =
        (given.next(), given.next())
    {
        let start = answers.len();
        let both = interpreter.into_iter().zip(processor);
        answers.extend(both.map(|(interpreter, processor)| Answers {
            interpreter,
            processor,
            devices: Vec::new(),
        }));
        for device in devices {
            if let Some(Given::Device(outcomes)) = given.next() {
                for (answers, outcome) in answers[start..].iter_mut().zip(outcomes) {
                    answers
                        .devices
                        .push((device.adapter().name.clone(), outcome));
                }
            }
        }
    }
    answers
}
