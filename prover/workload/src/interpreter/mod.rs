//! The reference meaning of a job: runs it on the CPU.
//!
//! Invocations run in parallel, yet the result is the same on every run. A run without a trap or a race gives
//! the final buffers. Otherwise the trap that comes first in the canonical order (invocation, then program
//! order) is reported, each invocation taken as if it ran alone: it sees the initial buffers and its own
//! stores. Only where nothing traps is a race reported: the first access in the canonical order that meets an
//! earlier invocation's access to its word, one of the two a store, and the first access that it meets.
//!
//! [`Job`]s are compiled to flat register code first; [`evaluate_binary`] defines its arithmetic.

mod arithmetic;
mod code;
mod compile;
mod isolated;
mod machine;
mod moves;
mod progress;
mod race;
mod shared;
#[cfg(test)]
mod tests;
mod touch;

use std::time::Duration;

use rayon::prelude::*;

pub use arithmetic::{evaluate_binary, evaluate_cast};

use crate::job::{Execution, Invocation, Job, Trap};
use code::Code;
use machine::{Machine, Stop, table};
use progress::Progress;
use shared::Shared;

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
}

/// Invocations that a thread takes at once.
const CHUNK: u32 = 64;

/// Runs a job.
pub fn run(job: &Job) -> Result<Execution, RunError> {
    let code = compile::compile(job);
    let progress = Progress::new(job.limits().time);
    let shared = Shared::new(code.outputs.iter().map(|&id| table(job, id)));
    let steps = run_all(job, &code, &progress, &shared);
    let over_time = RunError::OverTime {
        limit: job.limits().time,
    };
    if progress.is_over_time() {
        return Err(over_time);
    }
    if progress.has_conflict() {
        drop(shared);
        let trap = race::adjudicate(job, &code, &progress.rerun());
        return Err(trap.map_or(over_time, RunError::Trap));
    }
    if let Some(trap) = progress.into_trap() {
        return Err(RunError::Trap(trap));
    }
    Ok(Execution {
        buffers: final_buffers(job, &code, shared),
        steps,
    })
}

/// Runs the invocations that the result depends on; gives the most steps of any.
fn run_all(job: &Job, code: &Code, progress: &Progress, shared: &Shared) -> u32 {
    let invocations = job.dispatch().invocations();
    (0..invocations.div_ceil(CHUNK))
        .into_par_iter()
        .map_init(
            || Machine::new(job, code, progress),
            |machine, chunk| {
                let start = chunk * CHUNK;
                let mut most = 0;
                if progress.check(Invocation(start)).is_break() {
                    return most;
                }
                for invocation in (start..invocations.min(start + CHUNK)).map(Invocation) {
                    if progress.wanted(invocation).is_break() {
                        break;
                    }
                    match machine.run(invocation, &mut &*shared) {
                        Ok(steps) => most = most.max(steps),
                        Err(Stop::Trap(trap)) => progress.trapped(invocation, trap),
                        Err(Stop::Conflict) => progress.conflict(),
                        Err(Stop::Interrupted) => {}
                    }
                }
                most
            },
        )
        .max()
        .unwrap_or(0)
}

fn final_buffers(job: &Job, code: &Code, shared: Shared) -> Vec<Vec<u32>> {
    let mut outputs = code.outputs.iter().zip(shared.into_words()).peekable();
    job.buffer_memories()
        .zip(job.buffers())
        .map(|((id, _), initial)| {
            let output = outputs.next_if(|(output, _)| **output == id);
            output.map_or_else(|| initial.clone(), |(_, words)| words)
        })
        .collect()
}
