//! Attacks on the way of invocations through the rows.

use arknet_air::{Bus, Direction, Machine, Statement};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;

use super::super::forger::{Forger, Goal};
use super::super::kernels;
use super::super::scene::{CLOCK, INVOCATION, IS_REAL, Scene, element, wgsl_job};
use super::{can_forge, fields, messages, stopped_by_bus, stopped_by_constraint, the_loop};

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
    // The other invocations' slack shrinks by one; that of the one with the most steps is −1.
    let width = scene.tables()[0].main_width();
    let bits = (32 - (most - 1).leading_zeros()) as usize;
    let offers = honest.offers();
    let mut stuck = 0;
    for row in scene.visits(0) {
        let back = messages(&honest, 0, row, Bus::Control, Direction::Receive).remove(0);
        let clock = back.1[2].as_canonical_u32();
        let columns = scene.row_mut(0, row);
        match (most - 1).checked_sub(clock) {
            Some(slack) => {
                for (i, bit) in columns[width - bits..].iter_mut().enumerate() {
                    *bit = element(slack >> i & 1);
                }
            }
            None => {
                stuck += 1;
                let columns = columns.to_vec();
                let mut forger = Forger::new(&scene.tables()[0], &offers);
                let mut goal = forger.goal_of(row, &columns);
                *fields(&mut goal, back.0) = back.1;
                assert_eq!(forger.forge(row, &columns, &goal, 5_000), None);
                stopped_by_bus(scene.clone(), Bus::Control);
                // A bit that is −1 reaches the clock, and is no bit.
                let columns = scene.row_mut(0, row);
                columns[width - bits..].fill(KoalaBear::ZERO);
                columns[width - bits] = -KoalaBear::ONE;
            }
        }
    }
    assert_eq!(stuck, 1);
    stopped_by_constraint(scene, "dispatch");
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
        // Rows without a live value are the same visits in another order.
        let sorted = |mut rows: Vec<Vec<KoalaBear>>| {
            rows.sort_unstable();
            rows
        };
        if changed > 0 && sorted(rows.clone()) != sorted(honest.visit_rows(table)) {
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
