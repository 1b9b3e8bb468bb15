//! What came of an attempt, for whoever gave it a device.

use crate::task::FailureKind;

/// Why an attempt is called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The job is cancelled or has expired; the store has it already.
    NotWanted,
    /// The node ends; the job is queued again.
    ShuttingDown,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    /// How it ended.
    pub outcome: Outcome,
    /// Milliseconds on the device.
    pub device_millis: u64,
    /// What the device did per second, by name of the measure.
    pub rates: Vec<(&'static str, f64)>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The job is sealed; done, or to be resumed (`finished` is false).
    Sealed {
        /// Whether its receipt is there too.
        finished: bool,
    },
    /// The job has no result, by its own fault.
    Refused,
    /// The attempt has no result.
    Failed {
        /// Of what kind.
        kind: FailureKind,
        /// What happened, for the operator.
        detail: String,
        /// Whether the job is queued for another attempt.
        again: bool,
    },
    /// It was called off.
    Stopped(Stop),
    /// The job had moved on.
    Stale,
    /// It ended, and that could not be stored: the job is still where it was.
    Stranded,
}

impl Outcome {
    /// A word for metrics and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sealed { .. } => "sealed",
            Self::Refused => "refused",
            Self::Failed { kind, .. } => kind.name(),
            Self::Stopped(_) => "stopped",
            Self::Stale => "stale",
            Self::Stranded => "stranded",
        }
    }
}
