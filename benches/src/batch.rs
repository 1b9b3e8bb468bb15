//! Tables of one kind with their rows, proven by `prove_batch` under `s100`: ours, or a peer's.

use arknet_receipt::config::{Config, Quintic, config};
use arknet_receipt::{Preset, TranscriptSeed, encode_proof};
use p3_air::{Air, BaseAir, DebugConstraintBuilder};
use p3_batch_stark::folder::{
    ProverConstraintFolderWithLookups, VerifierConstraintFolderWithLookups,
};
use p3_batch_stark::{BatchProof, ProverData, StarkInstance, prove_batch, verify_batch};
use p3_koala_bear::KoalaBear;
use p3_lookup::InteractionSymbolicBuilder;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

/// An AIR that can be proven and verified under `s100`. Implemented for every type that qualifies.
pub trait BatchAir:
    BaseAir<KoalaBear>
    + Clone
    + Sync
    + Air<InteractionSymbolicBuilder<KoalaBear, Quintic>>
    + for<'a> Air<DebugConstraintBuilder<'a, KoalaBear, Quintic>>
    + for<'a> Air<ProverConstraintFolderWithLookups<'a, Config<Quintic>>>
    + for<'a> Air<VerifierConstraintFolderWithLookups<'a, Config<Quintic>>>
{
}

impl<A> BatchAir for A where
    A: BaseAir<KoalaBear>
        + Clone
        + Sync
        + Air<InteractionSymbolicBuilder<KoalaBear, Quintic>>
        + for<'a> Air<DebugConstraintBuilder<'a, KoalaBear, Quintic>>
        + for<'a> Air<ProverConstraintFolderWithLookups<'a, Config<Quintic>>>
        + for<'a> Air<VerifierConstraintFolderWithLookups<'a, Config<Quintic>>>
{
}

/// Tables with their rows.
#[derive(Clone, Debug)]
pub struct Batch<A> {
    /// The tables.
    pub airs: Vec<A>,
    /// The rows of each.
    pub traces: Vec<RowMajorMatrix<KoalaBear>>,
    /// The transcript's first bytes.
    pub seed: TranscriptSeed,
}

/// Committed cells of the base field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// Main columns.
    pub main: u64,
    /// Columns of the bus argument; each counts as many cells as the challenge field's degree.
    pub auxiliary: u64,
}

impl Cells {
    /// All of them.
    pub fn total(self) -> u64 {
        self.main + self.auxiliary
    }
}

impl<A: BatchAir> Batch<A> {
    /// What the proof commits to, but for the quotient.
    ///
    /// # Panics
    ///
    /// If the tables' lookups contradict each other.
    pub fn cells(&self) -> Cells {
        let degree = Preset::S100.parameters().extension_degree;
        let data = self.prover_data(&config(&self.seed));
        let mut cells = Cells {
            main: 0,
            auxiliary: 0,
        };
        for (trace, lookups) in self.traces.iter().zip(&data.common.lookups) {
            // A fraction for each lookup and one accumulator.
            let columns = match lookups.len() {
                0 => 0,
                fractions => fractions + 1,
            };
            cells.main += (trace.width() * trace.height()) as u64;
            cells.auxiliary += (degree * columns * trace.height()) as u64;
        }
        cells
    }

    /// Proves the tables.
    ///
    /// # Panics
    ///
    /// If the prover fails.
    pub fn prove(&self) -> BatchProof<Config<Quintic>> {
        let config = config(&self.seed);
        let data = self.prover_data(&config);
        prove_batch(&config, &self.instances(), &data).expect("the prover succeeds")
    }

    /// Verifies a proof; gives its length in bytes.
    ///
    /// # Panics
    ///
    /// If the proof does not hold.
    pub fn verify(&self, proof: &BatchProof<Config<Quintic>>) -> usize {
        let config = config(&self.seed);
        let common = self.prover_data(&config).common;
        let public_values = vec![Vec::new(); self.airs.len()];
        verify_batch(&config, &self.airs, proof, &public_values, &common)
            .expect("the proof verifies");
        encode_proof::<Quintic>(proof).len()
    }

    fn instances(&self) -> Vec<StarkInstance<'_, Config<Quintic>, A>> {
        self.airs
            .iter()
            .zip(&self.traces)
            .map(|(air, trace)| StarkInstance {
                air,
                trace,
                public_values: Vec::new(),
            })
            .collect()
    }

    fn prover_data(&self, config: &Config<Quintic>) -> ProverData<Config<Quintic>> {
        ProverData::from_instances(config, &self.instances()).expect("the tables fit together")
    }
}
