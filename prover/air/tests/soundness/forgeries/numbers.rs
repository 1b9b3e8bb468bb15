//! Attacks on the numbers in a row.

use arknet_air::{Bus, Direction, RowEvaluator, Violation};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_koala_bear::KoalaBear;

use super::super::forger::{Forger, Goal};
use super::super::kernels;
use super::super::scene::{Scene, element, wgsl_job};
use super::{can_forge, fields, messages, stopped_by_constraint};

/// Limbs that stand for the same number but are none: what is stored, sent and computed is looked up.
#[test]
fn limbs_are_not_denormalised() {
    let wrap = element(1 << 16);
    for name in ["in place", "gcd", "signed", "read-write"] {
        let scene = kernels::scene(name);
        let offers = scene.offers();
        for table in scene.block_tables() {
            let told = Forger::new(&scene.tables()[table], &offers).told();
            for row in scene.visits(table).into_iter().take(3) {
                let sends = [Bus::Control, Bus::Data, Bus::State]
                    .map(|bus| messages(&scene, table, row, bus, Direction::Send));
                for (message, said) in sends.concat() {
                    if !told.contains(&message) {
                        continue;
                    }
                    for low in 3..said.len() - 1 {
                        for (carry, borrow) in [(wrap, -KoalaBear::ONE), (-wrap, KoalaBear::ONE)] {
                            let forged = can_forge(&scene, table, row, |goal| {
                                fields(goal, message)[low] += carry;
                                fields(goal, message)[low + 1] += borrow;
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
}

/// A message said twice, or a fraction of it: what is sent and received counts 0 or 1 on every row, which the
/// bounds of the bus argument rely on. Constraints alone see to it, whatever the row says.
#[test]
fn multiplicities_are_bits() {
    for kernel in kernels::all() {
        let scene = kernel.scene();
        let offers = scene.offers();
        for (table, body) in scene.tables().iter().enumerate() {
            let Some(row) = scene.height(table).checked_sub(1) else {
                continue;
            };
            let columns = scene.row(table, row);
            let mut evaluator = RowEvaluator::new(body);
            evaluator.evaluate(row, columns);
            let bounded: Vec<usize> = evaluator
                .messages()
                .enumerate()
                .filter(|(_, message)| message.direction() != Direction::Provide)
                .map(|(index, _)| index)
                .collect();
            let mut forger = Forger::new(body, &offers);
            for &message in &bounded {
                for other in [KoalaBear::TWO, -KoalaBear::ONE, KoalaBear::TWO.inverse()] {
                    // Nothing else is asked of the row but its constraints and lookups.
                    let mut goal: Goal = vec![None; evaluator.messages().len()];
                    goal[message] = Some((other, Vec::new()));
                    let forgery = forger.forge(row, columns, &goal, 16);
                    assert_eq!(forgery, None, "{}: `{}`", kernel.name, body.name());
                }
            }
        }
    }
}
