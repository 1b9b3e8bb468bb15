//! Structured attacks of a prover that controls every cell.
//!
//! Each attack makes a witness that is consistent but for one thing: rows that hear something else follow suit
//! ([`Plot`]), counts are adjusted, public columns follow the statement. What then stops it is the defence
//! that its comment names. The first test shows these means to be sufficient: with them, the honest witness
//! of one statement becomes that of another true one.

use arknet_air::{Bus, Direction, Machine, RowEvaluator, Statement, Violation};
use arknet_workload::interpreter::run;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;

use super::forger::{Forger, Goal};
use super::kernels;
use super::plot::Plot;
use super::scene::{CLOCK, INVOCATION, IS_REAL, Scene, element, is_block, wgsl_job};

const P: u32 = 0x7f00_0001;

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
            plot.rewrite(&mut scene, table, row, |_| {}).unwrap();
        }
        assert_eq!(plot.outputs(&scene), after, "{name}");
        let mut scene = with_outputs(&scene, after);
        scene.rebalance();
        assert_eq!(scene.verdict(), Ok(()), "{name}");
    }
}

/// Two invocations' outputs, exchanged: the address of a store is computed from the invocation's number, so
/// neither row can store to the other's word, and whatever its owner column says, the word's table takes a
/// store that nobody made (data bus).
#[test]
fn outputs_of_two_invocations_are_not_exchanged() {
    let honest = kernels::scene("in place");
    let mut outputs = honest.machine.statement().outputs.clone();
    outputs[0].swap(0, 1);
    stopped_by_bus(with_outputs(&honest, outputs.clone()), Bus::Data);

    let mut scene = with_outputs(&honest, outputs);
    let memory = scene.table("memory a");
    let stores = messages(&scene, memory, 0, Bus::Data, Direction::Receive);
    let mut forger_goal: Vec<Vec<KoalaBear>> =
        stores.iter().map(|(_, said)| said.clone()).collect();
    forger_goal[0][2] = element(1);
    forger_goal[1][2] = element(0);
    let offers = scene.offers();
    let mut forger = Forger::new(&scene.tables()[memory], &offers);
    let mut goal = forger.goal_of(0, scene.row(memory, 0));
    for ((message, _), said) in stores.iter().zip(forger_goal) {
        *fields(&mut goal, *message) = said;
    }
    let columns = forger.forge(0, scene.row(memory, 0), &goal, 500).unwrap();
    scene.row_mut(memory, 0).copy_from_slice(&columns);
    stopped_by_bus(scene, Bus::Data);

    let block = honest.table("block 0");
    let store = messages(&honest, block, 0, Bus::Data, Direction::Send)
        .pop()
        .unwrap()
        .0;
    assert!(!can_forge(&honest, block, 0, |goal| fields(goal, store)
        [1] = element(1)));
}

/// A round left out, a round run twice: each row takes exactly one control message that another row gave.
#[test]
fn rounds_are_neither_skipped_nor_repeated() {
    let honest = kernels::scene("collatz");
    let table = the_loop(&honest);
    let rows = honest.visit_rows(table);
    assert!(rows.len() > 10);
    for row in 0..rows.len() {
        let mut fewer = rows.clone();
        fewer.remove(row);
        let mut scene = honest.clone();
        scene.set_rows(table, &fewer);
        stopped_by_bus(scene, Bus::Control);

        let mut more = rows.clone();
        more.push(rows[row].clone());
        let mut scene = honest.clone();
        scene.set_rows(table, &more);
        stopped_by_bus(scene, Bus::Control);
    }
}

/// A row that would pass over the next one: its constraints give one value to each live variable.
#[test]
fn no_row_says_what_its_successor_says() {
    let scene = kernels::scene("collatz");
    let table = the_loop(&scene);
    let said = |row| messages(&scene, table, row, Bus::Control, Direction::Send).remove(0);
    let heard = |row| messages(&scene, table, row, Bus::Control, Direction::Receive).remove(0);
    let mut found = 0;
    for row in scene.visits(table) {
        for next in scene.visits(table) {
            if said(row).1 == heard(next).1 {
                found += 1;
                let wanted = said(next).1;
                let goal_of = |goal: &mut Goal| *fields(goal, said(row).0) = wanted;
                assert!(!can_forge(&scene, table, row, goal_of));
            }
        }
    }
    assert!(found > 10);
}

/// Rows that feed each other in a circle: every loop adds to the clock, so a circle does not close. (Going
/// round the field takes as many rows as it has elements; the verifier bounds Σ rows · clock weight.)
#[test]
fn rows_do_not_feed_themselves() {
    let source = "
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var x = a[id.x];
    var rounds = 0u;
    loop {
        x = x ^ 1u;
        if x == a[id.x + 1u] {
            break;
        }
    }
    out[id.x] = x;
}";
    // The state after two rounds that go on is the state before them, but for the clock.
    let honest = Scene::new(
        &wgsl_job(source, [1, 1, 1], vec![vec![6, 7], vec![0]]),
        None,
    );
    let table = the_loop(&honest);
    let [row]: [usize; 1] = honest.visits(table).try_into().unwrap();
    let back = messages(&honest, table, row, Bus::Control, Direction::Receive)
        .remove(0)
        .1;
    let offers = honest.offers();
    let mut forger = Forger::new(&honest.tables()[table], &offers);
    let goal = forger.goal_of(row, honest.row(table, row));
    let sent = messages(&honest, table, row, Bus::Control, Direction::Send)
        .remove(0)
        .0;
    let heard = messages(&honest, table, row, Bus::Control, Direction::Receive)
        .remove(0)
        .0;
    // A round from 6 ends at 7, which is the exit; a round from 5 goes on at 4, and one from 4 at 5.
    let around = |forger: &mut Forger<'_>, from: u32, clock: u32, after: KoalaBear| {
        let mut goal = goal.clone();
        let state = |x: u32, clock: KoalaBear| {
            let mut said = back.clone();
            said[CLOCK] = clock;
            let at = back.iter().rposition(|&field| field == element(6)).unwrap();
            said[at] = element(x);
            said
        };
        *fields(&mut goal, heard) = state(from, element(clock));
        *fields(&mut goal, sent) = state(from ^ 1, after);
        forger.forge(row, honest.row(table, row), &goal, 500)
    };
    let first = around(&mut forger, 4, 0, element(1)).expect("an honest round");
    let second = around(&mut forger, 5, 1, element(2)).expect("an honest round");
    assert_eq!(around(&mut forger, 5, 1, element(0)), None);
    let mut scene = honest.clone();
    let mut rows = scene.visit_rows(table);
    rows.extend([first, second]);
    scene.set_rows(table, &rows);
    stopped_by_bus(scene, Bus::Control);

    for kernel in kernels::all() {
        for table in kernel.scene().tables() {
            let is_loop = table.name().starts_with("loop ");
            assert!(!is_loop || table.clock_weight() > 0, "{}", kernel.name);
        }
    }
}

/// More steps than the statement says: an invocation comes back with a clock of the bound less bits, and the
/// bits of −1 do not fit.
#[test]
fn steps_stay_within_the_bound() {
    let honest = kernels::scene("collatz");
    let statement = honest.machine.statement();
    let most = statement.steps;
    let machine = Machine::compile(&Statement {
        steps: most - 1,
        ..statement.clone()
    })
    .unwrap();
    assert!(machine.witness().is_err());
    let mut scene = Scene {
        machine,
        traces: honest.traces.clone(),
    };
    assert_eq!(
        scene.tables()[0].main_width(),
        honest.tables()[0].main_width()
    );
    // The other invocations' slack shrinks by one; that of the one with the most steps cannot.
    let offers = honest.offers();
    let mut stuck = 0;
    for row in scene.visits(0) {
        let mut forger = Forger::new(&honest.tables()[0], &offers);
        let goal = forger.goal_of(row, honest.row(0, row));
        let mut forger = Forger::new(&scene.tables()[0], &offers);
        match forger.forge(row, scene.row(0, row), &goal, 5_000) {
            Some(columns) => scene.row_mut(0, row).copy_from_slice(&columns),
            None => {
                assert_eq!(
                    messages(&honest, 0, row, Bus::Control, Direction::Receive)[0].1[2],
                    element(most)
                );
                stuck += 1;
            }
        }
    }
    assert_eq!(stuck, 1);
    stopped_by_bus(scene.clone(), Bus::Control);
    // A bit that is −1 reaches the clock, and is no bit.
    let row = scene.visits(0).into_iter().find(|&row| {
        messages(&honest, 0, row, Bus::Control, Direction::Receive)[0].1[2] == element(most)
    });
    let row = row.unwrap();
    let width = scene.tables()[0].main_width();
    let bits = (32 - (most - 1).leading_zeros()) as usize;
    let columns = scene.row_mut(0, row);
    columns[width - bits..].fill(KoalaBear::ZERO);
    columns[width - bits] = -KoalaBear::ONE;
    stopped_by_constraint(scene, "dispatch");
}

const INDEXED: &str = "
@group(0) @binding(0) var<storage, read> to: array<u32>;
@group(0) @binding(1) var<storage, read_write> a: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    a[to[id.x]] = id.x + 7u;
}";

/// Two invocations write one word: the table takes one store of it (data bus), and `written` is a bit.
#[test]
fn a_word_is_not_written_by_two_invocations() {
    let job = wgsl_job(INDEXED, [2, 1, 1], vec![vec![0, 1], vec![3, 3]]);
    let honest = Scene::new(&job, None);
    for winner in [7, 8] {
        let (initial, outputs) = (
            vec![vec![0, 0], vec![3, 3]],
            vec![vec![0, 0], vec![winner, 3]],
        );
        let mut plot = Plot::new(&honest);
        let mut scene = restated(&honest, initial, outputs);
        assert!(scene.machine.witness().is_err());
        let block = scene.table("block 0");
        // Row 1 reads its new index and stores there.
        plot.rewrite(&mut scene, block, 1, |_| {}).unwrap();
        let memory = scene.table("memory a");
        let stores = messages(&honest, memory, 0, Bus::Data, Direction::Receive);
        let offers = scene.offers();
        let mut forger = Forger::new(&scene.tables()[memory], &offers);
        let mut goal = forger.goal_of(0, scene.row(memory, 0));
        fields(&mut goal, stores[0].0)[2] = element(winner - 7);
        goal[stores[1].0] = Some((KoalaBear::ZERO, Vec::new()));
        let columns = forger.forge(0, scene.row(memory, 0), &goal, 500).unwrap();
        scene.row_mut(memory, 0).copy_from_slice(&columns);
        stopped_by_bus(scene.clone(), Bus::Data);
        // Taken twice.
        let mut goal = forger.goal_of(0, &columns);
        goal[stores[0].0].as_mut().unwrap().0 = KoalaBear::TWO;
        assert_eq!(forger.forge(0, &columns, &goal, 500), None);
    }
}

/// One invocation reads what another writes, the word before or after. As its own, the word has another
/// owner (data bus); as one that nobody writes, it may not be counted where it is written (a constraint); the
/// value after is offered by nobody (data bus).
#[test]
fn a_written_word_is_not_read_by_another_invocation() {
    let source = "
@group(0) @binding(0) var<storage, read> from: array<u32>;
@group(0) @binding(1) var<storage, read_write> a: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    a[id.x] = a[from[id.x]] + 1u;
}";
    let job = wgsl_job(source, [2, 1, 1], vec![vec![0, 2], vec![10, 20, 30, 40]]);
    let honest = Scene::new(&job, None);
    let block = honest.table("block 0");
    let initial = vec![vec![0, 0], vec![10, 20, 30, 40]];
    let outputs = vec![vec![0, 0], vec![11, 11, 30, 40]];
    // Invocation 1 read word 2, which nobody writes. Now it reads word 0.
    let mut plot = Plot::new(&honest);
    let mut scene = restated(&honest, initial.clone(), outputs);
    assert!(scene.machine.witness().is_err());
    // That word's reading as one that nobody writes is on no offer; its own reading is, for its owner.
    assert!(plot.rewrite(&mut scene, block, 1, |_| {}).is_err());
    // By hand: the new index, the value, and what follows from it.
    let lookups = messages(&honest, block, 0, Bus::Data, Direction::Send);
    assert_eq!(lookups.len(), 3, "the index, the word, the store");
    let shared = messages(&honest, block, 1, Bus::Data, Direction::Send);
    let view_tag = shared[1].1[0];
    for (value, result) in [(10, 11), (11, 12)] {
        let outputs = vec![vec![0, 0], vec![11, result, 30, 40]];
        let mut scene = restated(&honest, initial.clone(), outputs);
        let mut offers = scene.offers();
        let view = vec![view_tag, element(0), element(0), element(value), element(0)];
        assert!(!offers.words.contains(&view));
        offers.words.insert(view);
        let mut forger = Forger::new(&scene.tables()[block], &offers);
        let mut goal = forger.goal_of(1, scene.row(block, 1));
        let store = shared[2].0;
        fields(&mut goal, store)[3] = element(result);
        let columns = forger.forge(1, scene.row(block, 1), &goal, 2_000).unwrap();
        scene.row_mut(block, 1).copy_from_slice(&columns);
        if value == 10 {
            stopped_by_constraint(scene, "memory a");
        } else {
            stopped_by_bus(scene, Bus::Data);
        }
    }
}

/// The loads of a word's chain in a block table: row, received state, sent state.
fn chained_loads(scene: &Scene, table: usize) -> Vec<(usize, usize, usize)> {
    let mut loads = Vec::new();
    for row in scene.visits(table) {
        let taken = messages(scene, table, row, Bus::State, Direction::Receive);
        let given = messages(scene, table, row, Bus::State, Direction::Send);
        for ((receive, taken), (send, given)) in taken.iter().zip(&given) {
            if taken[..5] == given[..5] {
                loads.push((row, *receive, *send));
            }
        }
    }
    loads
}

/// Reads of words as they were or will be, with all that follows from them: what was written last, is the
/// state that the word is in (state bus); a later state has a later time, and the gap to it is no number of
/// the right size (range bus).
#[test]
fn reads_see_the_last_write() {
    for name in ["read-write", "read-write, long", "private array"] {
        let honest = kernels::scene(name);
        let table = the_loop(&honest);
        let state = |row, message: usize, direction| {
            let all = messages(&honest, table, row, Bus::State, direction);
            all.into_iter()
                .find(|(index, _)| *index == message)
                .unwrap()
                .1
        };
        let loads = chained_loads(&honest, table);
        let mut tried = [0, 0];
        for &(row, receive, send) in &loads {
            let now = state(row, send, Direction::Send);
            // States of the same word that other rows took or gave.
            for other in honest.visits(table) {
                for (_, said) in messages(&honest, table, other, Bus::State, Direction::Send) {
                    if said[..3] != now[..3]
                        || said == now
                        || said == state(row, receive, Direction::Receive)
                    {
                        continue;
                    }
                    let mut plot = Plot::new(&honest);
                    let mut scene = honest.clone();
                    let stale = |goal: &mut Goal| *fields(goal, receive) = said.clone();
                    let is_future = said[5].as_canonical_u32() > now[5].as_canonical_u32();
                    tried[usize::from(is_future)] += 1;
                    let outcome = plot.rewrite(&mut scene, table, row, stale);
                    if is_future {
                        assert!(outcome.is_err(), "{name}: a state of the future");
                    } else if outcome.is_ok() {
                        let outputs = plot.outputs(&scene);
                        let mut scene = with_outputs(&scene, outputs);
                        plot.settle_private(&mut scene);
                        stopped_by_bus(scene, Bus::State);
                    }
                }
            }
        }
        assert!(tried[0] > 0 && tried[1] > 0, "{name}: {tried:?}");
    }
}

/// An index past the end that is a word's address modulo the field's order: where an access takes place,
/// the high limb times four is looked up, so its address is its integer.
#[test]
fn an_index_is_not_taken_modulo_the_field() {
    for (index, stored) in [(P, 7), (P + 1, 8)] {
        let to = stored - 7;
        let job = wgsl_job(INDEXED, [1, 1, 1], vec![vec![0], vec![3, 3]]);
        let honest = Scene::new(&job, None);
        let mut outputs = vec![vec![index], vec![3, 3]];
        outputs[1][to as usize] = 7;
        let mut scene = restated(
            &honest,
            vec![vec![index]; 1]
                .into_iter()
                .chain([vec![3, 3]])
                .collect(),
            outputs,
        );
        assert!(scene.machine.witness().is_err());
        let block = scene.table("block 0");
        let mut plot = Plot::new(&honest);
        let outcome = plot.rewrite(&mut scene, block, 0, |goal| {
            for message in goal.iter_mut().flatten() {
                if message.1.len() == 5 {
                    message.1[1] = element(to);
                }
            }
        });
        assert!(outcome.is_err());
        // Without the lookup of the high limb, it works: the rest of the row is consistent.
        let offers = scene.offers();
        let mut forger = Forger::new(&scene.tables()[block], &offers);
        let mut goal = forger.goal_of(0, scene.row(block, 0));
        for message in goal.iter_mut().flatten() {
            if message.1.len() == 5 {
                message.1[1] = element(to);
            }
        }
        let requirements = forger.requirements();
        let forged = requirements.into_iter().find_map(|requirement| {
            forger.without(Some(requirement));
            forger.forge(0, scene.row(block, 0), &goal, 500)
        });
        let columns = forged.expect("one lookup stands against it");
        scene.row_mut(block, 0).copy_from_slice(&columns);
        let outputs = scene.machine.statement().outputs.clone();
        if to == 0 {
            stopped_by_bus(with_outputs(&scene, outputs), Bus::Range);
        }
    }
}

/// Limbs that stand for the same number but are none: what is stored, sent and computed is looked up.
#[test]
fn limbs_are_not_denormalised() {
    for name in ["in place", "gcd", "signed", "read-write"] {
        let scene = kernels::scene(name);
        for table in scene.block_tables() {
            for row in scene.visits(table).into_iter().take(3) {
                let sends = [Bus::Control, Bus::Data, Bus::State]
                    .map(|bus| messages(&scene, table, row, bus, Direction::Send));
                for (message, said) in sends.concat() {
                    for low in 3..said.len().saturating_sub(1) {
                        for (down, up) in
                            [(1 << 16, -KoalaBear::ONE), (P - (1 << 16), KoalaBear::ONE)]
                        {
                            let forged = can_forge(&scene, table, row, |goal| {
                                if let Some((_, fields)) = &mut goal[message] {
                                    fields[low] += element(down);
                                    fields[low + 1] += up;
                                } else {
                                    // A lookup is no goal; what answers it is public.
                                    goal[message] = Some((KoalaBear::ZERO, Vec::new()));
                                }
                            });
                            assert!(!forged, "{name}: `{}`", scene.tables()[table].name());
                        }
                    }
                }
            }
        }
    }
}

/// A quotient one less with a remainder that much more, and the other way round: the remainder is compared
/// with the divisor; and where the divisor is zero, the quotient is required to be the dividend.
#[test]
fn quotients_are_not_one_off() {
    let source = "
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> quotients: array<u32>;
@group(0) @binding(2) var<storage, read_write> rests: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    quotients[id.x] = a[2u * id.x] / a[2u * id.x + 1u];
    rests[id.x] = a[2u * id.x] % a[2u * id.x + 1u];
}";
    let pairs = vec![100, 7, 1 << 31, 3, u32::MAX, 1, 5, 0, 6, 6, 0, 9];
    let job = wgsl_job(
        source,
        [6, 1, 1],
        vec![pairs.clone(), vec![0; 6], vec![0; 6]],
    );
    let scene = Scene::new(&job, None);
    let offers = scene.offers();
    let mut forger = Forger::new(&scene.tables()[1], &offers);
    for (row, pair) in pairs.chunks(2).enumerate() {
        let honest = forger.goal_of(row, scene.row(1, row));
        let stores = messages(&scene, 1, row, Bus::Data, Direction::Send);
        let stores: Vec<usize> = stores
            .into_iter()
            .map(|(index, _)| index)
            .filter(|&index| honest[index].is_some())
            .collect();
        let [quotient, rest] = [
            pair[0].checked_div(pair[1]).unwrap_or(pair[0]),
            pair[0].checked_rem(pair[1]).unwrap_or(0),
        ];
        for step in [1, u32::MAX, 2] {
            let mut goal = honest.clone();
            let words = [
                quotient.wrapping_add(step),
                rest.wrapping_sub(step.wrapping_mul(pair[1])),
            ];
            for (&store, word) in stores.iter().zip(words) {
                fields(&mut goal, store)[3] = element(word & 0xffff);
                fields(&mut goal, store)[4] = element(word >> 16);
            }
            assert_eq!(
                forger.forge(row, scene.row(1, row), &goal, 1_000),
                None,
                "{pair:?}"
            );
        }
    }
}

/// Rows that say something and are no visits, or say it twice: reality is a bit, and every message of a row
/// that becomes real needs an answer (control bus).
#[test]
fn padding_says_nothing() {
    let honest = kernels::scene("collatz");
    for table in honest.block_tables() {
        let name = honest.tables()[table].name();
        for row in 0..honest.height(table) {
            let mut scene = honest.clone();
            if scene.row(table, row)[IS_REAL] == KoalaBear::ZERO {
                scene.row_mut(table, row)[IS_REAL] = KoalaBear::ONE;
                stopped_by_bus(scene, Bus::Control);
            } else {
                scene.row_mut(table, row)[IS_REAL] = KoalaBear::TWO;
                stopped_by_constraint(scene, name);
                let mut scene = honest.clone();
                scene.row_mut(table, row)[IS_REAL] = KoalaBear::ZERO;
                stopped_by_bus(scene, Bus::Control);
            }
        }
    }
}

/// Another exit, two exits, no exit: the flags are what the condition says, and they add up to one.
#[test]
fn a_row_leaves_by_its_exit() {
    for kernel in kernels::all() {
        let scene = kernel.scene();
        let labels = scene.block_tables().len() as u32 + 4;
        for table in scene.block_tables() {
            for row in scene.visits(table).into_iter().take(4) {
                let (message, said) =
                    messages(&scene, table, row, Bus::Control, Direction::Send).remove(0);
                for label in (0..labels).filter(|&label| element(label) != said[0]) {
                    let offers = scene.offers();
                    let mut forger = Forger::new(&scene.tables()[table], &offers);
                    let columns = scene.row(table, row);
                    let mut goal = forger.goal_of(row, columns);
                    fields(&mut goal, message)[0] = element(label);
                    assert_eq!(
                        forger.forge(row, columns, &goal, 32),
                        None,
                        "{}",
                        kernel.name
                    );
                }
            }
        }
    }
}

/// A block's rows all left out, or an invocation's: who was sent there never comes back (control bus).
#[test]
fn visits_are_not_left_out() {
    let honest = kernels::scene("collatz");
    for table in honest.block_tables() {
        if honest.traces[table].is_some() {
            let mut scene = honest.clone();
            scene.traces[table] = None;
            stopped_by_bus(scene, Bus::Control);
        }
    }
    for invocation in 0..8 {
        let mut scene = honest.clone();
        for table in honest.block_tables() {
            let mut rows = honest.visit_rows(table);
            rows.retain(|row| row[INVOCATION] != element(invocation));
            scene.set_rows(table, &rows);
        }
        stopped_by_bus(scene, Bus::Control);
    }
}

/// Rows under another invocation's number, in part or as a whole: both take part in the control messages.
#[test]
fn invocations_do_not_change_places() {
    let honest = kernels::scene("collatz");
    for table in honest.block_tables() {
        let mut rows = honest.visit_rows(table);
        if rows.is_empty() {
            continue;
        }
        let mut changed = 0;
        for row in &mut rows {
            if row[INVOCATION] == element(2) || row[INVOCATION] == element(3) {
                row[INVOCATION] = element(5) - row[INVOCATION];
                changed += 1;
            }
        }
        if changed > 0 {
            let mut scene = honest.clone();
            scene.set_rows(table, &rows);
            stopped_by_bus(scene, Bus::Control);
        }
    }
}

/// An invocation that starts twice, or as another: the dispatch table's rows are public.
#[test]
fn the_dispatch_is_what_it_is() {
    let honest = kernels::scene("plane");
    let first = honest.row(0, 0).to_vec();
    for row in 1..honest.height(0) {
        let mut scene = honest.clone();
        scene.row_mut(0, row).copy_from_slice(&first);
        stopped_by_constraint(scene, "dispatch");
    }
    let reality = honest.row(0, 0)[IS_REAL];
    for row in 0..honest.height(0) {
        let mut scene = honest.clone();
        let columns = scene.row_mut(0, row);
        columns[IS_REAL] = reality - columns[IS_REAL];
        stopped_by_constraint(scene, "dispatch");
    }
}

/// Words past the end of a buffer that is no power of two long: they cannot be written, read or moved.
#[test]
fn there_is_nothing_past_the_end() {
    for (name, memory) in [
        ("in place", "memory a"),
        ("shared reads", "memory a"),
        ("read-write", "memory a"),
        ("gcd", "memory a"),
    ] {
        let honest = kernels::scene(name);
        let memory = honest.table(memory);
        let last = honest.height(memory) - 1;
        let mut tried = 0;
        let mut evaluator = RowEvaluator::new(&honest.tables()[memory]);
        for column in 0..honest.tables()[memory].main_width() {
            let mut columns = honest.row(memory, last).to_vec();
            columns[column] += KoalaBear::ONE;
            evaluator.evaluate(last, &columns);
            let length = honest.machine.statement().initial[0].len() as u32;
            let speaks_past_the_end = evaluator.messages().any(|message| {
                let mut fields = message.fields();
                let address = fields.nth(1).unwrap_or_default();
                let state = message.bus() == Bus::State;
                message.multiplicity() != KoalaBear::ZERO
                    && !state
                    && (length..1 << 20).any(|past| address == element(past))
            });
            if speaks_past_the_end {
                tried += 1;
                assert!(
                    evaluator
                        .constraints()
                        .any(|value| value != KoalaBear::ZERO)
                );
            }
        }
        assert!(tried > 0, "{name}");
    }
}

/// A count of a lookup that nobody made, to be balanced by one that is not there: counts are field elements,
/// but each message is balanced on its own.
#[test]
fn counts_do_not_make_up_for_each_other() {
    let honest = kernels::scene("signed");
    for (name, column) in [("numbers", 1), ("bytes", 3), ("bytes", 4)] {
        let table = honest.table(name);
        let mut scene = honest.clone();
        scene.row_mut(table, 7)[column] += KoalaBear::ONE;
        scene.row_mut(table, 8)[column] -= KoalaBear::ONE;
        assert!(matches!(scene.verdict(), Err(Violation::Bus { .. })));
        // And a number outside of the table is in no row of it.
        let mut scene = honest.clone();
        scene.row_mut(table, 0)[0] = element(1 << 16);
        stopped_by_constraint(scene, name);
    }
    assert!(honest.tables().iter().any(is_block));
}
