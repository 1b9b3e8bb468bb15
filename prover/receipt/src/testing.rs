//! A job with a hand-made AIR, for tests of everything around the real tables.
//!
//! The job squares 16 words in place; nothing runs it. Its "tables" are a fixed table of squares, the
//! buffer as public data that looks its squares up, and a free table that looks up whatever it likes.

use std::borrow::Cow;
use std::time::Duration;

use arknet_air::Height;
use arknet_workload::ir::{Binding, Block, Length, Memory, Program, Space, Workload};
use arknet_workload::job::{Job, Limits};
use p3_air::symbolic::SymbolicExpressionExt;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_batch_stark::{ProverData, StarkInstance, prove_batch};
use p3_field::{Algebra, PrimeCharacteristicRing};
use p3_koala_bear::KoalaBear;
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::dense::RowMajorMatrix;

use crate::claim::{Claim, Usage};
use crate::config::{ChallengeField, Octic, Quintic, config};
use crate::placement::{Slot, place};
use crate::preset::Preset;
use crate::proof::encode_proof;
use crate::receipt::Receipt;
use crate::seal::StarkSeal;
use crate::transcript::TranscriptSeed;

/// AIR version of the stand-in.
pub(crate) const VERSION: u32 = 7;
/// Steps that the receipts claim, of a limit of 10.
pub(crate) const STEPS: u32 = 5;
/// Rows of the table of squares.
const SQUARES: usize = 64;

/// The job, with the given contents of its one writable buffer.
pub(crate) fn job_with(data: Vec<u32>) -> Job {
    let binding = |binding| Binding { group: 0, binding };
    let program = Program {
        workgroup_size: [4, 1, 1],
        memories: vec![
            Memory {
                name: "data".to_owned(),
                space: Space::Output {
                    binding: binding(0),
                    length: Length::Runtime,
                },
            },
            Memory {
                name: "seed".to_owned(),
                space: Space::Input {
                    binding: binding(1),
                    uniform: true,
                    length: Length::Words(1),
                },
            },
        ],
        values: Vec::new(),
        body: Block::default(),
    };
    let limits = Limits {
        steps: 10,
        memory: 1 << 20,
        time: Duration::from_secs(2),
    };
    let workload = Workload::new(program).unwrap();
    Job::new(workload, [4, 1, 1], vec![data, vec![0xdead_beef]], limits).unwrap()
}

pub(crate) fn job() -> Job {
    job_with((0..16).map(|i| 3 * i + 1).collect())
}

/// The outputs that the stand-in tables accept.
pub(crate) fn outputs(job: &Job) -> Vec<Vec<u32>> {
    let mut outputs = job.buffers().to_vec();
    outputs[0].iter_mut().for_each(|word| *word *= *word);
    outputs
}

pub(crate) fn claim() -> Claim {
    let job = job();
    Claim::new(&job, &outputs(&job), Usage::new(&job, STEPS)).unwrap()
}

pub(crate) fn other_claim() -> Claim {
    let job = job();
    Claim::new(&job, &outputs(&job), Usage::new(&job, STEPS + 1)).unwrap()
}

/// The stand-in for the tables of a compiled statement.
#[derive(Clone, Debug)]
pub(crate) enum StandIn {
    /// Columns `key, square, times`; offers `(key, key²)`.
    Squares,
    /// Columns `before, after`, equal to these periodic columns; looks `(before, after)` up.
    Data([Vec<KoalaBear>; 2]),
    /// Columns `flag, key, square`; looks `(key, square)` up where the flag is set.
    Extra,
}

impl BaseAir<KoalaBear> for StandIn {
    fn width(&self) -> usize {
        match self {
            Self::Squares | Self::Extra => 3,
            Self::Data(_) => 2,
        }
    }

    fn num_periodic_columns(&self) -> usize {
        self.periodic_columns().len()
    }

    fn periodic_columns(&self) -> Cow<'_, [Vec<KoalaBear>]> {
        match self {
            Self::Data(columns) => Cow::Borrowed(columns),
            Self::Squares | Self::Extra => Cow::Borrowed(&[]),
        }
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        match self {
            Self::Squares => vec![0],
            Self::Data(_) | Self::Extra => Vec::new(),
        }
    }
}

impl<AB> Air<AB> for StandIn
where
    AB: AirBuilder<F = KoalaBear> + InteractionBuilder,
{
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: Vec<AB::Expr> = main.current_slice().iter().map(|&v| v.into()).collect();
        match self {
            Self::Squares => {
                let next: AB::Expr = main.next_slice()[0].into();
                builder.when_first_row().assert_zero(row[0].clone());
                builder
                    .when_transition()
                    .assert_eq(row[0].clone() + AB::Expr::ONE, next);
                builder.assert_eq(row[0].clone() * row[0].clone(), row[1].clone());
                let count = Count::provided(-row[2].clone());
                builder.push_interaction("squares", row[..2].to_vec(), count);
            }
            Self::Data(_) => {
                for (i, cell) in row.iter().enumerate() {
                    let public: AB::Expr = builder.periodic_values()[i].into();
                    builder.assert_eq(cell.clone(), public);
                }
                builder.push_interaction("squares", row, 1);
            }
            Self::Extra => {
                builder.assert_bool(row[0].clone());
                let count = Count::bounded(row[0].clone(), 1);
                builder.push_interaction("squares", row[1..].to_vec(), count);
            }
        }
    }
}

/// What the stand-in's compiler makes of a statement.
pub(crate) fn tables(job: &Job, outputs: &[Vec<u32>]) -> Vec<Slot<StandIn>> {
    let column = |words: &[u32]| words.iter().map(|&w| KoalaBear::from_u32(w)).collect();
    let data = [column(&job.buffers()[0]), column(&outputs[0])];
    let slot = |name: &str, rule, air| Slot {
        name: name.to_owned(),
        rule,
        clock_weight: 1,
        air,
    };
    vec![
        slot("squares", Height::Fixed(6), StandIn::Squares),
        slot("data", Height::Fixed(4), StandIn::Data(data)),
        slot("extra", Height::Free, StandIn::Extra),
    ]
}

/// The witness; `extra` lists the keys that the free table looks up, padded to a power of two.
fn traces(
    job: &Job,
    outputs: &[Vec<u32>],
    extra: Option<&[u32]>,
) -> Vec<RowMajorMatrix<KoalaBear>> {
    let mut squares: Vec<[u32; 3]> = (0..SQUARES as u32).map(|k| [k, k * k, 0]).collect();
    let data: Vec<[u32; 2]> = job.buffers()[0]
        .iter()
        .zip(&outputs[0])
        .map(|(&before, &after)| [before, after])
        .collect();
    let looked_up = data
        .iter()
        .map(|row| row[0])
        .chain(extra.into_iter().flatten().copied());
    looked_up.for_each(|key| squares[key as usize][2] += 1);
    let mut traces = vec![matrix(&squares), matrix(&data)];
    if let Some(keys) = extra {
        let mut rows: Vec<[u32; 3]> = keys.iter().map(|&k| [1, k, k * k]).collect();
        rows.resize(keys.len().next_power_of_two(), [0; 3]);
        traces.push(matrix(&rows));
    }
    traces
}

fn matrix<const N: usize>(rows: &[[u32; N]]) -> RowMajorMatrix<KoalaBear> {
    let values = rows
        .iter()
        .flatten()
        .map(|&v| KoalaBear::from_u32(v))
        .collect();
    RowMajorMatrix::new(values, N)
}

/// A receipt that holds, made by Plonky3's own prover.
pub(crate) fn receipt(preset: Preset, job: &Job, extra: Option<&[u32]>) -> Receipt {
    let outputs = outputs(job);
    let heights = [
        Some(6),
        Some(4),
        extra.map(|keys| keys.len().next_power_of_two().ilog2() as u8),
    ];
    let claim = Claim::new(job, &outputs, Usage::new(job, STEPS)).unwrap();
    let slots = tables(job, &outputs);
    let named = slots.iter().map(|slot| slot.name.as_str()).zip(heights);
    let seed = TranscriptSeed::new(preset, VERSION, &claim, named);
    let traces = traces(job, &outputs, extra);
    let airs = place(preset, slots, &heights).unwrap().airs;
    let proof = match preset {
        Preset::S100 => prove::<Quintic>(&seed, &airs, &traces),
        Preset::S128 => prove::<Octic>(&seed, &airs, &traces),
    };
    let seal = StarkSeal::new(preset, VERSION, heights.to_vec(), proof).unwrap();
    Receipt::proven(claim, seal)
}

fn prove<EF>(
    seed: &TranscriptSeed,
    airs: &[StandIn],
    traces: &[RowMajorMatrix<KoalaBear>],
) -> Vec<u8>
where
    EF: ChallengeField,
    SymbolicExpressionExt<KoalaBear, EF>: Algebra<EF>,
{
    let config = config::<EF>(seed);
    let traces: Vec<_> = traces.iter().collect();
    let instances = StarkInstance::new_multiple(airs, &traces, &vec![Vec::new(); airs.len()]);
    let data = ProverData::from_instances(&config, &instances).unwrap();
    encode_proof::<EF>(&prove_batch(&config, &instances, &data).unwrap())
}
