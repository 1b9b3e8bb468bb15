//! Jobs on the processor: what a device's host does, with a launch where it would dispatch.

use std::num::NonZero;
use std::thread;
use std::time::Duration;

use arknet_workload::emit::report::{Report, parameters};
use arknet_workload::emit::{Emitted, Layout, Role, cuda};
use arknet_workload::interpreter::{self, RunError};
use arknet_workload::ir::{InstKind, Program, Span, Workload, text};
use arknet_workload::job::{Execution, Invocation, Job, Limits, Trap};

use crate::executable::{Executable, Kernel, Launch};

/// Kernels that one run of the compiler takes: fewer waste its start, more leave processors idle.
const TOGETHER: usize = 25;

pub(crate) const LIMITS: Limits = Limits {
    steps: 100_000,
    memory: 1 << 28,
    time: Duration::from_secs(60),
};

pub(crate) fn job(source: &str, workgroups: [u32; 3], buffers: Vec<Vec<u32>>) -> Job {
    job_with_limits(source, workgroups, buffers, LIMITS)
}

pub(crate) fn job_with_limits(
    source: &str,
    workgroups: [u32; 3],
    buffers: Vec<Vec<u32>>,
    limits: Limits,
) -> Job {
    let workload = number(text::parse(source).unwrap());
    Job::new(workload, workgroups, buffers, limits).unwrap()
}

/// Gives each instruction a span of its own, so that traps tell their places apart.
pub(crate) fn number(mut program: Program) -> Workload {
    let mut next = 0;
    let mut blocks = vec![&mut program.body];
    while let Some(block) = blocks.pop() {
        for inst in &mut block.insts {
            inst.span = Span {
                start: next,
                end: next + 1,
            };
            next += 1;
            match &mut inst.kind {
                InstKind::If {
                    then, otherwise, ..
                } => blocks.extend([then, otherwise]),
                InstKind::Loop { body, .. } => blocks.push(body),
                _ => {}
            }
        }
    }
    Workload::new(program).unwrap()
}

/// What a run gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Finished(Execution),
    Trapped(Trap),
    /// An invocation trapped that did not trap when the job ran again.
    Unrepeatable,
}

pub(crate) fn interpret(job: &Job) -> Outcome {
    match interpreter::run(job) {
        Ok(execution) => Outcome::Finished(execution),
        Err(RunError::Trap(trap)) => Outcome::Trapped(trap),
        Err(RunError::OverTime { limit }) => panic!("the interpreter took over {limit:?}"),
    }
}

/// Outcomes of a job's runs: with its invocations in canonical order, in the reverse of it, and in another.
pub(crate) type Outcomes = [Outcome; 3];

/// Runs jobs, each in several orders of its invocations. The error names the job at which the sanitizers or the shim objected, and what they said.
pub(crate) fn execute(jobs: &[Job]) -> Result<Vec<Outcomes>, String> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let mut batches: Vec<&[Job]> = jobs.chunks(TOGETHER).collect();
    let mut outcomes = Vec::new();
    while !batches.is_empty() {
        let now: Vec<_> = batches.drain(..processors.min(batches.len())).collect();
        let done: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> = now
                .iter()
                .map(|batch| scope.spawn(move || execute_batch(batch)))
                .collect();
            let finished = running.into_iter().map(|thread| thread.join());
            finished
                .map(|result| result.expect("the thread panicked"))
                .collect()
        });
        for batch in done {
            outcomes.extend(batch?);
        }
    }
    Ok(outcomes)
}

/// Runs jobs, holds all outcomes of each against the interpreter, and gives what it gave.
pub(crate) fn check_all(jobs: &[Job]) -> Vec<Outcome> {
    let outcomes = execute(jobs).unwrap_or_else(|error| panic!("{error}"));
    let check = |(job, outcomes): (&Job, Outcomes)| {
        let expected = interpret(job);
        for outcome in outcomes {
            assert_eq!(outcome, expected, "{}", shown(job));
        }
        expected
    };
    jobs.iter().zip(outcomes).map(check).collect()
}

/// The same for one job.
pub(crate) fn check(job: &Job) -> Outcome {
    check_all(std::slice::from_ref(job)).remove(0)
}

fn execute_batch(jobs: &[Job]) -> Result<Vec<Outcomes>, String> {
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
        executable.run(launches).map_err(|error| {
            let kernel = error
                .split_once("shim: program ")
                .or_else(|| error.split_once(" in run_"))
                .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next())
                .and_then(|number| number.parse().ok())
                .and_then(|number: usize| numbers.iter().position(|&other| other == number))
                .map(|at| &jobs[at]);
            format!("{error}\n{}", kernel.map(shown).unwrap_or_default())
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
            assert_eq!(spare[0], 0, "{}", shown(job));
            words.to_vec()
        })
        .collect();
    Execution { buffers, steps }
}

pub(crate) fn shown(job: &Job) -> String {
    format!("{}\n{}", job.workload(), cuda(job.workload()).source)
}
