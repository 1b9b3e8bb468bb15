//! Attacks on what words hold and who may touch them.

use arknet_air::{Bus, Direction, RowEvaluator};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;

use super::super::forger::{Forger, Goal, Requirement};
use super::super::kernels;
use super::super::plot::Plot;
use super::super::scene::{Scene, element, wgsl_job};
use super::{
    can_forge, fields, messages, restated, stopped_by_bus, stopped_by_constraint, with_outputs,
};

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
    let offers = scene.offers();
    let mut forger = Forger::new(&scene.tables()[memory], &offers);
    let mut goal = forger.goal_of(0, scene.row(memory, 0));
    fields(&mut goal, stores[0].0)[OWNER] = element(1);
    fields(&mut goal, stores[1].0)[OWNER] = element(0);
    let columns = forger
        .forge(0, scene.row(memory, 0), &goal, 500)
        .expect("an owner is free");
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

/// Order of the field.
const P: u32 = 0x7f00_0001;

/// Fields of a message about a word.
const ADDRESS: usize = 1;
const OWNER: usize = 2;
const LOW: usize = 3;
const TIME: usize = 5;

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
        fields(&mut goal, stores[0].0)[OWNER] = element(winner - 7);
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
@group(0) @binding(0) var<storage, read> which: array<u32>;
@group(0) @binding(1) var<storage, read_write> a: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    a[id.x] = a[which[id.x]] + 1u;
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
        fields(&mut goal, store)[LOW] = element(result);
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
            if taken[..TIME] == given[..TIME] {
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
    let mut stale_reads = 0;
    for (name, table) in [
        ("read-write", "loop 1"),
        ("read-write, long", "loop 1"),
        ("private array", "loop 1"),
        ("nested loops, read-write", "loop 1"),
    ] {
        let honest = kernels::scene(name);
        let table = honest.table(table);
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
                    let is_future = said[TIME].as_canonical_u32() > now[TIME].as_canonical_u32();
                    tried[usize::from(is_future)] += 1;
                    let outcome = plot.rewrite(&mut scene, table, row, stale);
                    if is_future {
                        assert!(outcome.is_err(), "{name}: a state of the future");
                    } else if outcome.is_ok() {
                        stale_reads += 1;
                        let outputs = plot.outputs(&scene);
                        let mut scene = with_outputs(&scene, outputs);
                        plot.settle_private(&mut scene);
                        stopped_by_bus(scene, Bus::State);
                    }
                }
            }
        }
        assert!(tried[1] > 0, "{name}: no state of the future was tried");
    }
    assert!(stale_reads > 10);
}

/// An index past the end that is a word's address modulo the field's order: where an access takes place,
/// the high limb times four is looked up, so its address is its integer.
#[test]
fn an_index_is_not_taken_modulo_the_field() {
    let honest = Scene::new(
        &wgsl_job(INDEXED, [1, 1, 1], vec![vec![0], vec![3, 3]]),
        None,
    );
    for address in [0, 1] {
        let index = P + address;
        let mut outputs = vec![vec![index], vec![3, 3]];
        outputs[1][address as usize] = 7;
        let mut scene = restated(&honest, vec![vec![index], vec![3, 3]], outputs);
        assert!(scene.machine.witness().is_err());
        let block = scene.table("block 0");
        let store = messages(&scene, block, 0, Bus::Data, Direction::Send)
            .pop()
            .unwrap()
            .0;
        let offers = scene.offers();
        let mut forger = Forger::new(&scene.tables()[block], &offers);
        let mut goal = forger.goal_of(0, scene.row(block, 0));
        fields(&mut goal, store)[ADDRESS] = element(address);
        assert_eq!(forger.forge(0, scene.row(block, 0), &goal, 500), None);
        // Without that lookup it works: the rest of the row is consistent.
        let numbers = forger.requirements().into_iter();
        let mut numbers =
            numbers.filter(|lookup| matches!(lookup, Requirement::Lookup(_, Bus::Range)));
        let forged = numbers.find_map(|lookup| {
            forger.without(Some(lookup));
            forger.forge(0, scene.row(block, 0), &goal, 500)
        });
        let columns = forged.expect("one lookup stands against it");
        scene.row_mut(block, 0).copy_from_slice(&columns);
        if address == 0 {
            // The word is the one that the honest row stores to, so its table agrees.
            stopped_by_bus(scene, Bus::Range);
        }
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
