//! Runs the flow blocks of a machine and logs what the tables need.
//!
//! Workgroup by workgroup: where barriers order a memory, the invocations of a workgroup go from barrier to barrier
//! together. A first run that logs nothing finds out how each word is used, where the way to prove its accesses depends
//! on that.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use arknet_workload::ir::{MemoryId, Space};
use rayon::prelude::*;

use super::WitnessError;
use super::collect::collect;
use super::log::{LogLayout, Visits};
use super::turns::{Deed, EntryPlace, GroupWords, Word};
use super::usage::Touch;
use super::walk::{Stop, Walk};
use crate::fixed::WordState;
use crate::lower::MemoryPlan;
use crate::machine::{MAX_LOG_HEIGHT, Machine};

/// Invocations that one task runs, if a workgroup is not larger.
const CHUNK: u32 = 256;
/// Visits to a block between two looks at the clock.
const VISITS_PER_LOOK: u64 = 1 << 10;

/// What a run leaves.
pub(super) struct Execution {
    /// Per block, in the machine's order.
    pub(super) visits: Vec<Visits>,
    /// Per memory with a table, its words.
    pub(super) words: Vec<Vec<WordState>>,
    /// Final clock of each invocation.
    pub(super) clocks: Vec<u32>,
}

/// What one task leaves.
pub(super) struct Part {
    /// Per block, where anything is logged.
    pub(super) logs: Option<Vec<Vec<u32>>>,
    pub(super) clocks: Vec<u32>,
    /// Words touched: memory (by position among tables), index, state, what was done.
    pub(super) touched: Vec<(usize, u32, WordState, Touch)>,
    pub(super) updates: Vec<LoggedUpdate>,
}

/// An update that may come in any order: what the word was becomes known when all have an order.
pub(super) struct LoggedUpdate {
    /// Memory, by position among tables.
    pub(super) table: usize,
    pub(super) address: u32,
    pub(super) place: EntryPlace,
    pub(super) deed: Deed,
}

pub(super) fn execute(machine: &Machine) -> Result<Execution, WitnessError> {
    let touches = if machine.plans.iter().any(|&plan| depends_on_usage(plan)) {
        survey(machine)?
    } else {
        unknown(machine)
    };
    let runner = Runner::new(machine, &touches, None);
    let parts = runner
        .chunks()
        .map(|chunk| runner.run(chunk, true))
        .collect::<Result<_, _>>()?;
    collect(runner, parts)
}

/// Visits to each block in the machine's order, found by running alone: nothing is kept of a finished chunk.
pub(super) fn count_visits(
    machine: &Machine,
    deadline: Option<Instant>,
) -> Result<Vec<u64>, WitnessError> {
    // How words are used decides what is logged, not where an invocation goes.
    let touches = unknown(machine);
    let runner = Runner::new(machine, &touches, deadline);
    runner
        .chunks()
        .try_for_each(|chunk| runner.run(chunk, false).map(drop))?;
    Ok(runner.rows.into_iter().map(AtomicU64::into_inner).collect())
}

fn unknown(machine: &Machine) -> Vec<Vec<Touch>> {
    vec![Vec::new(); machine.plans.len()]
}

fn depends_on_usage(plan: MemoryPlan) -> bool {
    match plan {
        MemoryPlan::ReadWrite | MemoryPlan::Phased => true,
        MemoryPlan::WriteOnce { shared_reads, .. } => shared_reads,
        MemoryPlan::ReadOnly | MemoryPlan::Private | MemoryPlan::Updates => false,
    }
}

/// What is done to each word, per memory; nothing for memories where it is of no interest.
fn survey(machine: &Machine) -> Result<Vec<Vec<Touch>>, WitnessError> {
    let mut touches = unknown(machine);
    let runner = Runner::new(machine, &touches, None);
    let parts: Vec<Part> = runner
        .chunks()
        .map(|chunk| runner.run(chunk, false))
        .collect::<Result<_, _>>()?;
    for memory in &machine.memories {
        let id = memory.memory;
        if depends_on_usage(memory.plan) && machine.statement.buffer_index(id).is_some() {
            let words = machine.statement.length(id) as usize;
            touches[id.0 as usize] = vec![Touch::default(); words];
        }
    }
    for (table, index, _, touch) in parts.into_iter().flat_map(|part| part.touched) {
        let id = machine.memories[table].memory;
        if let Some(word) = touches[id.0 as usize].get_mut(index as usize) {
            word.add(touch);
        }
    }
    Ok(touches)
}

/// A run under way.
pub(super) struct Runner<'a> {
    pub(super) machine: &'a Machine,
    /// Per memory what is done to each word, where that is known.
    pub(super) touches: &'a [Vec<Touch>],
    /// Position in the machine's order of each block.
    pub(super) positions: Vec<usize>,
    pub(super) layout: LogLayout,
    /// Words of a row, by position in the machine's order.
    pub(super) strides: Vec<usize>,
    /// Position among the tables of each memory.
    pub(super) tables: Vec<Option<usize>>,
    /// Visits so far, by position in the machine's order.
    pub(super) rows: Vec<AtomicU64>,
    /// Reads of words that nobody writes, by memory table and address. One count for all threads: a count for
    /// each chunk would take chunks times words of memory.
    pub(super) shared_reads: Vec<Vec<AtomicU32>>,
    /// When the run must end.
    deadline: Option<Instant>,
}

impl<'a> Runner<'a> {
    fn new(machine: &'a Machine, touches: &'a [Vec<Touch>], deadline: Option<Instant>) -> Self {
        let graph = &machine.graph;
        let mut positions = vec![0; graph.blocks.len()];
        for (position, id) in graph.order.iter().enumerate() {
            positions[id.0 as usize] = position;
        }
        let layout = LogLayout::new(machine);
        let strides = graph
            .order
            .iter()
            .map(|id| layout.access(graph.blocks[id.0 as usize].accesses.len()))
            .collect();
        let mut tables = vec![None; machine.plans.len()];
        for (position, memory) in machine.memories.iter().enumerate() {
            tables[memory.memory.0 as usize] = Some(position);
        }
        let rows = graph.order.iter().map(|_| AtomicU64::new(0)).collect();
        let shared_reads = machine
            .memories
            .iter()
            .map(|memory| {
                if is_by_instance(machine, memory.memory) {
                    return Vec::new();
                }
                let words = 0..machine.statement.length(memory.memory);
                words.map(|_| AtomicU32::new(0)).collect()
            })
            .collect();
        Self {
            machine,
            touches,
            positions,
            layout,
            strides,
            tables,
            rows,
            shared_reads,
            deadline,
        }
    }

    /// All invocations, in chunks of whole workgroups for one task each.
    fn chunks(&self) -> impl IndexedParallelIterator<Item = std::ops::Range<u32>> + use<> {
        let dispatch = self.machine.statement.dispatch;
        let (groups, size) = (dispatch.groups(), dispatch.group_invocations());
        let per_chunk = (CHUNK / size).max(1);
        (0..groups.div_ceil(per_chunk))
            .into_par_iter()
            .map(move |chunk| chunk * per_chunk..groups.min((chunk + 1) * per_chunk))
    }

    /// Runs workgroups.
    fn run(&self, groups: std::ops::Range<u32>, log: bool) -> Result<Part, WitnessError> {
        let mut part = Part {
            logs: log.then(|| vec![Vec::new(); self.strides.len()]),
            clocks: Vec::new(),
            touched: Vec::new(),
            updates: Vec::new(),
        };
        let size = self.machine.statement.dispatch.group_invocations();
        let is_phased = self.machine.plans.contains(&MemoryPlan::Phased);
        for group in groups {
            let mut words = GroupWords::default();
            let invocations = group * size..(group + 1) * size;
            if is_phased {
                self.together(invocations, &mut words, &mut part)?;
            } else {
                for invocation in invocations {
                    let mut walk = Walk::new(self, invocation, &mut part);
                    while walk.advance(self, &mut words, &mut part)? == Stop::Barrier {}
                    self.leave(walk, &mut part);
                }
            }
            self.leave_group(group, words, &mut part)?;
        }
        Ok(part)
    }

    /// Runs the invocations of a workgroup from barrier to barrier.
    fn together(
        &self,
        invocations: std::ops::Range<u32>,
        words: &mut GroupWords,
        part: &mut Part,
    ) -> Result<(), WitnessError> {
        let mut walks: Vec<Walk> = invocations
            .map(|invocation| Walk::new(self, invocation, part))
            .collect();
        while walks.iter().any(|walk| !walk.is_over) {
            for walk in walks.iter_mut().filter(|walk| !walk.is_over) {
                walk.advance(self, words, part)?;
            }
        }
        for walk in walks {
            self.leave(walk, part);
        }
        Ok(())
    }

    /// Counts a visit, so that a run past the height of its table, or past its time, ends early instead of
    /// filling the memory.
    pub(super) fn count_row(&self, position: usize) -> Result<(), WitnessError> {
        let rows = self.rows[position].fetch_add(1, Ordering::Relaxed) + 1;
        if rows > 1 << MAX_LOG_HEIGHT {
            let table = self.machine.blocks[position].table.name().to_owned();
            return Err(WitnessError::TooManyRows { table });
        }
        if rows.is_multiple_of(VISITS_PER_LOOK)
            && self.deadline.is_some_and(|end| Instant::now() >= end)
        {
            return Err(WitnessError::OverTime);
        }
        Ok(())
    }

    /// Hands over the words that an invocation touched, private arrays whole.
    fn leave(&self, mut walk: Walk, part: &mut Part) {
        part.clocks.push(walk.clock);
        if part.logs.is_none() {
            // How an invocation's own words are used is known.
            let memories = &self.machine.memories;
            let touched = &mut walk.touched;
            touched.retain(|&(table, _), _| memories[table].plan != MemoryPlan::Private);
        }
        for (table, memory) in self.machine.memories.iter().enumerate() {
            if memory.plan == MemoryPlan::Private && part.logs.is_some() {
                for index in 0..self.machine.statement.length(memory.memory) {
                    let word = walk.touched.remove(&(table, index));
                    let (_, state, touch) = word.unwrap_or_default();
                    part.touched.push((table, index, state, touch));
                }
            }
        }
        let mut rest: Vec<_> = walk.touched.into_iter().collect();
        rest.sort_unstable_by_key(|(key, _)| *key);
        let rest = rest.into_iter();
        part.touched
            .extend(rest.map(|((table, index), (_, state, touch))| (table, index, state, touch)));
    }

    /// Hands over the words that a workgroup touched, its own memory whole.
    fn leave_group(
        &self,
        group: u32,
        mut words: GroupWords,
        part: &mut Part,
    ) -> Result<(), WitnessError> {
        let logs = part.logs.as_deref_mut().unwrap_or(&mut []);
        let mut end = |(table, index): (usize, u32), word: Word, home: u32| {
            let memory = self.machine.memories[table].memory;
            let (state, touch) = word
                .end(home, logs)
                .map_err(|_| self.output_error(memory, index))?;
            part.touched.push((table, index, state, touch));
            Ok(())
        };
        for (table, memory) in self.machine.memories.iter().enumerate() {
            if memory.plan == MemoryPlan::Phased && is_by_instance(self.machine, memory.memory) {
                for index in 0..self.machine.statement.length(memory.memory) {
                    let key = (table, index);
                    let word = words.remove(&key).unwrap_or_else(|| Word::new(0));
                    end(key, word, 0)?;
                }
            }
        }
        let mut rest: Vec<_> = words.into_iter().collect();
        rest.sort_unstable_by_key(|(key, _)| *key);
        rest.into_iter()
            .try_for_each(|(key, word)| end(key, word, group + 1))
    }
}

/// Whether a memory is an array for each invocation or workgroup.
pub(super) fn is_by_instance(machine: &Machine, memory: MemoryId) -> bool {
    let program = machine.statement.workload.program();
    matches!(
        program.memory(memory).space,
        Space::Private { .. } | Space::Shared { .. }
    )
}
