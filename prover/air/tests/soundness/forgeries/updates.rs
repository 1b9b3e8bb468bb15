//! Attacks on words that many invocations update.

use arknet_air::{Bus, Direction, Machine, WitnessError};
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;

use super::super::scene::{Scene, element, wgsl_job};
use super::{messages, stopped_by_bus, with_outputs};

/// Fields of a word's state.
const FAMILY: usize = 2;
const COUNT: usize = 5;

const ANY: &str = "
@group(0) @binding(0) var<storage, read> on: array<u32>;
@group(0) @binding(1) var<storage, read_write> any: array<atomic<u32>>;
@compute @workgroup_size(3)
fn main(@builtin(local_invocation_index) i: u32) {
    if on[i] == 1u {
        atomicOr(&any[0], 4u << i);
    }
}";

fn scene(on: [u32; 3], any: &[u32]) -> Scene {
    let job = wgsl_job(ANY, [1, 1, 1], vec![on.to_vec(), any.to_vec()]);
    Scene::new(&job, None)
}

fn any() -> Scene {
    let scene = scene([1; 3], &[1]);
    assert_eq!(scene.machine.statement().outputs[1], [1 | 4 | 8 | 16]);
    scene
}

fn lie(honest: &Scene, any: u32) -> Scene {
    let scene = with_outputs(honest, vec![vec![1; 3], vec![any]]);
    assert!(scene.machine.witness().is_err());
    scene
}

/// Sets the count in the state that a row takes, which is one column.
fn set_count(scene: &mut Scene, table: usize, row: usize, count: u32) {
    let taken = |scene: &Scene| {
        let taken = messages(scene, table, row, Bus::State, Direction::Receive);
        taken.first().map(|(_, fields)| fields[COUNT])
    };
    let before = taken(scene);
    for column in 0..scene.row(table, row).len() {
        let old = scene.row(table, row)[column];
        scene.row_mut(table, row)[column] = old + KoalaBear::ONE;
        let now = taken(scene);
        let is_count = now.is_some() && now != before;
        scene.row_mut(table, row)[column] = if is_count { element(count) } else { old };
        if is_count {
            return;
        }
    }
    panic!("no column holds the count");
}

/// Gives the update of a row another word and count before. The row is that of a run in which it alone updates
/// this word.
fn rewire(forged: &mut Scene, row: usize, low: u32, count: u32) {
    let mut on = [0; 3];
    on[row] = 1;
    let donor = scene(on, &[low]);
    let block = forged.table("block 0");
    let columns = donor.row(block, row).to_vec();
    forged.row_mut(block, row).copy_from_slice(&columns);
    set_count(forged, block, row, count);
}

/// Updates of one family commute, so their order is free: the means of these attacks suffice.
#[test]
fn updates_may_come_in_any_order() {
    let mut scene = any();
    rewire(&mut scene, 2, 1, 0);
    rewire(&mut scene, 0, 1 | 16, 1);
    rewire(&mut scene, 1, 1 | 16 | 4, 2);
    scene.rebalance();
    assert_eq!(scene.verdict(), Ok(()));
}

/// An update that is left out of the chain has a state to take that nobody gives (state bus), also where it would
/// give just that state: the count goes up.
#[test]
fn no_update_is_left_out() {
    let honest = any();
    for (low, before) in [(1 | 4 | 8, 2), (16, 2), (16, 77), (1 | 4 | 8 | 16, 3)] {
        for count in [2, 3] {
            let mut scene = lie(&honest, 1 | 4 | 8);
            rewire(&mut scene, 2, low, before);
            let memory = scene.table("memory any");
            set_count(&mut scene, memory, 0, count);
            stopped_by_bus(scene, Bus::State);
        }
    }
}

/// Two updates take the same state, and one is lost (state bus).
#[test]
fn no_update_is_lost() {
    let honest = any();
    for count in [1, 2, 3] {
        let mut scene = lie(&honest, 1 | 4 | 16);
        rewire(&mut scene, 2, 1 | 4, 1);
        let memory = scene.table("memory any");
        set_count(&mut scene, memory, 0, count);
        stopped_by_bus(scene, Bus::State);
    }
}

/// A word that nothing updates keeps its value (state bus).
#[test]
fn an_untouched_word_keeps_its_value() {
    let honest = scene([1; 3], &[1, 6]);
    let outputs = vec![vec![1; 3], vec![29, 7]];
    stopped_by_bus(with_outputs(&honest, outputs), Bus::State);
}

/// Updates of two families do not commute. Invocations that meet so are a race, which the interpreter finds; the
/// tables take a word's updates of one family only (state bus).
#[test]
fn a_word_has_updates_of_one_family() {
    let source = "
@group(0) @binding(0) var<storage, read> to: array<u32>;
@group(0) @binding(1) var<storage, read_write> a: array<atomic<u32>>;
@compute @workgroup_size(2)
fn main(@builtin(local_invocation_index) i: u32) {
    if i == 0u {
        atomicAdd(&a[to[0]], 5u);
    } else {
        atomicMax(&a[to[1]], 7u);
    }
}";
    let apart = wgsl_job(source, [1, 1, 1], vec![vec![0, 1], vec![1, 1]]);
    let scene = Scene::new(&apart, None);
    assert_eq!(scene.machine.statement().outputs[1], [6, 7]);
    let memory = scene.table("memory a");
    let families: Vec<KoalaBear> = messages(&scene, memory, 0, Bus::State, Direction::Send)
        .into_iter()
        .map(|(_, fields)| fields[FAMILY])
        .collect();
    assert_ne!(families[0], families[1]);

    // Both on word 0: `max(1, 7) + 5` or `max(1 + 5, 7)`.
    for result in [12, 7] {
        let mut statement = scene.machine.statement().clone();
        statement.initial[0] = vec![0, 0];
        statement.outputs = vec![vec![0, 0], vec![result, 1]];
        let machine = Machine::compile(&statement).unwrap();
        assert!(matches!(
            machine.witness(),
            Err(WitnessError::Output { index: 0, .. })
        ));
    }
}
