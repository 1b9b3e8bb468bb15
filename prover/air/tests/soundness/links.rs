//! Columns that nothing ties to what the row hears.
//!
//! A row *hears* what it receives and what its lookups give it, and *tells* what it sends and stores. Here one
//! column changes and those that equalities define from it follow. If the row then still satisfies its constraints
//! and hears the same but tells something else, its prover chose the result.

use std::collections::BTreeMap;

use arknet_air::{Bus, Direction, Machine, RowEvaluator, Statement, Table};
use arknet_workload::interpreter::run;
use arknet_workload::job::Job;
use arknet_workload::testing::{Shape, jobs};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::scene::{Scene, wgsl_job};

/// Columns of a block's row that hold its reality, its invocation and its clock.
const FIRST_FREE_COLUMN: usize = 3;
/// Tags of the data bus before those of memories, of which each has this many; one is that of its stores.
const FIRST_MEMORY_TAG: u32 = 16;
const TAGS_PER_MEMORY: u32 = 4;
const STORE_TAG: u32 = 2;
/// Fields of the state of a word that changes hands; the party among them, and those after the value.
const PHASED_STATE: usize = 8;
const PARTY: usize = 2;
const BOOKKEEPING: usize = 5;
/// Tables past this width take too long to try.
const MAX_WIDTH: usize = 700;

/// Messages with their balance.
type Messages = BTreeMap<(Bus, bool, Vec<u32>), u32>;

/// A row of a table that is changed and looked at again and again.
struct Row {
    evaluator: RowEvaluator,
    /// Columns that each constraint depends on.
    columns_of: Vec<Vec<usize>>,
}

impl Row {
    fn new(table: &Table) -> Self {
        let mut evaluator = RowEvaluator::new(table);
        // A point where two different polynomials of small degree hardly ever agree.
        let mut columns: Vec<KoalaBear> = (0..table.main_width() as u32)
            .map(|column| KoalaBear::from_u32(column.wrapping_mul(2_654_435_761) % 1_000_003 + 7))
            .collect();
        evaluator.evaluate(0, &columns);
        let before: Vec<KoalaBear> = evaluator.constraints().collect();
        let mut columns_of = vec![Vec::new(); before.len()];
        for column in 0..columns.len() {
            let old = columns[column];
            columns[column] += KoalaBear::from_u32(12_345 + column as u32);
            evaluator.evaluate(0, &columns);
            for (constraint, value) in evaluator.constraints().enumerate() {
                if value != before[constraint] {
                    columns_of[constraint].push(column);
                }
            }
            columns[column] = old;
        }
        Self {
            evaluator,
            columns_of,
        }
    }

    fn constraint(&mut self, constraint: usize, columns: &[KoalaBear]) -> KoalaBear {
        self.evaluator.evaluate(0, columns);
        self.evaluator
            .constraints()
            .nth(constraint)
            .unwrap_or_default()
    }

    /// Lets the last column of each broken constraint follow from the others. False where that is no way out.
    fn repair(&mut self, columns: &mut [KoalaBear], changed: usize) -> bool {
        let mut at = 0;
        while at < self.columns_of.len() {
            let value = self.constraint(at, columns);
            if value == KoalaBear::ZERO {
                at += 1;
                continue;
            }
            let Some(&follower) = self.columns_of[at].iter().rev().find(|&&c| c > changed) else {
                return false;
            };
            let before = columns[follower];
            columns[follower] = before + KoalaBear::ONE;
            let slope = self.constraint(at, columns) - value;
            let Some(inverse) = slope.try_inverse() else {
                return false;
            };
            columns[follower] = before - value * inverse;
            if self.constraint(at, columns) != KoalaBear::ZERO {
                return false;
            }
            at += 1;
        }
        self.evaluator.evaluate(0, columns);
        self.evaluator
            .constraints()
            .all(|value| value == KoalaBear::ZERO)
    }

    /// What the row hears and tells; none where a number is not in the table it is looked up in.
    fn messages(&mut self, columns: &[KoalaBear]) -> Option<(Messages, Messages)> {
        self.evaluator.evaluate(0, columns);
        let (mut heard, mut told) = (Messages::new(), Messages::new());
        for message in self.evaluator.messages() {
            if message.multiplicity() == KoalaBear::ZERO {
                continue;
            }
            let fields: Vec<u32> = message.fields().map(|f| f.as_canonical_u32()).collect();
            let sends = message.direction() == Direction::Send;
            let is_told = match (message.bus(), fields[0]) {
                (Bus::Range, number) if number >= 1 << 16 => return None,
                (Bus::Range, _) => continue,
                (Bus::Data, tag) if tag < FIRST_MEMORY_TAG => {
                    let [x, y] = [fields[1], fields[2]];
                    if x > 255 || y > 255 || (tag == 2 && fields[3] != x & y) {
                        return None;
                    }
                    continue;
                }
                (Bus::Data, tag) => (tag - FIRST_MEMORY_TAG) % TAGS_PER_MEMORY == STORE_TAG,
                _ => sends,
            };
            let mut fields = fields;
            if is_told && fields.len() == PHASED_STATE {
                // Whose the word is in the phase is the prover's to say, as long as all say the same.
                fields.drain(BOOKKEEPING..);
                fields.remove(PARTY);
            }
            let side = if is_told { &mut told } else { &mut heard };
            side.insert(
                (message.bus(), sends, fields),
                message.balance().as_canonical_u32(),
            );
        }
        Some((heard, told))
    }

    fn has_absent_access(&self) -> bool {
        self.evaluator
            .messages()
            .any(|m| m.multiplicity() == KoalaBear::ZERO && m.bus() != Bus::Range)
    }
}

fn is_block(table: &Table) -> bool {
    table.name().starts_with("block ") || table.name().starts_with("loop ")
}

/// Real rows of each block's table.
fn block_rows(scene: &Scene) -> impl Iterator<Item = (&Table, Vec<&[KoalaBear]>)> {
    let filled = scene.tables().iter().zip(&scene.traces);
    filled.filter_map(|(table, trace)| {
        let rows = trace.as_ref().filter(|_| is_block(table))?;
        let rows = rows.values.chunks_exact(table.main_width());
        Some((table, rows.filter(|row| row[0] == KoalaBear::ONE).collect()))
    })
}

/// Whether the row that hears `was` may hear `is` instead and tell the same: it differs in junk.
fn is_junk(scene: &Scene, was: &[u32], is: &[u32]) -> bool {
    let hears = |heard: &Messages, control: &[u32]| {
        heard
            .keys()
            .any(|key| key.0 == Bus::Control && key.2 == control)
    };
    for (table, rows) in block_rows(scene) {
        let mut listener = Row::new(table);
        for columns in rows {
            let Some((heard, told)) = listener.messages(columns) else {
                continue;
            };
            if !hears(&heard, was) {
                continue;
            }
            let mut columns = columns.to_vec();
            for (&was, &is) in was.iter().zip(is) {
                let change = KoalaBear::from_u32(is) - KoalaBear::from_u32(was);
                if change == KoalaBear::ZERO {
                    continue;
                }
                // The slot's column is in nothing else, so that shifting it leaves the row fine.
                let column = (FIRST_FREE_COLUMN..columns.len()).find(|&column| {
                    let mut shifted = columns.clone();
                    shifted[column] += change;
                    let same = listener.messages(&shifted);
                    same.is_some_and(|(now, tells)| tells == told && now != heard)
                        && listener.columns_of.iter().all(|of| !of.contains(&column))
                });
                match column {
                    Some(column) => columns[column] += change,
                    None => return false,
                }
            }
            let now = listener.messages(&columns);
            return now.is_some_and(|(heard, tells)| tells == told && hears(&heard, is));
        }
    }
    false
}

/// Every way found to make a row tell something else than it heard.
fn free_results(job: &Job) -> Vec<String> {
    let Ok(execution) = run(job) else {
        return Vec::new();
    };
    let statement = Statement::new(job, execution.buffers, execution.steps).unwrap();
    if Machine::compile(&statement).is_err() {
        return Vec::new();
    }
    let scene = Scene::of(&statement);
    let mut found = Vec::new();
    for (table, rows) in block_rows(&scene) {
        if table.main_width() > MAX_WIDTH {
            continue;
        }
        let mut row = Row::new(table);
        for honest in rows.first().into_iter().chain(rows.iter().skip(1).last()) {
            let (heard, told) = row.messages(honest).expect("an honest row");
            // The columns of an access that does not take place are free.
            if row.has_absent_access() {
                continue;
            }
            for column in FIRST_FREE_COLUMN..honest.len() {
                let old = honest[column];
                let changes = if old == KoalaBear::ZERO || old == KoalaBear::ONE {
                    vec![KoalaBear::ONE - old]
                } else {
                    vec![old + KoalaBear::ONE, old - KoalaBear::ONE]
                };
                for new in changes {
                    let mut columns = honest.to_vec();
                    columns[column] = new;
                    if !row.repair(&mut columns, column) {
                        continue;
                    }
                    let Some((now_heard, now_told)) = row.messages(&columns) else {
                        continue;
                    };
                    if now_heard != heard || now_told == told {
                        continue;
                    }
                    let only = |a: &Messages, b: &Messages| -> Vec<Vec<u32>> {
                        let new = a.keys().filter(|key| !b.contains_key(*key));
                        new.map(|key| key.2.clone()).collect()
                    };
                    let (was, is) = (only(&told, &now_told), only(&now_told, &told));
                    let control = now_told.keys().any(|k| k.0 == Bus::Control && is[0] == k.2);
                    if let ([was], [is], true) = (&was[..], &is[..], control)
                        && is_junk(&scene, was, is)
                    {
                        continue;
                    }
                    let name = table.name();
                    found.push(format!("{name}, column {column}: {was:?} becomes {is:?}"));
                }
            }
        }
    }
    found
}

fn assert_determined(source: &str, buffers: Vec<Vec<u32>>) {
    let job = wgsl_job(source, [1, 1, 1], buffers);
    let found = free_results(&job);
    assert!(found.is_empty(), "{found:#?}\n{}", job.workload());
}

const BUFFERS: &str = "
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(1)
fn main() ";

/// A counter that is one column before its bits are asked for. Once, those bits were columns of their own, and a
/// receipt for `1 << 3 = 2` was valid.
#[test]
fn the_bits_of_a_counter_are_its_bits() {
    let source = format!(
        "{BUFFERS} {{
            var r = 0u;
            while r < a[0] {{ r++; }}
            out[0] = a[1] << r;
        }}"
    );
    assert_determined(&source, vec![vec![3, 1], vec![0]]);
}

#[test]
fn the_bits_of_selected_and_shared_counters_are_their_bits() {
    let source = format!(
        "{BUFFERS} {{
            var r = 0u;
            var s = 1u;
            while r < a[0] {{ r++; s += 2u; }}
            let t = select(r, s, a[1] > 5u);
            out[0] = ((a[1] << r) ^ (a[1] >> (s & 31u))) + (t & 6u);
            out[1] = r * s + (r ^ 3u) + (a[t & 1u] >> t);
        }}"
    );
    assert_determined(&source, vec![vec![3, 9], vec![0, 0]]);
}

/// A sum whose parts are large. Once, its carry had 15 bits: a limb one too large and a carry of `(p − 1) / 2^16` more
/// satisfied the same equation, and a receipt for a false sum was valid.
#[test]
fn no_carry_goes_round_the_field() {
    let source = format!(
        "{BUFFERS} {{
            let x = a[0];
            let y = a[1];
            out[0] = ((x * x) * 2u + x * 10u - (y * y) * 2u - y * 10u) * 4u;
            out[1] = (x * 4000u - y * 4000u) + (x * y) * 3u - (y * 4001u);
        }}"
    );
    let round = KoalaBear::from_u32((KoalaBear::ORDER_U32 - 1) >> 16);
    for words in [[0, u32::MAX], [u32::MAX, 0], [u32::MAX, u32::MAX]] {
        let job = wgsl_job(&source, [1, 1, 1], vec![words.to_vec(), vec![0, 0]]);
        let scene = Scene::new(&job, None);
        let mut tried = 0;
        for (table, rows) in block_rows(&scene) {
            let mut row = Row::new(table);
            for honest in rows {
                for limb in FIRST_FREE_COLUMN..honest.len() {
                    for carry in FIRST_FREE_COLUMN..honest.len() {
                        for sign in [KoalaBear::ONE, -KoalaBear::ONE] {
                            let mut columns = honest.to_vec();
                            columns[limb] += sign;
                            columns[carry] += sign * round;
                            tried += 1;
                            row.evaluator.evaluate(0, &columns);
                            let holds = row.evaluator.constraints().all(|c| c == KoalaBear::ZERO);
                            assert!(
                                !holds || row.messages(&columns).is_none(),
                                "columns {limb} and {carry} of {} go round",
                                table.name()
                            );
                        }
                    }
                }
            }
        }
        assert!(tried > 1000);
    }
}

fn cases() -> u32 {
    let given = std::env::var("ARKNET_FUZZ_CASES").ok();
    given.and_then(|cases| cases.parse().ok()).unwrap_or(200)
}

#[test]
fn random_rows_tell_what_follows_from_what_they_hear() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let alone = Shape {
        invocations: 4,
        ..Shape::clean()
    };
    for shape in [alone, alone.with_sharing()] {
        let strategy = jobs(shape);
        for _ in 0..cases() {
            let job = strategy.new_tree(&mut runner).unwrap().current();
            let found = free_results(&job);
            assert!(found.is_empty(), "{found:#?}\n{}", job.workload());
        }
    }
}
