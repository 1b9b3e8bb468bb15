//! What must come of a kernel, as far as its tree tells.

use crate::job::{Execution, Invocation, Trap};

/// What must come of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// These words and steps.
    Finished(Execution),
    /// This invocation traps out of bounds.
    OutOfBounds(Invocation),
    /// This invocation runs out of steps.
    OutOfSteps(Invocation),
    /// Two invocations race.
    Race,
}

impl Expected {
    /// Whether an outcome is the one that is expected.
    pub fn is(&self, outcome: Result<&Execution, &Trap>) -> bool {
        match (self, outcome) {
            (Self::Finished(expected), Ok(execution)) => expected == execution,
            (Self::OutOfBounds(expected), Err(Trap::OutOfBounds { invocation, .. }))
            | (Self::OutOfSteps(expected), Err(Trap::OutOfSteps { invocation, .. })) => {
                expected == invocation
            }
            (Self::Race, Err(Trap::Race { .. })) => true,
            _ => false,
        }
    }
}
