//! Structured attacks of a prover that controls every cell.
//!
//! Each attack makes a witness that is consistent but for one thing: rows that hear something else follow suit
//! ([`Plot`]), counts are adjusted, public columns follow the statement. What then stops it is the defence
//! that its comment names. The first test shows these means to be sufficient: with them, the honest witness
//! of one statement becomes that of another true one.

mod control;
mod memory;
mod numbers;
mod phases;
mod updates;

use arknet_air::{Bus, Direction, Machine, RowEvaluator, Statement, Violation};
use arknet_workload::interpreter::run;
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;

use super::forger::{Forger, Goal};
use super::kernels;
use super::plot::Plot;
use super::scene::{Scene, wgsl_job};

/// The forged witness is refused because this bus does not balance.
#[track_caller]
fn stopped_by_bus(mut scene: Scene, bus: Bus) {
    scene.rebalance();
    match scene.verdict() {
        Err(Violation::Bus { bus: stopped, .. }) => assert_eq!(stopped, bus),
        verdict => panic!("{verdict:?}"),
    }
}

/// The forged witness is refused by a constraint of this table.
#[track_caller]
fn stopped_by_constraint(mut scene: Scene, name: &str) {
    scene.rebalance();
    match scene.verdict() {
        Err(Violation::Constraint { table, .. }) => assert_eq!(table, name),
        verdict => panic!("{verdict:?}"),
    }
}

/// The table of a scene's only loop.
fn the_loop(scene: &Scene) -> usize {
    let names = scene.names();
    let loops: Vec<usize> = (0..names.len())
        .filter(|&table| names[table].starts_with("loop "))
        .collect();
    assert_eq!(loops.len(), 1);
    loops[0]
}

/// The row's messages on a bus in a direction, with multiplicity one.
fn messages(
    scene: &Scene,
    table: usize,
    row: usize,
    bus: Bus,
    direction: Direction,
) -> Vec<(usize, Vec<KoalaBear>)> {
    let mut evaluator = RowEvaluator::new(&scene.tables()[table]);
    evaluator.evaluate(row, scene.row(table, row));
    let all = evaluator.messages().enumerate();
    all.filter(|(_, message)| {
        message.bus() == bus
            && message.direction() == direction
            && message.multiplicity() == KoalaBear::ONE
    })
    .map(|(index, message)| (index, message.fields().collect()))
    .collect()
}

fn fields(goal: &mut Goal, message: usize) -> &mut Vec<KoalaBear> {
    &mut goal[message].as_mut().expect("a link").1
}

/// Whether the forger finds a row that meets this goal.
fn can_forge(scene: &Scene, table: usize, row: usize, change: impl FnOnce(&mut Goal)) -> bool {
    let offers = scene.offers();
    let mut forger = Forger::new(&scene.tables()[table], &offers);
    let columns = scene.row(table, row);
    let mut goal = forger.goal_of(row, columns);
    change(&mut goal);
    forger.forge(row, columns, &goal, 500).is_some()
}

/// The rows of a scene before the tables of a statement with these buffers, public columns adjusted.
fn restated(scene: &Scene, initial: Vec<Vec<u32>>, outputs: Vec<Vec<u32>>) -> Scene {
    let statement = Statement {
        initial,
        outputs,
        ..scene.machine.statement().clone()
    };
    let mut forged = Scene {
        machine: Machine::compile(&statement).unwrap(),
        traces: scene.traces.clone(),
    };
    forged.follow_public_columns();
    forged
}

fn with_outputs(scene: &Scene, outputs: Vec<Vec<u32>>) -> Scene {
    let initial = scene.machine.statement().initial.clone();
    restated(scene, initial, outputs)
}

#[test]
fn a_plot_makes_the_witness_of_another_true_statement() {
    for (name, table, changed) in [
        ("in place", "block 0", vec![5, 1 << 31]),
        ("shared reads", "block 0", vec![5, 100_000]),
        ("read-write", "loop 1", vec![7, 8, 1 << 20]),
        ("shared reads, read-write", "loop 1", vec![1 << 31, 9]),
    ] {
        let mut all = kernels::all().into_iter();
        let kernel = all.find(|kernel| kernel.name == name).unwrap();
        let honest = kernel.scene();
        let mut before = kernel.before.clone();
        before[0][..changed.len()].copy_from_slice(&changed);
        let job = wgsl_job(kernel.source, kernel.workgroups, before.clone());
        let after = run(&job).unwrap().buffers;

        let mut plot = Plot::new(&honest);
        let mut scene = restated(&honest, before, kernel.after.clone());
        plot.restate(&scene);
        let table = scene.table(table);
        for row in scene.visits(table) {
            plot.rewrite(&mut scene, table, row, |_| {})
                .unwrap_or_else(|stuck| panic!("{name}: {stuck}"));
        }
        assert_eq!(plot.outputs(&scene), after, "{name}");
        let mut scene = with_outputs(&scene, after);
        scene.rebalance();
        assert_eq!(scene.verdict(), Ok(()), "{name}");
    }
}
