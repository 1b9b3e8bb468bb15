//! What a run gives, whatever it runs on.

use crate::interpreter::{self, RunError};
use crate::job::{Execution, Job, Trap};

/// What a run gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A result.
    Finished(Execution),
    /// A trap.
    Trapped(Trap),
    /// An invocation trapped that did not trap when the job ran again.
    Unrepeatable,
}

/// What the interpreter gives.
pub fn interpret(job: &Job) -> Outcome {
    match interpreter::run(job) {
        Ok(execution) => Outcome::Finished(execution),
        Err(RunError::Trap(trap)) => Outcome::Trapped(trap),
        Err(error @ (RunError::OverTime { .. } | RunError::OutOfMemory { .. })) => {
            panic!("the interpreter gave up: {error}")
        }
    }
}
