//! No cell of a real row can change, and no row can say anything else.
//!
//! All that a cell can influence are its row's constraints and messages. So a changed cell is caught where a
//! constraint fails or where what the row adds to the buses changes, since nothing else changes to balance
//! it. Where neither happens, the cell must be *irrelevant*:
//!
//! * *dead*: constraints and messages are the same for every value of the cell. They are polynomials of degree
//!   at most three in it, so being the same for six values proves it. The inverse of a difference that is
//!   zero is dead, the previous time of an access that does not take place, the owner of an untouched word;
//! * or *idle*: some other values pass, and the row has an access that does not take place. The cell belongs
//!   to what would have been loaded. What it says is unchanged all the same, so no other row is influenced.
//!
//! Single cells cannot show that a row's result is bound to its operands, because a changed result is caught
//! next door anyway. That is what the forger is for: it changes all of a row's cells to say one thing
//! differently.

use std::collections::HashMap;
use std::path::Path;

use arknet_air::{Bus, MAX_DEGREE, RowEvaluator};
use arknet_workload::job::{Job, folder};
use arknet_workload::wgsl::{FrontEndLimits, compile};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_koala_bear::KoalaBear;
use rayon::prelude::*;

use super::forger::{Forger, noise};
use super::kernels;
use super::plot::Plot;
use super::scene::{Said, Scene, is_block};

/// Rows of a table that are looked at, spread over it.
const ROWS: usize = 6;
/// Cells of a row that are looked at, spread over it.
const CELLS: usize = 600;

/// What a row adds to the buses; none where it violates a constraint.
type Effect = Option<HashMap<Said, KoalaBear>>;

fn effect(evaluator: &mut RowEvaluator, number: usize, columns: &[KoalaBear]) -> Effect {
    evaluator.evaluate(number, columns);
    if evaluator.constraints().any(|value| !value.is_zero()) {
        return None;
    }
    let mut effect = HashMap::new();
    for message in evaluator.messages() {
        let balance = message.balance();
        if !balance.is_zero() {
            let said = (message.bus(), message.fields().collect());
            *effect.entry(said).or_insert(KoalaBear::ZERO) += balance;
        }
    }
    effect.retain(|_, balance| !balance.is_zero());
    Some(effect)
}

/// What becomes of the changes of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Caught,
    Dead,
    Idle,
}

/// Values to try in place of another.
fn others(value: KoalaBear, index: u64) -> Vec<KoalaBear> {
    let half = KoalaBear::TWO.inverse();
    let mut values = vec![
        value + KoalaBear::ONE,
        value - KoalaBear::ONE,
        KoalaBear::ZERO,
        KoalaBear::ONE,
        value.double(),
        value + half,
        noise(index),
        noise(!index),
    ];
    values.retain(|&other| other != value);
    values.sort_unstable();
    values.dedup();
    // So many that, of polynomials of such a degree, only one takes the same value at all.
    assert!(values.len() > MAX_DEGREE);
    values
}

fn fate(evaluator: &mut RowEvaluator, number: usize, columns: &[KoalaBear], cell: usize) -> Fate {
    let honest = effect(evaluator, number, columns);
    let mut columns = columns.to_vec();
    let values = others(columns[cell], (number * columns.len() + cell) as u64);
    let passed = values
        .iter()
        .filter(|&&value| {
            columns[cell] = value;
            effect(evaluator, number, &columns) == honest
        })
        .count();
    match passed {
        0 => Fate::Caught,
        passed if passed == values.len() => Fate::Dead,
        _ => Fate::Idle,
    }
}

/// `count` of the numbers below `all`, spread evenly, the first and the last among them.
fn spread(all: usize, count: usize) -> Vec<usize> {
    if all <= count {
        return (0..all).collect();
    }
    (0..count).map(|i| i * (all - 1) / (count - 1)).collect()
}

/// How many cells met each fate.
#[derive(Clone, Copy, Debug, Default)]
struct Census {
    caught: usize,
    dead: usize,
    idle: usize,
}

fn mutate(name: &str, scene: &Scene) -> Census {
    let mut census = Census::default();
    for (index, table) in scene.tables().iter().enumerate() {
        let real: Vec<usize> = match scene.traces[index] {
            None => continue,
            Some(_) if table.interaction_count(Bus::Control) > 0 => scene.visits(index),
            Some(_) => (0..scene.height(index)).collect(),
        };
        let mut evaluator = RowEvaluator::new(table);
        for row in spread(real.len(), ROWS).into_iter().map(|i| real[i]) {
            let columns = scene.row(index, row);
            assert!(effect(&mut evaluator, row, columns).is_some());
            let skips_an_access = evaluator
                .messages()
                .any(|message| message.multiplicity().is_zero());
            for cell in spread(columns.len(), CELLS) {
                match fate(&mut evaluator, row, columns, cell) {
                    Fate::Caught => census.caught += 1,
                    Fate::Dead => census.dead += 1,
                    Fate::Idle => {
                        let place = format!("{name}: `{}`, row {row}, column {cell}", table.name());
                        assert!(skips_an_access && is_block(table), "{place} is loose");
                        census.idle += 1;
                    }
                }
            }
        }
    }
    census
}

/// No column is there for nothing: at a random row, some constraint or message depends on it.
fn every_column_matters(name: &str, scene: &Scene) {
    let offers = scene.offers();
    for table in scene.tables() {
        // Finding what depends on each of very many columns takes too long, and shows nothing new.
        if table.main_width() <= CELLS {
            let forger = Forger::new(table, &offers);
            for column in 0..table.main_width() {
                assert!(
                    forger.matters(column),
                    "{name}: `{}` column {column}",
                    table.name()
                );
            }
        }
    }
}

#[test]
fn every_cell_of_the_kernels_is_caught_or_irrelevant() {
    let census: Vec<(&str, Census)> = kernels::all()
        .into_par_iter()
        .map(|kernel| {
            let scene = kernel.scene();
            every_column_matters(kernel.name, &scene);
            (kernel.name, mutate(kernel.name, &scene))
        })
        .collect();
    for (name, census) in &census {
        println!("{name}: {census:?}");
        // Most cells are caught, or something is wrong with the test.
        assert!(
            census.caught > 5 * (census.dead + census.idle),
            "{name}: {census:?}"
        );
    }
}

/// A job folder of the examples, on so few workgroups that its tables are small.
fn example(name: &str, workgroups: [u32; 3]) -> Scene {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name);
    let folder = folder::load(&path).unwrap();
    let limits = FrontEndLimits::default();
    let workload = compile(folder.source(), folder.entry(), &limits).unwrap();
    let folder = folder.assemble(workload).unwrap();
    let job = Job::new(
        folder.job().workload().clone(),
        workgroups,
        folder.job().buffers().to_vec(),
        *folder.job().limits(),
    );
    Scene::new(&job.unwrap(), None)
}

#[test]
fn every_cell_of_the_examples_is_caught_or_irrelevant() {
    let examples = [
        ("collatz", [2, 1, 1]),
        ("mandelbrot", [1, 3, 1]),
        ("matmul", [1, 1, 1]),
        ("sha256", [2, 1, 1]),
    ];
    examples.into_par_iter().for_each(|(name, workgroups)| {
        let scene = example(name, workgroups);
        let census = mutate(name, &scene);
        println!("{name}: {census:?}");
        assert!(
            census.caught > 5 * (census.dead + census.idle),
            "{name}: {census:?}"
        );
    });
}

/// Of everything a row says to particular other rows, the forger cannot change one field that matters to them.
#[test]
fn no_row_can_say_anything_else() {
    kernels::all().into_par_iter().for_each(|kernel| {
        let scene = kernel.scene();
        let offers = scene.offers();
        let plot = Plot::new(&scene);
        for table in scene.block_tables() {
            let visits = scene.visits(table);
            let mut forger = Forger::new(&scene.tables()[table], &offers);
            for row in spread(visits.len(), 3).into_iter().map(|i| visits[i]) {
                let columns = scene.row(table, row);
                let honest = forger.goal_of(row, columns);
                for message in forger.told() {
                    let Some((multiplicity, fields)) = &honest[message] else {
                        continue;
                    };
                    let mut goals = Vec::new();
                    for other in [KoalaBear::ZERO, KoalaBear::ONE] {
                        if other != *multiplicity && !fields.is_empty() {
                            let mut goal = honest.clone();
                            goal[message] = Some((other, fields.clone()));
                            goals.push(goal);
                        }
                    }
                    if !multiplicity.is_zero() {
                        for (field, &value) in fields.iter().enumerate() {
                            for other in others(value, field as u64) {
                                let mut goal = honest.clone();
                                let message = goal[message].as_mut().expect("it is a link");
                                message.1[field] = other;
                                goals.push(goal);
                            }
                        }
                    }
                    for goal in goals {
                        let Some(forgery) = forger.forge(row, columns, &goal, 16) else {
                            continue;
                        };
                        let place = (table, row, message);
                        assert!(
                            is_junk(&scene, &plot, place, &goal[message]),
                            "{}: row {row} of `{}` also says {:?} instead of {:?}: {forgery:?}",
                            kernel.name,
                            scene.tables()[table].name(),
                            goal[message],
                            honest[message]
                        );
                    }
                }
            }
        }
    });
}

/// Whether the row that hears this instead takes note of it in one cell and says all the same. That is a value
/// loaded under a false predicate, in a slot for which the target of the exit that is taken has no use.
fn is_junk(
    scene: &Scene,
    plot: &Plot,
    sender: (usize, usize, usize),
    said: &Option<(KoalaBear, Vec<KoalaBear>)>,
) -> bool {
    let Some((table, row, message)) = plot.listener(sender) else {
        return false;
    };
    let offers = scene.offers();
    let mut forger = Forger::new(&scene.tables()[table], &offers);
    let columns = scene.row(table, row);
    let mut goal = forger.goal_of(row, columns);
    goal[message] = said.clone();
    let heard = forger.forge(row, columns, &goal, 16);
    heard.is_some_and(|heard| heard.iter().zip(columns).filter(|(a, b)| a != b).count() == 1)
}
