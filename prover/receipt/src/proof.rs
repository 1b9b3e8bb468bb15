//! The proof inside a STARK seal: its bytes, and the check by Plonky3's own verifier.
//!
//! Before that verifier sees a proof, everything it would take from it without being able to judge it is
//! compared with the statement: its length (so that parsing allocates no more than an honest proof would),
//! its canonical form, the number of tables and their heights. The verifier itself is
//! `p3_batch_stark::verify_batch`, unmodified.

use p3_air::symbolic::{AirLayout, SymbolicExpressionExt};
use p3_air::{Air, BaseAir};
use p3_batch_stark::folder::VerifierConstraintFolderWithLookups;
use p3_batch_stark::symbolic::{get_log_num_quotient_chunks, get_symbolic_constraints};
use p3_batch_stark::{BatchProof, ProverData, verify_batch};
use p3_field::Algebra;
use p3_koala_bear::KoalaBear;
use p3_lookup::{
    InteractionSymbolicBuilder, LogUpGadget, Lookup, LookupProtocol, Lookups, check_bus_widths,
    check_multiplicity_height_bound,
};

use crate::config::{ChallengeField, Config, config};
use crate::placement::Placed;
use crate::security::{ProofShape, TableShape};
use crate::transcript::TranscriptSeed;

/// An AIR that can be verified under the preset of `EF`. Implemented for every type that qualifies.
pub trait AirFor<EF: ChallengeField>:
    BaseAir<KoalaBear>
    + Air<InteractionSymbolicBuilder<KoalaBear, EF>>
    + for<'a> Air<VerifierConstraintFolderWithLookups<'a, Config<EF>>>
{
}

impl<EF, A> AirFor<EF> for A
where
    EF: ChallengeField,
    A: BaseAir<KoalaBear>
        + Air<InteractionSymbolicBuilder<KoalaBear, EF>>
        + for<'a> Air<VerifierConstraintFolderWithLookups<'a, Config<EF>>>,
{
}

/// Why bytes are not a proof of the expected shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedProof {
    /// Longer than any proof of this statement.
    #[error("it has {got} bytes; a proof of this statement has at most {limit}")]
    TooLong {
        /// Its bytes.
        got: usize,
        /// The most an honest proof has.
        limit: usize,
    },
    /// Bytes that do not parse.
    #[error("it does not parse: {0}")]
    Parse(postcard::Error),
    /// Bytes that parse, but are not what the parsed proof encodes to.
    #[error("it is not in its canonical encoding")]
    NotCanonical,
    /// Other tables or heights than the statement's.
    #[error("it is about other tables than the statement has")]
    Heights,
    /// Plonky3's verifier stopped at an assertion.
    #[error("the verifier gave up on it: {0}")]
    Panicked(String),
}

/// Why the tables of a statement cannot be proven under a preset, whatever the proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unprovable {
    /// Lookup counts could wrap around the field, or tuples of one bus differ in width.
    #[error("the lookups are unsound: {0}")]
    Lookups(String),
    /// A constraint of too high a degree for the blow-up.
    #[error("table `{table}` has constraints of a degree past {limit}")]
    Degree {
        /// The table.
        table: String,
        /// The highest degree that the preset's blow-up allows.
        limit: usize,
    },
}

/// Why a proof is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProofError {
    #[error(transparent)]
    Unprovable(#[from] Unprovable),
    #[error(transparent)]
    Malformed(#[from] MalformedProof),
    #[error("{0}")]
    Rejected(String),
}

/// The bytes of a proof for [`crate::StarkSeal`].
///
/// # Panics
///
/// Never for a proof that `p3_batch_stark` made: writing it to memory cannot fail.
pub fn encode_proof<EF: ChallengeField>(proof: &BatchProof<Config<EF>>) -> Vec<u8> {
    postcard::to_allocvec(proof).expect("a proof in memory has an encoding")
}

/// `postcard` takes trailing bytes and padded integers; a proof has exactly one encoding here.
fn decode_proof<EF: ChallengeField>(
    bytes: &[u8],
) -> Result<BatchProof<Config<EF>>, MalformedProof> {
    let proof = postcard::from_bytes(bytes).map_err(MalformedProof::Parse)?;
    if encode_proof::<EF>(&proof) != bytes {
        return Err(MalformedProof::NotCanonical);
    }
    Ok(proof)
}

/// Checks that `proof` proves the placed tables under `EF::PRESET` and `seed`. Gives the shape that was
/// verified, for the security report.
pub(crate) fn check_proof<EF, A>(
    seed: &TranscriptSeed,
    placed: &Placed<A>,
    proof: &[u8],
) -> Result<ProofShape, ProofError>
where
    EF: ChallengeField,
    A: AirFor<EF>,
    SymbolicExpressionExt<KoalaBear, EF>: Algebra<EF>,
{
    let config = config::<EF>(seed);
    let degree_bits: Vec<usize> = placed.log_heights.iter().map(|&h| usize::from(h)).collect();
    // No table has preprocessed columns, so this commits to nothing and only lays out the lookups.
    let common = ProverData::from_airs_and_degrees(&config, &placed.airs, &degree_bits)
        .map_err(|error| Unprovable::Lookups(error.to_string()))?
        .common;
    let shape = shape::<EF, A>(placed, &common.lookups)?;
    let limit = shape.max_proof_bytes();
    if proof.len() > limit {
        return Err(MalformedProof::TooLong {
            got: proof.len(),
            limit,
        }
        .into());
    }
    let proof = decode_proof::<EF>(proof)?;
    if proof.degree_bits != degree_bits {
        return Err(MalformedProof::Heights.into());
    }
    let public_values = vec![Vec::new(); placed.airs.len()];
    verify_batch(&config, &placed.airs, &proof, &public_values, &common)
        .map_err(|error| ProofError::Rejected(error.to_string()))?;
    Ok(shape)
}

/// Constraints of a table's bus argument: one a fraction, and the accumulator's first, next and last value.
fn bus_constraints(lookups: &[Lookup<KoalaBear>]) -> usize {
    if lookups.is_empty() {
        0
    } else {
        lookups.len() + 3
    }
}

/// Pieces of a table's quotient, as the verifier counts them.
///
/// An AIR that declares the degree of its constraints is not evaluated to find it: on thousands of columns that takes
/// milliseconds. The verifier does evaluate it, and takes the larger of what it finds and what is declared.
fn quotient_chunks<EF, A>(air: &A, lookups: &[Lookup<KoalaBear>], log_height: u8) -> usize
where
    EF: ChallengeField,
    A: AirFor<EF>,
    SymbolicExpressionExt<KoalaBear, EF>: Algebra<EF>,
{
    let gadget = LogUpGadget::new();
    let Some(declared) = BaseAir::<KoalaBear>::max_constraint_degree(air) else {
        return evaluated_quotient_chunks::<EF, A>(air, lookups, log_height);
    };
    let buses = lookups
        .iter()
        .map(|lookup| gadget.constraint_degree(lookup));
    let degree = buses.max().unwrap_or(0).max(declared).max(2);
    (degree - 1).next_power_of_two()
}

fn evaluated_quotient_chunks<EF, A>(air: &A, lookups: &[Lookup<KoalaBear>], log_height: u8) -> usize
where
    EF: ChallengeField,
    A: AirFor<EF>,
    SymbolicExpressionExt<KoalaBear, EF>: Algebra<EF>,
{
    let layout = AirLayout::from_air::<KoalaBear>(air);
    let rows = 1 << log_height;
    let gadget = LogUpGadget::new();
    1 << get_log_num_quotient_chunks::<KoalaBear, EF, A, _>(air, layout, rows, lookups, 0, &gadget)
}

/// The shape of a proof of the placed tables, refused where no proof of it would be sound.
fn shape<EF, A>(
    placed: &Placed<A>,
    lookups: &[Lookups<KoalaBear>],
) -> Result<ProofShape, Unprovable>
where
    EF: ChallengeField,
    A: AirFor<EF>,
    SymbolicExpressionExt<KoalaBear, EF>: Algebra<EF>,
{
    let preset = EF::PRESET;
    let rows: Vec<usize> = placed.log_heights.iter().map(|&h| 1 << h).collect();
    let unsound = |error: p3_lookup::LookupError| Unprovable::Lookups(error.to_string());
    let message_width = check_bus_widths(lookups).map_err(unsound)?;
    check_multiplicity_height_bound(lookups, &rows).map_err(unsound)?;

    let blowup = 1 << preset.parameters().log_blowup;
    let gadget = LogUpGadget::new();
    let mut tables = Vec::with_capacity(placed.airs.len());
    for (((air, name), lookups), &log_height) in placed
        .airs
        .iter()
        .zip(&placed.names)
        .zip(lookups)
        .zip(&placed.log_heights)
    {
        let layout = AirLayout::from_air::<KoalaBear>(air);
        let quotient_chunks = quotient_chunks::<EF, A>(air, lookups, log_height);
        if quotient_chunks > blowup {
            return Err(Unprovable::Degree {
                table: name.clone(),
                limit: blowup + 1,
            });
        }
        let constraints = match BaseAir::<KoalaBear>::num_constraints(air) {
            Some(count) => count + bus_constraints(lookups),
            None => {
                let (base, extension) =
                    get_symbolic_constraints::<KoalaBear, EF, A, _>(air, layout, lookups, &gadget);
                base.len() + extension.len()
            }
        };
        tables.push(TableShape {
            name: name.clone(),
            log_height,
            width: BaseAir::<KoalaBear>::width(air),
            reads_next_row: !BaseAir::<KoalaBear>::main_next_row_columns(air).is_empty(),
            constraints,
            quotient_chunks,
            fractions: lookups.len(),
            messages: lookups.iter().map(|lookup| lookup.elements.len()).sum(),
        });
    }
    Ok(ProofShape {
        preset,
        tables,
        message_width,
    })
}

#[cfg(test)]
mod tests {
    use arknet_air::{Height, Statement, Table, compile};
    use arknet_workload::interpreter::run;
    use arknet_workload::job::{Job, Limits};
    use arknet_workload::wgsl::{self, FrontEndLimits};
    use p3_batch_stark::ProverData;

    use super::*;
    use crate::config::Quintic;
    use crate::preset::Preset;
    use crate::testing;

    const KERNEL: &str = "
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(2)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var sum = 0u;
    for (var i = 0u; i < a[id.x]; i++) {
        sum += (a[i % 4u] * i) ^ (sum >> 3u);
    }
    out[id.x] = sum / (a[3] + 1u);
}";

    /// What is declared gives the number of pieces that evaluating the table finds.
    #[test]
    fn declared_degrees_give_the_pieces_that_evaluation_finds() {
        let workload = wgsl::compile(KERNEL, "main", &FrontEndLimits::default()).unwrap();
        let limits = Limits {
            steps: 100,
            memory: 1 << 20,
            time: std::time::Duration::from_secs(60),
        };
        let buffers = vec![vec![3, 5, 0, 9], vec![0; 4]];
        let job = Job::new(workload, [2, 1, 1], buffers, limits).unwrap();
        let execution = run(&job).unwrap();
        let statement = Statement::new(&job, execution.buffers, execution.steps).unwrap();
        let tables: Vec<Table> = compile(&statement).unwrap();
        let heights: Vec<u8> = tables
            .iter()
            .map(|table| match table.height() {
                Height::Fixed(height) => height,
                Height::Free => 4,
            })
            .collect();
        let claim = testing::claim();
        let config = config::<Quintic>(&TranscriptSeed::new(Preset::S100, 0, &claim, []));
        let degrees: Vec<usize> = heights.iter().map(|&height| height.into()).collect();
        let data = ProverData::from_airs_and_degrees(&config, &tables, &degrees).unwrap();
        assert!(tables.len() > 4);
        for ((table, lookups), height) in tables.iter().zip(&data.common.lookups).zip(heights) {
            assert_eq!(
                quotient_chunks::<Quintic, Table>(table, lookups, height),
                evaluated_quotient_chunks::<Quintic, Table>(table, lookups, height),
                "{}",
                table.name()
            );
        }
    }
}
