//! Attacks on words that change hands at barriers.
//!
//! Each takes an honest row, has it hear the state of a word as a cheat would leave it, and asks whether it can still say
//! what it said. The same means do for states that an honest run might leave, which each test shows beside.

use arknet_air::{Bus, Direction, Machine, Violation, WitnessError};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;

use super::super::kernels;
use super::super::scene::{Scene, element, wgsl_job};
use super::super::sharing;
use super::{can_forge, fields, messages, stopped_by_bus, with_outputs};

/// Fields of a word's state.
const PARTY: usize = 2;
const LOW: usize = 3;
const ORDER: usize = 5;
const PHASE: usize = 6;
const HOME: usize = 7;

/// The party of anybody who reads, that of anybody who adds, and the first invocation.
const READERS: u32 = 0;
const ADDERS: u32 = 1;
const OWNER: u32 = 16;

/// A turn of a word's state: what a row hears and what it tells.
struct Turn {
    table: usize,
    row: usize,
    heard: usize,
    before: Vec<KoalaBear>,
    after: Vec<KoalaBear>,
}

impl Turn {
    fn number(&self, field: usize) -> [u32; 2] {
        [&self.before, &self.after].map(|state| state[field].as_canonical_u32())
    }

    /// Whether the row can hear this instead and say the same.
    fn can_hear(&self, scene: &Scene, changes: &[(usize, u32)]) -> bool {
        can_forge(scene, self.table, self.row, |goal| {
            for &(field, value) in changes {
                fields(goal, self.heard)[field] = element(value);
            }
        })
    }
}

/// The turns of words that change hands, in all blocks.
fn turns(scene: &Scene) -> Vec<Turn> {
    let mut turns = Vec::new();
    for table in scene.block_tables() {
        for row in scene.visits(table) {
            let side = |direction| {
                let mut states = messages(scene, table, row, Bus::State, direction);
                states.retain(|(_, fields)| fields.len() > HOME);
                states
            };
            let (heard, told) = (side(Direction::Receive), side(Direction::Send));
            assert_eq!(heard.len(), told.len());
            turns.extend(heard.into_iter().zip(told).map(|(heard, told)| Turn {
                table,
                row,
                heard: heard.0,
                before: heard.1,
                after: told.1,
            }));
        }
    }
    turns
}

/// The turns of a kernel's words that leave them with this party.
fn turns_of(scene: &Scene, party: impl Fn(u32) -> bool) -> Vec<Turn> {
    let mut turns = turns(scene);
    turns.retain(|turn| party(turn.number(PARTY)[1]));
    assert!(turns.len() > 3);
    turns
}

/// Whatever a word was in an earlier phase, it may become anything in a later one. In the same phase, or a later
/// one than the row's, its party is not another (a constraint, or a gap that is no number).
#[test]
fn a_word_changes_hands_at_a_barrier_alone() {
    for name in ["scan", "scan, long", "workgroup counts", "storage phases"] {
        let scene = kernels::scene(name);
        for turn in turns(&scene) {
            let [_, party] = turn.number(PARTY);
            let [_, phase] = turn.number(PHASE);
            if phase == 0 {
                continue;
            }
            for other in [READERS, ADDERS, OWNER, OWNER + 1, OWNER + 9] {
                if other == party {
                    continue;
                }
                // The first of many begins to count.
                if party >= OWNER || turn.number(ORDER)[1] == 0 {
                    assert!(turn.can_hear(&scene, &[(PARTY, other), (PHASE, phase - 1)]));
                }
                for phase in [phase, phase + 1, 1 << 29] {
                    for order in [0, 1, turn.number(ORDER)[0]] {
                        let cheat = [(PARTY, other), (PHASE, phase), (ORDER, order)];
                        assert!(!turn.can_hear(&scene, &cheat), "{name}: {cheat:?}");
                    }
                }
            }
        }
    }
}

/// An owner's states of a phase follow each other in time (a gap that is no number).
#[test]
fn an_owner_does_not_go_back_in_time() {
    for name in ["scan", "scan, long"] {
        let scene = kernels::scene(name);
        for turn in turns_of(&scene, |party| party >= OWNER) {
            let ([_, party], [_, phase]) = (turn.number(PARTY), turn.number(PHASE));
            let [_, time] = turn.number(ORDER);
            let heard = |time| [(PARTY, party), (PHASE, phase), (ORDER, time)];
            assert!(turn.can_hear(&scene, &heard(time - 1)));
            for later in [time, time + 1, time + 70_000] {
                assert!(!turn.can_hear(&scene, &heard(later)));
            }
        }
    }
}

/// Readers and updaters of a phase are counted one by one (a constraint): none is left out, and a state is not taken
/// twice.
#[test]
fn the_members_of_a_party_are_counted() {
    for name in ["scan", "workgroup counts", "storage phases"] {
        let scene = kernels::scene(name);
        for turn in turns_of(&scene, |party| party < OWNER) {
            let ([_, party], [_, phase]) = (turn.number(PARTY), turn.number(PHASE));
            let [_, count] = turn.number(ORDER);
            let heard = |count| [(PARTY, party), (PHASE, phase), (ORDER, count)];
            if count > 0 {
                assert!(turn.can_hear(&scene, &heard(count - 1)));
            }
            for other in [count, count + 1, count + 2] {
                assert!(!turn.can_hear(&scene, &heard(other)));
            }
        }
    }
}

/// A reader leaves the word as it found it, whoever had it before.
#[test]
fn a_reader_sees_what_is_there() {
    let scene = kernels::scene("scan");
    for turn in turns_of(&scene, |party| party == READERS) {
        let [found, left] = turn.number(LOW);
        assert_eq!(found, left);
        assert!(!turn.can_hear(&scene, &[(LOW, found + 1)]));
    }
}

/// A word of a buffer has one home: the row's workgroup, or none for updates by all (fields without columns).
#[test]
fn a_word_has_one_home() {
    let scene = kernels::scene("storage phases");
    let mut homes = Vec::new();
    for turn in turns(&scene) {
        let [home, same] = turn.number(HOME);
        assert_eq!(home, same);
        for other in [0, 1, 2, 3, 4, 0x7f00_0000] {
            let unchanged = other == home;
            assert_eq!(turn.can_hear(&scene, &[(HOME, other)]), unchanged);
        }
        homes.push(home);
    }
    homes.sort_unstable();
    homes.dedup();
    assert_eq!(homes, [0, 1, 2, 3]);
}

/// A word that anybody may read at any time has moved in no way (a constraint of its table).
#[test]
fn a_moved_word_is_not_offered_to_all() {
    let honest = kernels::scene("storage phases");
    let memory = honest.table("memory b");
    let mut moved = messages(&honest, memory, 0, Bus::State, Direction::Receive);
    moved.retain(|(_, fields)| {
        [ORDER, PHASE]
            .iter()
            .any(|&at| fields[at] != KoalaBear::ZERO)
    });
    assert_eq!(moved.len(), 13);
    let width = honest.tables()[memory].main_width();
    let mut stopped = 0;
    for column in 0..width {
        let mut scene = honest.clone();
        scene.row_mut(memory, 0)[column] += KoalaBear::ONE;
        let offers =
            |scene: &Scene| messages(scene, memory, 0, Bus::Data, Direction::Provide).len();
        // A count that was 0 becomes 1.
        if offers(&scene) > offers(&honest) {
            match scene.verdict() {
                Ok(()) => panic!("column {column} is free"),
                Err(Violation::Constraint { .. }) => stopped += 1,
                Err(_) => {}
            }
        }
    }
    // The table has two words more than the buffer.
    assert_eq!(stopped, moved.len() + 2);
}

/// Nothing but what the rows of the run leave is a word's last value (state bus).
#[test]
fn the_last_words_are_those_of_the_last_phase() {
    let honest = kernels::scene("storage phases");
    let outputs = honest.machine.statement().outputs.clone();
    for word in 0..14 {
        let mut lie = outputs.clone();
        lie[0][word] ^= 1;
        stopped_by_bus(with_outputs(&honest, lie), Bus::State);
    }
    let scan = kernels::scene("scan");
    let mut lie = scan.machine.statement().outputs.clone();
    lie[1][3] += 1;
    stopped_by_bus(with_outputs(&scan, lie), Bus::Data);
}

/// Runs in which invocations meet on a word have no witness, in workgroup memory and in buffers.
#[test]
fn races_within_a_phase_have_no_witness() {
    let unordered = sharing::SCAN.replacen("workgroupBarrier();", "", 1);
    let job = wgsl_job(&unordered, [1, 1, 1], vec![vec![4], vec![1; 4]]);
    assert!(arknet_workload::interpreter::run(&job).is_err());
    let mut statement = kernels::scene("scan").machine.statement().clone();
    statement.workload = job.workload().clone();
    let machine = Machine::compile(&statement).unwrap();
    assert!(matches!(
        machine.witness(),
        Err(WitnessError::Output { .. })
    ));
}

/// A workgroup's words are its own: another's has another address, which follows from the invocation (fields without
/// columns of their own).
#[test]
fn a_workgroup_does_not_reach_into_another() {
    let scene = kernels::scene("scan");
    for turn in turns(&scene) {
        let address = turn.before[1].as_canonical_u32();
        let other = (address + 4) % 8;
        assert!(!can_forge(&scene, turn.table, turn.row, |goal| {
            fields(goal, turn.heard)[1] = element(other);
        }));
    }
}
