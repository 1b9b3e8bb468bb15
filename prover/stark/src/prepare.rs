//! The first half of a proof: what it will be about, how large it will be, and whether it fits the memory.
//!
//! Filling tables takes far more memory than anything before it. So the rows are counted first, by a run that
//! keeps none, and a proof that would not fit is refused while there is still memory to say so. What the buffers
//! and the dispatch alone rule out is refused before the job runs.

use std::time::Duration;

use arknet_air::{Machine, Statement, check_dispatch};
use arknet_receipt::{Claim, Preset, SealTooLarge, Slot, StarkSeal, Usage, place};
use arknet_workload::interpreter;
use arknet_workload::job::Job;

use crate::cost::{Cost, TableSize};
use crate::phase::{Phase, PhaseClock};
use crate::prove::{ProveError, Proven};

/// A job that has run and whose tables are compiled and measured, but not filled.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) preset: Preset,
    pub(crate) claim: Claim,
    pub(crate) outputs: Vec<Vec<u32>>,
    pub(crate) machine: Machine,
    pub(crate) heights: Vec<Option<u8>>,
    pub(crate) tables: Vec<TableSize>,
    pub(crate) phases: Vec<(Phase, Duration)>,
}

impl Prepared {
    /// Runs a job and measures its tables. A proof that takes more than `memory` bytes, the run included, is
    /// refused. `progress` hears of each phase as it begins (0) and ends (1).
    pub fn new(
        job: &Job,
        preset: Preset,
        memory: u64,
        progress: &mut dyn FnMut(Phase, f32),
    ) -> Result<Self, ProveError> {
        // What needs no run to be refused is refused before it.
        check_dispatch(job.dispatch())?;
        let running = job
            .memory_bytes()
            .saturating_add(interpreter::memory_bytes(job));
        fits(Cost::least(job, preset).max(running), true, memory)?;
        let mut clock = PhaseClock::new(Vec::new(), progress);
        let execution = clock.time(Phase::Execute, || interpreter::run(job))?;
        let (claim, machine) = clock.time(Phase::Compile, || {
            let usage = Usage::new(job, execution.steps);
            let claim = Claim::new(job, &execution.buffers, usage)?;
            let statement = Statement::new(job, execution.buffers.clone(), execution.steps)
                .map_err(|error| ProveError::Prover(error.to_string()))?;
            Ok::<_, ProveError>((claim, Machine::compile(&statement)?))
        })?;
        // Tables are bounded, so is the time that counting their rows takes.
        let heights = clock.time(Phase::Count, || machine.heights(None))?;
        let slots = machine.tables().iter().cloned().map(Slot::from).collect();
        place(preset, slots, &heights)?;
        let tables: Vec<TableSize> = machine
            .tables()
            .iter()
            .zip(&heights)
            .filter_map(|(table, height)| Some(TableSize::new(table, (*height)?)))
            .collect();
        let cost = Cost::new(&tables, preset);
        fits(cost.memory, false, memory)?;
        if cost.least_proof_bytes > StarkSeal::MAX_PROOF_BYTES as u64 {
            let got = usize::try_from(cost.least_proof_bytes).unwrap_or(usize::MAX);
            return Err(SealTooLarge::Proof { got }.into());
        }
        Ok(Self {
            preset,
            claim,
            outputs: execution.buffers,
            machine,
            heights,
            tables,
            phases: clock.finish(),
        })
    }

    /// The tables that the proof will have.
    pub fn tables(&self) -> &[TableSize] {
        &self.tables
    }

    /// What proving will take.
    pub fn cost(&self) -> Cost {
        Cost::new(&self.tables, self.preset)
    }

    /// Fills the tables and proves them.
    pub fn prove(self, progress: &mut dyn FnMut(Phase, f32)) -> Result<Proven, ProveError> {
        crate::prove::finish(self, progress)
    }
}

fn fits(needed: u64, is_floor: bool, limit: u64) -> Result<(), ProveError> {
    if needed > limit {
        return Err(ProveError::OverMemory {
            needed,
            is_floor,
            limit,
        });
    }
    Ok(())
}
