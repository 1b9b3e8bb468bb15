//! The phases of proving, and how they are seen in a prover that reports none.
//!
//! Plonky3's prover is one call. It marks its stages with `tracing` spans, so the proof runs on a thread pool
//! whose threads listen for those: the first span of a stage ends the one before.

use std::fmt;
use std::sync::mpsc::Sender;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A phase of [`crate::prove()`], in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The job runs in the interpreter.
    Execute,
    /// The workload becomes tables.
    Compile,
    /// The tables are filled.
    Witness,
    /// The tables and their bus columns are extended and committed to.
    Commit,
    /// The constraints are evaluated.
    Quotient,
    /// The commitments are opened: evaluations, FRI and queries.
    Open,
}

impl Phase {
    /// All phases in order.
    pub const ALL: [Self; 6] = [
        Self::Execute,
        Self::Compile,
        Self::Witness,
        Self::Commit,
        Self::Quotient,
        Self::Open,
    ];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Execute => "execute",
            Self::Compile => "compile",
            Self::Witness => "witness",
            Self::Commit => "commit",
            Self::Quotient => "quotient",
            Self::Open => "open",
        })
    }
}

/// Sends a phase for each span of the prover that belongs to one.
#[derive(Clone)]
pub(crate) struct PhaseListener(pub(crate) Sender<Phase>);

fn phase_of(span: &str) -> Option<Phase> {
    match span {
        "compute quotient" => Some(Phase::Quotient),
        "evaluate matrix" | "FRI prover" => Some(Phase::Open),
        _ => None,
    }
}

impl Subscriber for PhaseListener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && phase_of(metadata.name()).is_some()
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        if let Some(phase) = phase_of(span.metadata().name()) {
            // A receiver that is gone has no use for phases.
            let _ = self.0.send(phase);
        }
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, _event: &Event<'_>) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}
