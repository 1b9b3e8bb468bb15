//! Runs jobs on this machine's processor: their CUDA text, compiled by the host's C++ compiler over `shim.h` under the
//! address and undefined-behaviour sanitizers. Does what a device's host does, with a launch where that would
//! dispatch. Needs a C++ compiler (`CXX`, else `c++`).

mod executable;

use std::fmt;
use std::num::NonZero;
use std::thread;

use crate::emit::report::{Report, parameters};
use crate::emit::{Emitted, Layout, Role, cuda};
use crate::job::{Execution, Invocation, Job};

use super::Outcome;
pub use executable::{Executable, Kernel, Launch};

/// Kernels that one run of the compiler takes: fewer waste its start, more leave processors idle.
const TOGETHER: usize = 25;

/// Outcomes of a job's runs: with its invocations in canonical order, in the reverse of it, and in another.
pub type Outcomes = [Outcome; 3];

/// What the sanitizers or the shim say about a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// Index of the job, where it is known.
    pub job: Option<usize>,
    /// What they say.
    pub said: String,
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.job {
            Some(job) => write!(f, "job {job}: {}", self.said),
            None => f.write_str(&self.said),
        }
    }
}

/// Runs jobs, each in several orders of its invocations; uses all processors.
pub fn execute(jobs: &[Job]) -> Result<Vec<Outcomes>, Objection> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let mut batches: Vec<&[Job]> = jobs.chunks(TOGETHER).collect();
    let mut outcomes = Vec::new();
    while !batches.is_empty() {
        let now: Vec<_> = batches.drain(..processors.min(batches.len())).collect();
        let done: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> = now
                .iter()
                .map(|batch| scope.spawn(move || execute_together(batch)))
                .collect();
            let finished = running.into_iter().map(|thread| thread.join());
            finished
                .map(|result| result.expect("the thread panicked"))
                .collect()
        });
        for batch in done {
            let before = outcomes.len();
            outcomes.extend(batch.map_err(|objection| Objection {
                job: objection.job.map(|job| before + job),
                ..objection
            })?);
        }
    }
    Ok(outcomes)
}

/// Runs jobs as one executable, on one processor.
pub fn execute_together(jobs: &[Job]) -> Result<Vec<Outcomes>, Objection> {
    let emitted: Vec<Emitted> = jobs.iter().map(|job| cuda(job.workload())).collect();
    // Jobs of one workload share its kernel.
    let mut kernels: Vec<Kernel> = Vec::new();
    let numbers: Vec<usize> = emitted
        .iter()
        .map(|emitted| {
            let same = |kernel: &Kernel| kernel.source == emitted.source;
            kernels.iter().position(same).unwrap_or_else(|| {
                kernels.push(Kernel::of(emitted));
                kernels.len() - 1
            })
        })
        .collect();
    let executable = Executable::build(&kernels);
    let run = |launches: &[Launch]| {
        executable.run(launches).map_err(|said| {
            let kernel = said
                .split_once("shim: program ")
                .or_else(|| said.split_once(" in run_"))
                .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next())
                .and_then(|number| number.parse().ok());
            let job = kernel.and_then(|kernel: usize| numbers.iter().position(|&n| n == kernel));
            Objection { job, said }
        })
    };

    let orders = || (0..jobs.len()).flat_map(|at| [(at, 0), (at, 1), (at, 2 + at as u32)]);
    let launches: Vec<Launch> = orders()
        .map(|(at, seed)| launch(numbers[at], &jobs[at], &emitted[at], seed, None))
        .collect();
    let first: Vec<_> = run(&launches)?;
    let trapped = |at: usize, words: &[Vec<u32>]| report(&emitted[at], words).first_trapped();
    let again: Vec<Launch> = orders()
        .zip(&first)
        .filter_map(|((at, seed), words)| {
            let explains = trapped(at, words)?;
            let (job, emitted) = (&jobs[at], &emitted[at]);
            Some(launch(numbers[at], job, emitted, seed, Some(explains)))
        })
        .collect();
    let mut second = run(&again)?.into_iter();

    let mut outcomes = orders().zip(first).map(|((at, _), words)| {
        let (job, emitted) = (&jobs[at], &emitted[at]);
        let Some(invocation) = trapped(at, &words) else {
            return Outcome::Finished(execution(job, emitted, words));
        };
        let words = second.next().expect("a launch for each that trapped");
        report(emitted, &words)
            .trap(emitted, job, invocation)
            .map_or(Outcome::Unrepeatable, Outcome::Trapped)
    });
    let mut all = Vec::with_capacity(jobs.len());
    while let (Some(canonical), Some(reverse), Some(other)) =
        (outcomes.next(), outcomes.next(), outcomes.next())
    {
        all.push([canonical, reverse, other]);
    }
    Ok(all)
}

fn launch(
    kernel: usize,
    job: &Job,
    emitted: &Emitted,
    seed: u32,
    explains: Option<Invocation>,
) -> Launch {
    let initial = |id| {
        let mut buffers = job.buffer_memories().zip(job.buffers());
        let ((_, _), words) = buffers.find(|((other, _), _)| *other == id).unwrap();
        [words, [0; Layout::SPARE_WORDS as usize].as_slice()].concat()
    };
    let bindings = emitted.layout.bindings.iter();
    let arguments = bindings.map(|role| match role {
        Role::Input(id) | Role::Output(id) => initial(*id),
        Role::Tables => emitted.layout.tables.clone(),
        Role::Parameters => parameters(emitted, job, explains),
        Role::Report => Report::INITIAL.to_vec(),
    });
    Launch {
        kernel,
        seed,
        grid: job.dispatch().workgroups(),
        threads: job.dispatch().group_invocations(),
        arguments: arguments.collect(),
    }
}

fn report(emitted: &Emitted, words: &[Vec<u32>]) -> Report {
    let bindings = &emitted.layout.bindings;
    let at = bindings.iter().position(|role| *role == Role::Report);
    let words = at.map(|at| words[at].as_slice()).unwrap();
    Report::from_words(words.try_into().unwrap())
}

fn execution(job: &Job, emitted: &Emitted, words: Vec<Vec<u32>>) -> Execution {
    let steps = report(emitted, &words).steps();
    let buffers = job
        .buffer_memories()
        .zip(job.buffers())
        .map(|((id, memory), initial)| {
            let role = if memory.is_writable() {
                Role::Output(id)
            } else {
                Role::Input(id)
            };
            let at = emitted
                .layout
                .bindings
                .iter()
                .position(|other| *other == role);
            let words = &words[at.unwrap()];
            let (words, spare) = words.split_at(initial.len());
            // What a miss writes goes to the second spare word, what it reads comes from the first.
            assert_eq!(spare[0], 0, "{}", emitted.source);
            words.to_vec()
        })
        .collect();
    Execution { buffers, steps }
}
