//! A job with its tables and honest rows, which a test then tampers with.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use arknet_air::{Bus, Direction, Machine, RowEvaluator, Statement, Table, Violation, check};
use arknet_workload::interpreter::run;
use arknet_workload::ir::{Workload, text};
use arknet_workload::job::{Job, Limits};
use arknet_workload::wgsl::{FrontEndLimits, compile};
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use super::forger::Forger;

/// A message as its bus sees it.
pub(crate) type Said = (Bus, Vec<KoalaBear>);

/// Tags of the byte lookups on the data bus.
pub(crate) const BYTE_PAIR: KoalaBear = KoalaBear::ONE;
pub(crate) const BYTE_AND: KoalaBear = KoalaBear::TWO;

pub(crate) fn element(value: u32) -> KoalaBear {
    KoalaBear::from_u32(value)
}

fn limits() -> Limits {
    Limits {
        steps: 100_000,
        memory: 1 << 24,
        time: Duration::from_secs(3600),
    }
}

/// A job of a WGSL source with the entry point `main`.
pub(crate) fn wgsl_job(source: &str, workgroups: [u32; 3], buffers: Vec<Vec<u32>>) -> Job {
    let workload = compile(source, "main", &FrontEndLimits::default())
        .unwrap_or_else(|refusal| panic!("{refusal}:\n{source}"));
    Job::new(workload, workgroups, buffers, limits()).unwrap()
}

/// A job of a workload in text form.
pub(crate) fn text_job(source: &str, workgroups: [u32; 3], buffers: Vec<Vec<u32>>) -> Job {
    let program = text::parse(source).unwrap_or_else(|error| panic!("{error}:\n{source}"));
    let workload = Workload::new(program).unwrap();
    Job::new(workload, workgroups, buffers, limits()).unwrap()
}

/// A statement's tables and rows of them.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) machine: Machine,
    pub(crate) traces: Vec<Option<RowMajorMatrix<KoalaBear>>>,
}

impl Scene {
    /// What honest parties make of a job: the interpreter's outputs, and the steps it took or a larger bound.
    pub(crate) fn new(job: &Job, steps: Option<u32>) -> Self {
        let execution = run(job).unwrap();
        let steps = steps.unwrap_or(execution.steps);
        Self::of(&Statement::new(job, execution.buffers, steps).unwrap())
    }

    /// A true statement with its honest witness, which the tables accept.
    pub(crate) fn of(statement: &Statement) -> Self {
        let machine = Machine::compile(statement).unwrap();
        let traces = machine.witness().unwrap().traces;
        let scene = Self { machine, traces };
        assert_eq!(scene.verdict(), Ok(()), "\n{}", statement.workload);
        scene
    }

    pub(crate) fn verdict(&self) -> Result<(), Violation> {
        check(self.machine.tables(), &self.traces)
    }

    pub(crate) fn tables(&self) -> &[Table] {
        self.machine.tables()
    }

    /// Position of the table with this name.
    pub(crate) fn table(&self, name: &str) -> usize {
        let found = self.tables().iter().position(|table| table.name() == name);
        found.unwrap_or_else(|| panic!("no table `{name}` among {:?}", self.names()))
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.tables().iter().map(Table::name).collect()
    }

    /// Tables of flow blocks, the only ones whose number of rows is the prover's choice.
    pub(crate) fn block_tables(&self) -> Vec<usize> {
        (0..self.tables().len())
            .filter(|&table| is_block(&self.tables()[table]))
            .collect()
    }

    pub(crate) fn height(&self, table: usize) -> usize {
        self.traces[table].as_ref().map_or(0, Matrix::height)
    }

    pub(crate) fn row(&self, table: usize, row: usize) -> &[KoalaBear] {
        let width = self.tables()[table].main_width();
        &self.trace(table).values[row * width..(row + 1) * width]
    }

    pub(crate) fn row_mut(&mut self, table: usize, row: usize) -> &mut [KoalaBear] {
        let width = self.tables()[table].main_width();
        let trace = self.traces[table].as_mut().expect("the table has rows");
        &mut trace.values[row * width..(row + 1) * width]
    }

    fn trace(&self, table: usize) -> &RowMajorMatrix<KoalaBear> {
        self.traces[table].as_ref().expect("the table has rows")
    }

    /// Numbers of the rows of a block's table that are visits.
    pub(crate) fn visits(&self, table: usize) -> Vec<usize> {
        (0..self.height(table))
            .filter(|&row| self.row(table, row)[IS_REAL] == KoalaBear::ONE)
            .collect()
    }

    /// Replaces the rows of a block's table by these, padded as the honest prover pads.
    pub(crate) fn set_rows(&mut self, table: usize, rows: &[Vec<KoalaBear>]) {
        let width = self.tables()[table].main_width();
        let Some(last) = rows.last() else {
            self.traces[table] = None;
            return;
        };
        let mut padding = last.clone();
        padding[IS_REAL] = KoalaBear::ZERO;
        let mut values = rows.concat();
        for _ in rows.len()..rows.len().next_power_of_two() {
            values.extend_from_slice(&padding);
        }
        self.traces[table] = Some(RowMajorMatrix::new(values, width));
    }

    /// Copies of a block table's visits.
    pub(crate) fn visit_rows(&self, table: usize) -> Vec<Vec<KoalaBear>> {
        let visits = self.visits(table);
        visits
            .into_iter()
            .map(|row| self.row(table, row).to_vec())
            .collect()
    }

    /// Sets every count of a lookup to what the other rows ask for, as any forger would.
    pub(crate) fn rebalance(&mut self) {
        let mut asked: HashMap<Said, KoalaBear> = HashMap::new();
        for (table, trace) in self.tables().iter().zip(&self.traces) {
            let Some(trace) = trace else { continue };
            if only_provides(table) {
                continue;
            }
            let mut evaluator = RowEvaluator::new(table);
            for (row, columns) in trace.row_slices().enumerate() {
                evaluator.evaluate(row, columns);
                for message in evaluator.messages() {
                    let balance = message.balance();
                    if message.direction() != Direction::Provide && balance != KoalaBear::ZERO {
                        let said = (message.bus(), message.fields().collect());
                        *asked.entry(said).or_default() += balance;
                    }
                }
            }
        }
        for (table, trace) in self.machine.tables().iter().zip(&mut self.traces) {
            let Some(trace) = trace else { continue };
            if !is_provider(table) {
                continue;
            }
            let counts = count_columns(table);
            let mut evaluator = RowEvaluator::new(table);
            for row in 0..trace.height() {
                let columns = &mut trace.values[row * trace.width..(row + 1) * trace.width];
                evaluator.evaluate(row, columns);
                for (message, count) in evaluator.messages().zip(&counts) {
                    if let Some(count) = *count {
                        let said = (message.bus(), message.fields().collect());
                        columns[count] = asked.remove(&said).unwrap_or_default();
                    }
                }
            }
        }
    }

    /// Gives the public columns of memory tables what the statement wants, and others what follows from it.
    pub(crate) fn follow_public_columns(&mut self) {
        let offers = Offers::default();
        for table in 0..self.tables().len() {
            if !self.tables()[table].name().starts_with("memory ") {
                continue;
            }
            let mut forger = Forger::new(&self.tables()[table], &offers);
            for row in 0..self.height(table) {
                let free = vec![None; forger.goal_of(row, self.row(table, row)).len()];
                let columns = forger.forge(row, self.row(table, row), &free, 200);
                let columns = columns.expect("what a word's columns are is no secret");
                self.row_mut(table, row).copy_from_slice(&columns);
            }
        }
    }

    /// Everything that memory tables can answer a lookup with, by choosing a count; the number tables apart.
    pub(crate) fn offers(&self) -> Offers {
        let mut offers = Offers::default();
        for (table, trace) in self.tables().iter().zip(&self.traces) {
            let Some(trace) = trace else { continue };
            if !is_provider(table) || trace.height() == 1 << 16 {
                continue;
            }
            let counts = count_columns(table);
            let mut evaluator = RowEvaluator::new(table);
            for (row, columns) in trace.row_slices().enumerate() {
                for (interaction, count) in counts.iter().enumerate() {
                    let Some(count) = *count else { continue };
                    let mut columns = columns.to_vec();
                    columns[count] = KoalaBear::ONE;
                    evaluator.evaluate(row, &columns);
                    let message = evaluator.messages().nth(interaction).expect("it is there");
                    let fields: Vec<KoalaBear> = message.fields().collect();
                    offers.tags.insert(fields[0]);
                    // A word past the end or one that is written may not be counted.
                    if evaluator
                        .constraints()
                        .all(|value| value == KoalaBear::ZERO)
                    {
                        offers.words.insert(fields);
                    }
                }
            }
        }
        offers
    }
}

/// Columns that every block table begins with.
pub(crate) const IS_REAL: usize = 0;
pub(crate) const INVOCATION: usize = 1;
pub(crate) const CLOCK: usize = 2;

pub(crate) fn is_block(table: &Table) -> bool {
    table.name().starts_with("block ") || table.name().starts_with("loop ")
}

fn is_provider(table: &Table) -> bool {
    !is_block(table) && table.interaction_count(Bus::Control) == 0
}

fn only_provides(table: &Table) -> bool {
    let mut evaluator = RowEvaluator::new(table);
    evaluator.evaluate(0, &[]);
    evaluator
        .messages()
        .all(|message| message.direction() == Direction::Provide)
}

/// For each interaction that offers its message, the column that counts how often.
fn count_columns(table: &Table) -> Vec<Option<usize>> {
    let mut evaluator = RowEvaluator::new(table);
    let mut columns = vec![KoalaBear::ZERO; table.main_width()];
    evaluator.evaluate(0, &columns);
    let mut counts = vec![None; evaluator.messages().len()];
    for column in 0..columns.len() {
        columns[column] = KoalaBear::ONE;
        evaluator.evaluate(0, &columns);
        for (message, count) in evaluator.messages().zip(&mut counts) {
            if message.direction() == Direction::Provide && message.multiplicity() == KoalaBear::ONE
            {
                *count = Some(column);
            }
        }
        columns[column] = KoalaBear::ZERO;
    }
    counts
}

/// Lookups on the data bus that some table can answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offers {
    /// First fields of such messages.
    pub(crate) tags: HashSet<KoalaBear>,
    /// The messages.
    pub(crate) words: HashSet<Vec<KoalaBear>>,
}

/// The number tables offer the 16-bit numbers, the pairs of bytes and their conjunctions, and nothing else.
/// The forger takes this for granted.
#[test]
fn number_tables_offer_what_the_forger_supposes() {
    let source = "
@group(0) @binding(0) var<storage, read_write> a: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    a[id.x] = (a[id.x] & 0xf0f0f0f1u) * a[id.x];
}";
    let scene = Scene::new(&wgsl_job(source, [2, 1, 1], vec![vec![7, 9]]), None);
    for (name, bus) in [("numbers", Bus::Range), ("bytes", Bus::Data)] {
        let table = scene.table(name);
        let mut evaluator = RowEvaluator::new(&scene.tables()[table]);
        assert_eq!(scene.height(table), 1 << 16);
        for number in 0..1 << 16 {
            evaluator.evaluate(number, scene.row(table, number));
            let said: Vec<Vec<KoalaBear>> = evaluator
                .messages()
                .map(|message| {
                    assert_eq!(message.bus(), bus);
                    assert_eq!(message.direction(), Direction::Provide);
                    message.fields().collect()
                })
                .collect();
            let number = number as u32;
            let (x, y) = (number >> 8, number & 0xff);
            let zero = KoalaBear::ZERO;
            let expected = match bus {
                Bus::Range => vec![vec![element(number)]],
                _ => vec![
                    vec![BYTE_PAIR, element(x), element(y), zero, zero],
                    vec![BYTE_AND, element(x), element(y), element(x & y), zero],
                ],
            };
            assert_eq!(said, expected);
        }
    }
}

/// What an honest prover is free to choose changes nothing: the order of rows, the amount of padding.
#[test]
fn order_and_padding_are_free() {
    let mut scene = super::kernels::scene("collatz");
    let honest = scene.traces.clone();
    scene.rebalance();
    assert_eq!(
        scene.traces, honest,
        "the honest counts are what is asked for"
    );
    for table in scene.block_tables() {
        let mut rows = scene.visit_rows(table);
        rows.reverse();
        scene.set_rows(table, &rows);
        let mut padding = rows[0].clone();
        padding[IS_REAL] = KoalaBear::ZERO;
        let trace = scene.traces[table].as_mut().expect("it has rows");
        for _ in 0..trace.height() {
            trace.values.extend_from_slice(&padding);
        }
    }
    assert_eq!(scene.verdict(), Ok(()));
}
