//! The phases of proving, and how they are seen in a prover that reports none.
//!
//! [`PhaseClock`] times them. Plonky3's prover is one call. It marks its stages with `tracing` spans, so the proof runs on a thread pool
//! whose threads listen for those: the first span of a stage ends the one before.

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::prove::ProveError;

/// How often the prover is asked how far it is: the resolution of phase times.
const TICK: Duration = Duration::from_millis(2);

/// A phase of [`crate::prove()`], in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The job runs in the interpreter.
    Execute,
    /// The workload becomes tables.
    Compile,
    /// The tables' rows are counted.
    Count,
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
    pub const ALL: [Self; 7] = [
        Self::Execute,
        Self::Compile,
        Self::Count,
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
            Self::Count => "count",
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

/// Times phases and reports them.
pub(crate) struct PhaseClock<'a> {
    phases: Vec<(Phase, Duration)>,
    progress: &'a mut dyn FnMut(Phase, f32),
}

impl<'a> PhaseClock<'a> {
    /// A clock that goes on after the phases timed so far.
    pub(crate) fn new(
        phases: Vec<(Phase, Duration)>,
        progress: &'a mut dyn FnMut(Phase, f32),
    ) -> Self {
        Self { phases, progress }
    }

    pub(crate) fn finish(self) -> Vec<(Phase, Duration)> {
        self.phases
    }

    /// Does the work of a phase.
    pub(crate) fn time<T>(&mut self, phase: Phase, work: impl FnOnce() -> T) -> T {
        (self.progress)(phase, 0.0);
        let start = Instant::now();
        let result = work();
        self.phases.push((phase, start.elapsed()));
        (self.progress)(phase, 1.0);
        result
    }

    /// Follows phases from `first` until the result is there.
    pub(crate) fn follow<T, E: ToString>(
        &mut self,
        first: Phase,
        phases: &Receiver<Phase>,
        done: &Receiver<Result<T, E>>,
    ) -> Result<T, ProveError> {
        let mut current = first;
        let mut start = Instant::now();
        (self.progress)(current, 0.0);
        let result = loop {
            for phase in phases.try_iter().filter(|phase| *phase > first) {
                if phase > current {
                    self.phases.push((current, start.elapsed()));
                    (self.progress)(current, 1.0);
                    (current, start) = (phase, Instant::now());
                    (self.progress)(current, 0.0);
                }
            }
            match done.recv_timeout(TICK) {
                Ok(result) => break result.map_err(|error| ProveError::Prover(error.to_string())),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    break Err(ProveError::Prover("it stopped without a result".to_owned()));
                }
            }
        };
        self.phases.push((current, start.elapsed()));
        (self.progress)(current, 1.0);
        result
    }
}
