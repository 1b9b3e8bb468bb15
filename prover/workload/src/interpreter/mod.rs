//! The reference meaning of a job: runs it on the CPU.
//!
//! Workgroups run in parallel, yet the result is the same on every run. A run without a trap or a race gives
//! the final buffers. Otherwise the trap that comes first is reported, each workgroup taken as if it ran alone;
//! only where nothing traps is a race reported, with both its accesses. `docs/semantics.md` has the rules.
//!
//! Finding every race costs a few operations an access, so there is no run without it: to know whether a job
//! that ran elsewhere is free of races, [`run`] it.
//!
//! [`Job`]s are compiled to flat register code first; [`evaluate_binary`] defines its arithmetic.

mod arithmetic;
mod code;
mod compile;
mod direct;
mod footprint;
mod group;
mod isolated;
mod machine;
mod memory;
mod moves;
mod outputs;
mod progress;
mod race;
#[cfg(test)]
mod tests;
mod touch;

use std::collections::TryReserveError;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rayon::prelude::*;

pub use arithmetic::{evaluate_atomic, evaluate_binary, evaluate_cast};
pub use footprint::memory_bytes;

use crate::job::{Execution, Invocation, Job, Trap};
use code::Code;
use direct::Direct;
use machine::{Machine, Stop, table};
use outputs::Outputs;
use progress::Progress;

/// Why a run has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The job trapped.
    #[error(transparent)]
    Trap(#[from] Trap),
    /// The run took longer than the job allows. Whether this happens depends on the machine.
    #[error("the run took longer than the declared limit of {limit:?} (`limits.time`)")]
    OverTime {
        /// The declared limit.
        limit: Duration,
    },
    /// The system refused the memory for the buffers.
    #[error(
        "this machine cannot give the {bytes} bytes of memory that running the job takes beside its buffers; \
         split the job into smaller ones, or run it on a larger machine"
    )]
    OutOfMemory {
        /// What the run takes, as [`memory_bytes`] has it.
        bytes: u64,
    },
}

/// Invocations that a thread takes at once where workgroups do not matter.
const CHUNK: u32 = 64;

/// Runs a job within its declared time.
pub fn run(job: &Job) -> Result<Execution, RunError> {
    run_within(job, job.limits().time)
}

/// Runs a job within another time than it declares: that is about the machine it was meant for.
pub fn run_within(job: &Job, time: Duration) -> Result<Execution, RunError> {
    let code = compile::compile(job);
    let progress = Progress::new(time);
    let out_of_memory = |_: TryReserveError| RunError::OutOfMemory {
        bytes: memory_bytes(job),
    };
    let initial = code.outputs.iter().map(|&id| table(job, id));
    let outputs = Outputs::new(initial).map_err(out_of_memory)?;
    let steps = if code.works_in_groups() {
        run_groups(job, &code, &progress, &outputs)
    } else {
        run_invocations(job, &code, &progress, &outputs)
    };
    let over_time = RunError::OverTime { limit: time };
    if progress.is_over_time() {
        return Err(over_time);
    }
    if progress.has_conflict() {
        drop(outputs);
        let trap = race::adjudicate(job, &code, &progress.rerun());
        return Err(trap.map_or(over_time, RunError::Trap));
    }
    if let Some(trap) = progress.into_trap() {
        return Err(RunError::Trap(trap));
    }
    Ok(Execution {
        buffers: final_buffers(job, &code, outputs).map_err(out_of_memory)?,
        steps,
    })
}

/// Runs the invocations that the result depends on, each on its own; gives the most steps of any.
fn run_invocations(job: &Job, code: &Code, progress: &Progress, outputs: &Outputs) -> u32 {
    let invocations = job.dispatch().invocations();
    (0..invocations.div_ceil(CHUNK))
        .into_par_iter()
        .map_init(
            || {
                (
                    Machine::new(job, code, progress),
                    Direct::new(code, outputs),
                )
            },
            |(machine, memory), chunk| {
                let start = chunk * CHUNK;
                let mut most = 0;
                if progress.check(Invocation(start)).is_break() {
                    return most;
                }
                for invocation in (start..invocations.min(start + CHUNK)).map(Invocation) {
                    if progress.wanted(invocation).is_break() {
                        break;
                    }
                    let steps = machine.run_alone(invocation, memory);
                    most = most.max(told(steps, progress));
                }
                most
            },
        )
        .max()
        .unwrap_or(0)
}

/// Runs the workgroups that the result depends on; gives the most steps of any invocation.
fn run_groups(job: &Job, code: &Code, progress: &Progress, outputs: &Outputs) -> u32 {
    let size = job.dispatch().group_invocations();
    let groups = job.dispatch().groups();
    let next = AtomicU32::new(0);
    (0..footprint::threads(job, code))
        .into_par_iter()
        .map(|_| {
            let mut machine = Machine::new(job, code, progress);
            let mut memory = Direct::new(code, outputs);
            let mut most = 0;
            loop {
                let group = next.fetch_add(1, Ordering::Relaxed);
                if group >= groups || progress.check(Invocation(group * size)).is_break() {
                    return most;
                }
                let steps = machine.run_group(group, &mut memory);
                most = most.max(told(steps, progress));
            }
        })
        .max()
        .unwrap_or(0)
}

/// Tells the other threads how a part of the run ended; gives its steps.
fn told(steps: Result<u32, Stop>, progress: &Progress) -> u32 {
    match steps {
        Ok(steps) => return steps,
        Err(Stop::Trap(trap)) => progress.trapped(trap),
        Err(Stop::Conflict) => progress.conflict(),
        Err(Stop::Interrupted) => {}
    }
    0
}

fn final_buffers(
    job: &Job,
    code: &Code,
    outputs: Outputs,
) -> Result<Vec<Vec<u32>>, TryReserveError> {
    let mut outputs = code.outputs.iter().zip(outputs.into_words()).peekable();
    job.buffer_memories()
        .zip(job.buffers())
        .map(|((id, _), initial)| {
            if let Some((_, words)) = outputs.next_if(|(output, _)| **output == id) {
                return words;
            }
            let mut words = Vec::new();
            words.try_reserve_exact(initial.len())?;
            words.extend_from_slice(initial);
            Ok(words)
        })
        .collect()
}
