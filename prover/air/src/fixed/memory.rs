//! The tables behind the memories: what a word was, what it became, and who owns it.
//!
//! Per word, by plan (columns beside the row's number; public ones are constrained to equal periodic columns):
//!
//! | plan | columns | offers | takes |
//! | --- | --- | --- | --- |
//! | read only | value | the value, to everybody | |
//! | write once | final value, owner, written; initial value where there are reads | the initial value to its owner; to everybody where it is not written | the one write |
//! | read-write | initial and final value, party, final order | the initial state; the initial value to everybody where no state moved | the final state |
//! | updates | initial and final value, party, number of updates | the initial state | the final state |
//! | phased, a buffer | as read-write, with final phase and home | as read-write | the final state |
//! | phased, of workgroups | final value, party, order and phase | the initial state, zero | the final state |
//! | private | final value, final time | the initial state, zero | the final state |

use arknet_workload::ir::{MemoryId, Space};
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;
use p3_matrix::dense::RowMajorMatrix;

use super::{FixedBuilder, log_height};
use crate::lower::{MemoryPlan, tag};
use crate::statement::Statement;
use crate::table::{Bus, Direction, Expr, Table};

/// Words in a row of a large memory's table.
const MAX_LANES: usize = 16;

/// A memory's table.
#[derive(Clone, Debug)]
pub(crate) struct MemoryTable {
    pub(crate) memory: MemoryId,
    pub(crate) plan: MemoryPlan,
    pub(crate) table: Table,
    /// Whether it is workgroup memory.
    is_shared: bool,
    lanes: usize,
    words: usize,
}

/// What a run leaves of a word, as the columns of the plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WordState {
    /// The last party to move the word's state, or the owner of a write-once word.
    pub(crate) party: u32,
    /// Whether a write-once word was written.
    pub(crate) written: bool,
    /// Final value.
    pub(crate) value: u32,
    /// Order of the last state; 0 where nothing moved the first.
    pub(crate) order: u32,
    /// Phase of the last state, counted from 1; 0 where no phase saw the word.
    pub(crate) phase: u32,
    /// One more than the workgroup that has the word for itself, or 0.
    pub(crate) home: u32,
    /// Reads by the owner of a write-once word.
    pub(crate) own_reads: u32,
    /// Reads as a word that nobody writes.
    pub(crate) shared_reads: u32,
}

/// Initial and final words of a memory, as the statement has them.
fn contents(statement: &Statement, memory: MemoryId) -> (&[u32], &[u32]) {
    match &statement.workload.program().memory(memory).space {
        Space::Constant { words } => (words, words),
        Space::Input { .. } | Space::Output { .. } => match statement.buffer_index(memory) {
            Some(index) => (&statement.initial[index], &statement.outputs[index]),
            None => (&[], &[]),
        },
        Space::Shared { .. } | Space::Private { .. } => (&[], &[]),
    }
}

fn low(words: &[u32], at: usize) -> u32 {
    words.get(at).map_or(0, |word| word & 0xffff)
}

fn high(words: &[u32], at: usize) -> u32 {
    words.get(at).map_or(0, |word| word >> 16)
}

/// The table of a memory.
pub(crate) fn memory_table(
    statement: &Statement,
    memory: MemoryId,
    plans: &[MemoryPlan],
) -> MemoryTable {
    let plan = plans[memory.0 as usize];
    let ends = ChainEnds {
        memory,
        width: MemoryPlan::state_width(plans),
    };
    let words = statement.length(memory) as usize * statement.instances(memory) as usize;
    let space = &statement.workload.program().memory(memory).space;
    let is_shared = matches!(space, Space::Shared { .. });
    let is_public = !is_shared && plan != MemoryPlan::Private;
    let lanes = words.next_power_of_two().min(MAX_LANES);
    let mut table = FixedBuilder::new(log_height(words.div_ceil(lanes) as u64));
    let row_number = table.public_column(|row| row as u32);
    let first = table.exprs.scale(row_number, lanes as i64);
    let (initial, outputs) = contents(statement, memory);
    let is_full = table.rows() * lanes == words;
    for lane in 0..lanes {
        let offset = table.exprs.constant(lane as i64);
        let address = table.exprs.add(first, offset);
        let at = |row: usize| row * lanes + lane;
        // Words past the end: nobody owns, reads or writes them.
        let absent =
            (!is_full && is_public).then(|| table.periodic(|row| u32::from(at(row) >= words)));
        let forbid = |table: &mut FixedBuilder, count: Expr| {
            if let Some(absent) = absent {
                table.assert_product_zero(count, absent);
            }
        };
        let zero = table.exprs.constant(0);
        let message = |table: &mut FixedBuilder, tag: i64, owner: Expr, value: [Expr; 2]| {
            vec![
                table.exprs.constant(tag),
                address,
                owner,
                value[0],
                value[1],
            ]
        };
        match plan {
            MemoryPlan::ReadOnly => {
                let value = [
                    table.public_column(|row| low(initial, at(row))),
                    table.public_column(|row| high(initial, at(row))),
                ];
                let reads = table.column();
                forbid(&mut table, reads);
                let fields = message(&mut table, tag::view(memory), zero, value);
                table.interact(Bus::Data, Direction::Provide, fields, reads);
            }
            MemoryPlan::WriteOnce {
                shared_reads,
                reads,
            } => {
                let last = [
                    table.public_column(|row| low(outputs, at(row))),
                    table.public_column(|row| high(outputs, at(row))),
                ];
                let owner = table.column();
                let written = table.boolean_column();
                forbid(&mut table, written);
                let first = [
                    table.periodic(|row| low(initial, at(row))),
                    table.periodic(|row| high(initial, at(row))),
                ];
                let one = table.exprs.constant(1);
                let kept = table.exprs.sub(one, written);
                for (last, first) in last.into_iter().zip(first) {
                    let change = table.exprs.sub(last, first);
                    table.assert_product_zero(kept, change);
                }
                let fields = message(&mut table, tag::store(memory), owner, last);
                table.interact(Bus::Data, Direction::Receive, fields, written);
                if reads {
                    let value = first.map(|public| {
                        let column = table.column();
                        table.assert_equal(column, public);
                        column
                    });
                    let count = table.column();
                    forbid(&mut table, count);
                    let fields = message(&mut table, tag::owned(memory), owner, value);
                    table.interact(Bus::Data, Direction::Provide, fields, count);
                    if shared_reads {
                        let count = table.column();
                        forbid(&mut table, count);
                        table.assert_product_zero(count, written);
                        let fields = message(&mut table, tag::view(memory), zero, value);
                        table.interact(Bus::Data, Direction::Provide, fields, count);
                    }
                }
            }
            MemoryPlan::ReadWrite => {
                let [first, last] = [initial, outputs].map(|words| limbs(&mut table, words, at));
                let [party, order, count] = [(); 3].map(|()| table.column());
                forbid(&mut table, count);
                forbid(&mut table, order);
                table.assert_product_zero(count, order);
                let fields = message(&mut table, tag::view(memory), zero, first);
                table.interact(Bus::Data, Direction::Provide, fields, count);
                let begin = vec![party, first[0], first[1], zero];
                let end = vec![party, last[0], last[1], order];
                ends.interact(&mut table, address, begin, end);
            }
            MemoryPlan::Updates => {
                let [first, last] = [initial, outputs].map(|words| limbs(&mut table, words, at));
                let [party, count] = [(); 2].map(|()| table.column());
                forbid(&mut table, count);
                let begin = vec![party, first[0], first[1], zero];
                let end = vec![party, last[0], last[1], count];
                ends.interact(&mut table, address, begin, end);
            }
            MemoryPlan::Private => {
                let [low, high, time] = [(); 3].map(|()| table.column());
                let begin = vec![zero; 4];
                ends.interact(&mut table, address, begin, vec![zero, low, high, time]);
            }
            MemoryPlan::Phased if is_shared => {
                let [low, high, party, order, phase] = [(); 5].map(|()| table.column());
                let begin = vec![zero; 6];
                let end = vec![party, low, high, order, phase, zero];
                ends.interact(&mut table, address, begin, end);
            }
            MemoryPlan::Phased => {
                let [first, last] = [initial, outputs].map(|words| limbs(&mut table, words, at));
                let [party, order, phase, home, count] = [(); 5].map(|()| table.column());
                forbid(&mut table, count);
                forbid(&mut table, order);
                forbid(&mut table, phase);
                // No state moved: updates outside of phases leave an order, accesses in phases leave a phase.
                table.assert_product_zero(count, order);
                table.assert_product_zero(count, phase);
                let fields = message(&mut table, tag::view(memory), zero, first);
                table.interact(Bus::Data, Direction::Provide, fields, count);
                let begin = vec![party, first[0], first[1], zero, zero, home];
                let end = vec![party, last[0], last[1], order, phase, home];
                ends.interact(&mut table, address, begin, end);
            }
        }
    }
    let name = format!(
        "memory {}",
        statement.workload.program().memory(memory).name
    );
    MemoryTable {
        memory,
        plan,
        table: table.finish(name),
        is_shared,
        lanes,
        words,
    }
}

/// A word's public limbs.
fn limbs(table: &mut FixedBuilder, words: &[u32], at: impl Fn(usize) -> usize) -> [Expr; 2] {
    [
        table.public_column(|row| low(words, at(row))),
        table.public_column(|row| high(words, at(row))),
    ]
}

/// Gives out a word's initial state and takes its final one. A word past the end does so too, and as nothing
/// moves its state, its two messages cancel.
struct ChainEnds {
    memory: MemoryId,
    /// Fields of a message.
    width: usize,
}

impl ChainEnds {
    fn interact(&self, table: &mut FixedBuilder, address: Expr, begin: Vec<Expr>, end: Vec<Expr>) {
        let [tag, zero, one] =
            [tag::state(self.memory), 0, 1].map(|number| table.exprs.constant(number));
        for (direction, state) in [(Direction::Send, begin), (Direction::Receive, end)] {
            let mut fields = [vec![tag, address], state].concat();
            fields.resize(self.width, zero);
            table.interact(Bus::State, direction, fields, one);
        }
    }
}

/// The table's rows from what the run left of each word.
pub(crate) fn fill_memory(
    memory: &MemoryTable,
    statement: &Statement,
    states: &[WordState],
) -> RowMajorMatrix<KoalaBear> {
    let body = memory.table.body();
    let rows = body.periodic[0].len();
    let (initial, outputs) = contents(statement, memory.memory);
    let public = |at| {
        let ends = [initial, outputs].map(|words| [low(words, at), high(words, at)]);
        ends.as_flattened().to_vec()
    };
    let mut values: Vec<u32> = Vec::with_capacity(rows * body.width);
    for row in 0..rows {
        values.push(row as u32);
        for at in row * memory.lanes..(row + 1) * memory.lanes {
            let state = states
                .get(at)
                .filter(|_| at < memory.words)
                .copied()
                .unwrap_or_default();
            match memory.plan {
                MemoryPlan::ReadOnly => {
                    values.extend([low(initial, at), high(initial, at), state.shared_reads]);
                }
                MemoryPlan::WriteOnce {
                    shared_reads,
                    reads,
                } => {
                    values.extend([low(outputs, at), high(outputs, at), state.party]);
                    values.push(u32::from(state.written));
                    if reads {
                        values.extend([low(initial, at), high(initial, at), state.own_reads]);
                        if shared_reads {
                            values.push(state.shared_reads);
                        }
                    }
                }
                MemoryPlan::ReadWrite => {
                    values.extend(public(at));
                    values.extend([state.party, state.order, state.shared_reads]);
                }
                MemoryPlan::Updates => {
                    values.extend(public(at));
                    values.extend([state.party, state.order]);
                }
                MemoryPlan::Private => {
                    values.extend([state.value & 0xffff, state.value >> 16, state.order]);
                }
                MemoryPlan::Phased if memory.is_shared => {
                    values.extend([state.value & 0xffff, state.value >> 16]);
                    values.extend([state.party, state.order, state.phase]);
                }
                MemoryPlan::Phased => {
                    values.extend(public(at));
                    values.extend([state.party, state.order, state.phase, state.home]);
                    values.push(state.shared_reads);
                }
            }
        }
    }
    RowMajorMatrix::new(
        values.into_iter().map(KoalaBear::from_u32).collect(),
        body.width,
    )
}
