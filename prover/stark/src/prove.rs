//! From a job to a receipt.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use arknet_air::{AIR_VERSION, CompileError, Machine, Statement, Table, WitnessError};
use arknet_receipt::config::{ChallengeField, Config, Octic, Quintic, config};
use arknet_receipt::{
    Claim, ClaimError, InvalidHeights, Placed, Preset, Receipt, Seal, SealTooLarge, Slot,
    StarkSeal, TranscriptSeed, Usage, encode_proof, place,
};
use arknet_workload::interpreter::{self, RunError};
use arknet_workload::job::Job;
use p3_air::symbolic::SymbolicExpressionExt;
use p3_batch_stark::{ProverData, StarkInstance, prove_batch};
use p3_field::Algebra;
use p3_koala_bear::KoalaBear;
use p3_lookup::check_multiplicity_height_bound;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use tracing::Dispatch;

use crate::phase::{Phase, PhaseListener};

/// How often the prover is asked how far it is: the resolution of phase times.
const TICK: Duration = Duration::from_millis(2);

/// A job's outputs and the receipt for them.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The receipt.
    pub receipt: Receipt,
    /// Final words of each buffer, in the order of [`Job::buffer_memories`].
    pub outputs: Vec<Vec<u32>>,
    /// How long each phase took.
    pub phases: Vec<(Phase, Duration)>,
    /// The tables in the proof.
    pub tables: Vec<TableSize>,
}

/// The size of a table in a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSize {
    /// Its name.
    pub name: String,
    /// `log2` of its rows.
    pub log_height: u8,
    /// Main columns.
    pub columns: usize,
    /// Columns of the bus argument, in the challenge field.
    pub auxiliary_columns: usize,
}

impl TableSize {
    /// Committed base-field cells, with an extension of the given degree.
    pub fn cells(&self, extension_degree: usize) -> u64 {
        ((self.columns + extension_degree * self.auxiliary_columns) as u64) << self.log_height
    }
}

/// Why a job has no receipt.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// It trapped, or ran over its time.
    #[error(transparent)]
    Run(#[from] RunError),
    /// It has no tables.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// Its tables cannot be filled.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// Its tables are too tall for the preset.
    #[error(transparent)]
    Heights(#[from] InvalidHeights),
    /// The bus argument would be unsound at this size.
    #[error("the job is too large for one proof: {0}; split it into smaller jobs")]
    Lookups(String),
    /// The run has no claim.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The proof is too large for a receipt.
    #[error(transparent)]
    Seal(#[from] SealTooLarge),
    /// Plonky3's prover failed.
    #[error("the prover failed: {0}")]
    Prover(String),
}

/// Runs and proves a job. `progress` hears of each phase as it begins (0) and ends (1).
pub fn prove(
    job: &Job,
    preset: Preset,
    progress: &mut dyn FnMut(Phase, f32),
) -> Result<Proven, ProveError> {
    let mut clock = PhaseClock {
        phases: Vec::new(),
        progress,
    };
    let execution = clock.time(Phase::Execute, || interpreter::run(job))?;
    let (claim, machine) = clock.time(Phase::Compile, || {
        let usage = Usage::new(job, execution.steps);
        let claim = Claim::new(job, &execution.buffers, usage)?;
        let statement = Statement::new(job, execution.buffers.clone(), execution.steps)
            .map_err(|error| ProveError::Prover(error.to_string()))?;
        Ok::<_, ProveError>((claim, Machine::compile(&statement)?))
    })?;
    let witness = clock.time(Phase::Witness, || machine.witness())?;

    let heights: Vec<Option<u8>> = witness
        .traces
        .iter()
        .map(|trace| {
            trace
                .as_ref()
                .map(|trace| trace.height().trailing_zeros() as u8)
        })
        .collect();
    let names = machine.tables().iter().map(Table::name);
    let seed = TranscriptSeed::new(
        preset,
        AIR_VERSION,
        &claim,
        names.zip(heights.iter().copied()),
    );
    let slots = machine.tables().iter().cloned().map(Slot::from).collect();
    let placed = place(preset, slots, &heights)?;
    let tables = table_sizes(&placed);
    let traces: Vec<RowMajorMatrix<KoalaBear>> = witness.traces.into_iter().flatten().collect();
    drop(machine);

    let proof = match preset {
        Preset::S100 => proof::<Quintic>(&seed, &placed, &traces, &mut clock)?,
        Preset::S128 => proof::<Octic>(&seed, &placed, &traces, &mut clock)?,
    };
    let seal = Seal::Stark(StarkSeal::new(AIR_VERSION, heights, proof)?);
    Ok(Proven {
        receipt: Receipt {
            preset,
            claim,
            seal,
        },
        outputs: execution.buffers,
        phases: clock.phases,
        tables,
    })
}

fn table_sizes(placed: &Placed<Table>) -> Vec<TableSize> {
    placed
        .airs
        .iter()
        .zip(&placed.log_heights)
        .map(|(table, &log_height)| TableSize {
            name: table.name().to_owned(),
            log_height,
            columns: table.main_width(),
            auxiliary_columns: table.auxiliary_width(),
        })
        .collect()
}

/// The encoded proof of the placed tables with these rows.
fn proof<EF>(
    seed: &TranscriptSeed,
    placed: &Placed<Table>,
    traces: &[RowMajorMatrix<KoalaBear>],
    clock: &mut PhaseClock<'_>,
) -> Result<Vec<u8>, ProveError>
where
    EF: ChallengeField,
    SymbolicExpressionExt<KoalaBear, EF>: Algebra<EF>,
{
    let config: Config<EF> = config(seed);
    let instances: Vec<StarkInstance<'_, Config<EF>, Table>> = placed
        .airs
        .iter()
        .zip(traces)
        .map(|(air, trace)| StarkInstance {
            air,
            trace,
            public_values: Vec::new(),
        })
        .collect();
    let data = ProverData::from_instances(&config, &instances)
        .map_err(|error| ProveError::Prover(error.to_string()))?;
    let rows: Vec<usize> = traces.iter().map(Matrix::height).collect();
    check_multiplicity_height_bound(&data.common.lookups, &rows)
        .map_err(|error| ProveError::Lookups(error.to_string()))?;

    let (sender, receiver) = channel();
    let dispatch = Dispatch::new(PhaseListener(sender));
    let pool = rayon::ThreadPoolBuilder::new()
        .spawn_handler(|thread| {
            let dispatch = dispatch.clone();
            let work = move || tracing::dispatcher::with_default(&dispatch, || thread.run());
            std::thread::Builder::new()
                .stack_size(STACK)
                .spawn(work)
                .map(|_| ())
        })
        .build()
        .map_err(|error| ProveError::Prover(error.to_string()))?;
    drop(dispatch);
    std::thread::scope(|scope| {
        let (done_sender, done) = channel();
        let (pool, config, instances, data) = (&pool, &config, &instances, &data);
        scope.spawn(move || {
            let proof = pool.install(|| prove_batch(config, instances, data));
            // The receiver waits for this.
            let _ = done_sender.send(proof.map(|proof| encode_proof(&proof)));
        });
        clock.follow(Phase::Commit, &receiver, &done)
    })
}

/// Stack of a proving thread; symbolic expressions nest as deep as a kernel's longest sum.
const STACK: usize = 64 << 20;

/// Times phases and reports them.
struct PhaseClock<'a> {
    phases: Vec<(Phase, Duration)>,
    progress: &'a mut dyn FnMut(Phase, f32),
}

impl PhaseClock<'_> {
    fn time<T>(&mut self, phase: Phase, work: impl FnOnce() -> T) -> T {
        (self.progress)(phase, 0.0);
        let start = Instant::now();
        let result = work();
        self.phases.push((phase, start.elapsed()));
        (self.progress)(phase, 1.0);
        result
    }

    /// Follows phases from `first` until the result is there.
    fn follow<T, E: ToString>(
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
