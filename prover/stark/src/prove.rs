//! From tables to a receipt.

use std::sync::mpsc::channel;
use std::time::Duration;

use arknet_air::{AIR_VERSION, CompileError, Table, WitnessError};
use arknet_receipt::config::{ChallengeField, Config, Octic, Quintic, config};
use arknet_receipt::{
    ClaimError, InvalidHeights, Placed, Preset, Receipt, SealTooLarge, Slot, StarkSeal,
    TranscriptSeed, encode_proof, place,
};
use arknet_workload::interpreter::RunError;
use arknet_workload::job::Job;
use p3_air::symbolic::SymbolicExpressionExt;
use p3_batch_stark::{ProverData, StarkInstance, prove_batch};
use p3_field::Algebra;
use p3_koala_bear::KoalaBear;
use p3_lookup::check_multiplicity_height_bound;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use tracing::Dispatch;

use crate::cost::TableSize;
use crate::phase::{Phase, PhaseClock, PhaseListener};
use crate::prepare::Prepared;

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
    /// Proving takes more memory than it may.
    #[error(
        "proving takes {} {needed} bytes of memory, more than the {limit} that it may",
        if *is_floor { "at least" } else { "about" }
    )]
    OverMemory {
        /// Bytes that it takes.
        needed: u64,
        /// Whether it may take much more than that: how much is known only after a run.
        is_floor: bool,
        /// Bytes that it may take.
        limit: u64,
    },
    /// The proof is too large for a receipt.
    #[error(transparent)]
    Seal(#[from] SealTooLarge),
    /// Plonky3's prover failed.
    #[error("the prover failed: {0}")]
    Prover(String),
}

/// Runs and proves a job, whatever memory it takes. `progress` hears of each phase as it begins (0) and ends (1).
pub fn prove(
    job: &Job,
    preset: Preset,
    progress: &mut dyn FnMut(Phase, f32),
) -> Result<Proven, ProveError> {
    Prepared::new(job, preset, u64::MAX, progress)?.prove(progress)
}

/// The second half of [`prove`].
pub(crate) fn finish(
    prepared: Prepared,
    progress: &mut dyn FnMut(Phase, f32),
) -> Result<Proven, ProveError> {
    let Prepared {
        preset,
        claim,
        outputs,
        machine,
        heights,
        tables,
        phases,
    } = prepared;
    let mut clock = PhaseClock::new(phases, progress);
    let witness = clock.time(Phase::Witness, || machine.witness())?;
    let names = machine.tables().iter().map(Table::name);
    let seed = TranscriptSeed::new(
        preset,
        AIR_VERSION,
        &claim,
        names.zip(heights.iter().copied()),
    );
    let slots = machine.tables().iter().cloned().map(Slot::from).collect();
    let placed = place(preset, slots, &heights)?;
    let traces: Vec<RowMajorMatrix<KoalaBear>> = witness.traces.into_iter().flatten().collect();
    drop(machine);
    let as_counted = traces
        .iter()
        .map(Matrix::height)
        .eq(placed.log_heights.iter().map(|&height| 1 << height));
    if !as_counted {
        return Err(ProveError::Prover(
            "tables of other heights than were counted".to_owned(),
        ));
    }

    let proof = match preset {
        Preset::S100 => proof::<Quintic>(&seed, &placed, &traces, &mut clock)?,
        Preset::S128 => proof::<Octic>(&seed, &placed, &traces, &mut clock)?,
    };
    let seal = StarkSeal::new(preset, AIR_VERSION, heights, proof)?;
    Ok(Proven {
        receipt: Receipt::proven(claim, seal),
        outputs,
        phases: clock.finish(),
        tables,
    })
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
