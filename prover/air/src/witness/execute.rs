//! Runs the flow blocks of a machine and logs what the tables need.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use arknet_workload::interpreter::evaluate_binary;
use arknet_workload::ir::{Builtin, MemoryId};
use arknet_workload::job::Invocation;
use rayon::prelude::*;

use super::WitnessError;
use crate::fixed::WordState;
use crate::graph::{AccessKind, BlockId, FlowBlock, Key, NodeId, Op, Target, Update};
use crate::lower::{MemoryPlan, SlotContent, SlotSource, family_code};
use crate::machine::{MAX_LOG_HEIGHT, Machine};

/// Words that a visit logs for each access: the word read, and the time (or number of updates), value and ownership
/// before it.
pub(super) const WORDS_PER_ACCESS: usize = 4;
/// Invocations that one task runs.
const CHUNK: u32 = 256;
/// Visits to a block between two looks at the clock.
const VISITS_PER_LOOK: u64 = 1 << 10;

/// The visits to a block: rows of `[invocation, clock, slots…, (read, time, value, own) per access…]`.
#[derive(Clone, Debug, Default)]
pub(super) struct Visits {
    pub(super) log: Vec<u32>,
    pub(super) stride: usize,
}

impl Visits {
    pub(super) fn rows(&self) -> usize {
        self.log.len() / self.stride
    }
}

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
struct Part {
    logs: Vec<Vec<u32>>,
    clocks: Vec<u32>,
    /// Words touched: memory (by position among tables), address, state.
    touched: Vec<(usize, u32, WordState)>,
    updates: Vec<LoggedUpdate>,
}

/// An update of a word in the order of invocations: what the word was becomes known when all of them are.
struct LoggedUpdate {
    /// Memory, by position among tables.
    table: usize,
    address: u32,
    /// The block, by position in the machine's order, and where its log has the access.
    position: usize,
    offset: usize,
    update: Update,
    operand: u32,
}

pub(super) fn execute(machine: &Machine) -> Result<Execution, WitnessError> {
    let written = if machine.plans.iter().any(needs_written_words) {
        written_words(machine)?
    } else {
        vec![Vec::new(); machine.plans.len()]
    };
    let runner = Runner::new(machine, &written, None);
    let parts = runner
        .chunks()
        .map(|chunk| runner.run(chunk, true))
        .collect::<Result<_, _>>()?;
    collect(machine, runner, parts)
}

/// Visits to each block in the machine's order, found by running alone: nothing is kept of a finished chunk.
pub(super) fn count_visits(
    machine: &Machine,
    deadline: Option<Instant>,
) -> Result<Vec<u64>, WitnessError> {
    // Which words are written decides what is logged, not where an invocation goes.
    let unknown = vec![Vec::new(); machine.plans.len()];
    let runner = Runner::new(machine, &unknown, deadline);
    runner
        .chunks()
        .try_for_each(|chunk| runner.run(chunk, false).map(drop))?;
    Ok(runner.rows.into_iter().map(AtomicU64::into_inner).collect())
}

fn needs_written_words(plan: &MemoryPlan) -> bool {
    matches!(
        plan,
        MemoryPlan::ReadWrite
            | MemoryPlan::WriteOnce {
                shared_reads: true,
                ..
            }
    )
}

/// Per memory, whether each word is written by anybody.
fn written_words(machine: &Machine) -> Result<Vec<Vec<bool>>, WitnessError> {
    let unknown = vec![Vec::new(); machine.plans.len()];
    let runner = Runner::new(machine, &unknown, None);
    let parts: Vec<Part> = runner
        .chunks()
        .map(|chunk| runner.run(chunk, false))
        .collect::<Result<_, _>>()?;
    let mut written: Vec<Vec<bool>> = vec![Vec::new(); machine.plans.len()];
    for memory in &machine.memories {
        if needs_written_words(&memory.plan) {
            let id = memory.memory;
            written[id.0 as usize] = vec![false; machine.statement.length(id) as usize];
        }
    }
    for (table, address, state) in parts.into_iter().flat_map(|part| part.touched) {
        let words = &mut written[machine.memories[table].memory.0 as usize];
        if state.written && !words.is_empty() {
            words[address as usize] = true;
        }
    }
    Ok(written)
}

fn collect(
    machine: &Machine,
    runner: Runner<'_>,
    parts: Vec<Part>,
) -> Result<Execution, WitnessError> {
    let mut execution = Execution {
        visits: runner
            .strides
            .iter()
            .zip(&runner.rows)
            .map(|(&stride, rows)| Visits {
                log: Vec::with_capacity(stride * rows.load(Ordering::Relaxed) as usize),
                stride,
            })
            .collect(),
        words: machine
            .memories
            .iter()
            .map(|memory| match memory.plan {
                MemoryPlan::Private => Vec::new(),
                _ => {
                    let words = machine.statement.length(memory.memory) as usize;
                    vec![WordState::default(); words]
                }
            })
            .collect(),
        clocks: Vec::new(),
    };
    for mut part in parts {
        execution.clocks.extend(part.clocks);
        for logged in &part.updates {
            let word = &mut execution.words[logged.table][logged.address as usize];
            let memory = machine.memories[logged.table].memory;
            let family = family_code(logged.update.family);
            if word.time == 0 {
                word.value = runner.initial(memory, logged.address);
                word.owner = family;
            }
            if word.owner != family {
                let memory = machine.statement.workload.program().memory(memory);
                return Err(WitnessError::Output {
                    memory: memory.name.clone(),
                    index: logged.address,
                });
            }
            let entry = &mut part.logs[logged.position][logged.offset..];
            (entry[0], entry[1]) = (word.value, word.time);
            let Update { op, ty, .. } = logged.update;
            word.value = evaluate_binary(op, ty, word.value, logged.operand);
            word.time += 1;
        }
        for (visits, log) in execution.visits.iter_mut().zip(part.logs) {
            visits.log.extend(log);
        }
        for (table, address, state) in part.touched {
            let memory = &machine.memories[table];
            if memory.plan == MemoryPlan::Private {
                execution.words[table].push(state);
                continue;
            }
            let word = &mut execution.words[table][address as usize];
            let raced = (word.written && state.written)
                || (word.own_reads + u32::from(word.written) > 0 || word.time > 0)
                    && word.owner != state.owner;
            let expected = machine
                .statement
                .buffer_index(memory.memory)
                .map(|index| machine.statement.outputs[index][address as usize]);
            if raced || (state.written && expected != Some(state.value)) {
                let memory = machine.statement.workload.program().memory(memory.memory);
                return Err(WitnessError::Output {
                    memory: memory.name.clone(),
                    index: address,
                });
            }
            word.owner = state.owner;
            word.written |= state.written;
            word.time = word.time.max(state.time);
            word.own_reads += state.own_reads;
        }
    }
    for (memory, words) in machine.memories.iter().zip(&execution.words) {
        if memory.plan == MemoryPlan::Updates {
            check_updated(machine, memory.memory, words)?;
        }
    }
    for (words, reads) in execution.words.iter_mut().zip(runner.shared_reads) {
        for (word, reads) in words.iter_mut().zip(reads) {
            word.shared_reads = reads.into_inner();
        }
    }
    Ok(execution)
}

/// Compares updated words with what the statement says that they became.
fn check_updated(
    machine: &Machine,
    memory: MemoryId,
    words: &[WordState],
) -> Result<(), WitnessError> {
    let outputs = machine
        .statement
        .buffer_index(memory)
        .map_or(&[][..], |index| &machine.statement.outputs[index]);
    let mut wrong = words
        .iter()
        .zip(outputs)
        .map(|(word, &output)| word.time > 0 && word.value != output);
    match wrong.position(|wrong| wrong) {
        None => Ok(()),
        Some(index) => Err(WitnessError::Output {
            memory: machine
                .statement
                .workload
                .program()
                .memory(memory)
                .name
                .clone(),
            index: index as u32,
        }),
    }
}

struct Runner<'a> {
    machine: &'a Machine,
    written: &'a [Vec<bool>],
    /// Position in the machine's order of each block.
    positions: Vec<usize>,
    strides: Vec<usize>,
    /// Position among the tables of each memory.
    tables: Vec<Option<usize>>,
    /// Visits so far, by position in the machine's order.
    rows: Vec<AtomicU64>,
    /// Reads of words that nobody writes, by memory table and address. One count for all threads: a count for
    /// each chunk would take chunks times words of memory.
    shared_reads: Vec<Vec<AtomicU32>>,
    /// When the run must end.
    deadline: Option<Instant>,
}

/// What an invocation has touched.
#[derive(Default)]
struct Touched {
    /// Value, time of the last access, and what the tables need, by memory table and address.
    words: HashMap<(usize, u32), (u32, WordState)>,
    /// Updates of the present visit, by position of the access: memory table, address and operand.
    updates: Vec<(usize, Update, usize, u32, u32)>,
}

impl<'a> Runner<'a> {
    fn new(machine: &'a Machine, written: &'a [Vec<bool>], deadline: Option<Instant>) -> Self {
        let graph = &machine.graph;
        let mut positions = vec![0; graph.blocks.len()];
        for (position, id) in graph.order.iter().enumerate() {
            positions[id.0 as usize] = position;
        }
        let slots = machine.control.slot_count;
        let strides = graph
            .order
            .iter()
            .map(|id| {
                let accesses = graph.blocks[id.0 as usize].accesses.len();
                2 + slots + WORDS_PER_ACCESS * accesses
            })
            .collect();
        let mut tables = vec![None; machine.plans.len()];
        for (position, memory) in machine.memories.iter().enumerate() {
            tables[memory.memory.0 as usize] = Some(position);
        }
        let rows = graph.order.iter().map(|_| AtomicU64::new(0)).collect();
        let shared_reads = machine
            .memories
            .iter()
            .map(|memory| match memory.plan {
                MemoryPlan::Private => Vec::new(),
                _ => (0..machine.statement.length(memory.memory))
                    .map(|_| AtomicU32::new(0))
                    .collect(),
            })
            .collect();
        Self {
            machine,
            written,
            positions,
            strides,
            tables,
            rows,
            shared_reads,
            deadline,
        }
    }

    /// All invocations, in chunks for one task each.
    fn chunks(&self) -> impl IndexedParallelIterator<Item = std::ops::Range<u32>> + use<> {
        let invocations = self.machine.statement.dispatch.invocations();
        (0..invocations.div_ceil(CHUNK))
            .into_par_iter()
            .map(move |chunk| chunk * CHUNK..invocations.min((chunk + 1) * CHUNK))
    }

    fn run(&self, invocations: std::ops::Range<u32>, log: bool) -> Result<Part, WitnessError> {
        let mut part = Part {
            logs: vec![Vec::new(); self.strides.len()],
            clocks: Vec::with_capacity(invocations.len()),
            touched: Vec::new(),
            updates: Vec::new(),
        };
        for invocation in invocations {
            self.invocation(invocation, log, &mut part)?;
        }
        Ok(part)
    }

    fn entry_slots(&self, invocation: u32) -> Vec<u32> {
        let machine = self.machine;
        let builtin = |builtin: Builtin| {
            machine
                .statement
                .dispatch
                .builtin(Invocation(invocation), builtin)
        };
        machine.control.contents[0]
            .iter()
            .map(|content| match *content {
                SlotContent::Param(position, _) => {
                    match machine.graph.blocks[0].params[position as usize] {
                        Key::Builtin(key) => builtin(key),
                        Key::Value(_) => 0,
                    }
                }
                SlotContent::Zero | SlotContent::Junk => 0,
            })
            .collect()
    }

    fn invocation(&self, invocation: u32, log: bool, part: &mut Part) -> Result<(), WitnessError> {
        let machine = self.machine;
        let steps = machine.statement.steps;
        let mut touched = Touched::default();
        let mut slots = self.entry_slots(invocation);
        let mut clock = 0u32;
        let mut at = BlockId(0);
        let mut values = Vec::new();
        loop {
            let block = &machine.graph.blocks[at.0 as usize];
            let mut row = Vec::with_capacity(self.strides[self.positions[at.0 as usize]]);
            row.extend([invocation, clock]);
            row.extend(&slots);
            self.visit(at, block, &mut row, &mut values, &mut touched)?;
            for &(flag, count) in &block.meters {
                if values[flag.0 as usize] == 1 {
                    clock = clock.saturating_add(count);
                }
            }
            if clock > steps {
                return Err(WitnessError::OutOfSteps { invocation, steps });
            }
            let position = self.positions[at.0 as usize];
            self.count_row(position)?;
            let updates = std::mem::take(&mut touched.updates);
            if log {
                let accesses = part.logs[position].len() + 2 + machine.control.slot_count;
                part.logs[position].extend(row);
                part.updates.extend(updates.into_iter().map(
                    |(access, update, table, address, operand)| LoggedUpdate {
                        table,
                        address,
                        position,
                        offset: accesses + WORDS_PER_ACCESS * access,
                        update,
                        operand,
                    },
                ));
            }
            let exit = block
                .exits
                .iter()
                .find(|exit| values[exit.flag.0 as usize] == 1);
            let Some(Target::Block(target)) = exit.map(|exit| exit.target) else {
                break;
            };
            let args = exit.map_or(&[][..], |exit| &exit.args);
            slots = self.sent(at, target, args, &values);
            at = target;
        }
        part.clocks.push(clock);
        self.leave(invocation, touched, part);
        Ok(())
    }

    /// Counts a visit, so that a run past the height of its table, or past its time, ends early instead of
    /// filling the memory.
    fn count_row(&self, position: usize) -> Result<(), WitnessError> {
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

    /// The slots of the message that leaves a block for a target.
    fn sent(&self, from: BlockId, to: BlockId, args: &[NodeId], values: &[u32]) -> Vec<u32> {
        let control = &self.machine.control;
        let value = |node: NodeId| values[node.0 as usize];
        control.contents[to.0 as usize]
            .iter()
            .zip(&control.sources[from.0 as usize])
            .map(|(content, source)| match (*content, *source) {
                (SlotContent::Param(position, part), _) => part.of(value(args[position as usize])),
                (_, SlotSource::Same(node, part)) => part.of(value(node)),
                (SlotContent::Zero | SlotContent::Junk, _) => 0,
            })
            .collect()
    }

    fn visit(
        &self,
        id: BlockId,
        block: &FlowBlock,
        row: &mut Vec<u32>,
        values: &mut Vec<u32>,
        touched: &mut Touched,
    ) -> Result<(), WitnessError> {
        let (invocation, clock) = (row[0], row[1]);
        let params = &self.machine.control.slots[id.0 as usize];
        values.clear();
        let mut done = 0;
        let mut logged = Vec::with_capacity(WORDS_PER_ACCESS * block.accesses.len());
        for index in 0..block.nodes.len() {
            let node = NodeId(index as u32);
            values.push(0);
            values[index] = match block.nodes[index].op {
                Op::Param(position) => {
                    param_value(block, node, &row[2..], params[position as usize])
                }
                Op::Invocation => invocation,
                Op::Load(access) => {
                    while done <= access as usize {
                        let entry =
                            self.access(id, block, done, invocation, clock, values, touched)?;
                        logged.extend(entry);
                        done += 1;
                    }
                    logged[WORDS_PER_ACCESS * access as usize]
                }
                _ => block.evaluate(node, values),
            };
        }
        while done < block.accesses.len() {
            logged.extend(self.access(id, block, done, invocation, clock, values, touched)?);
            done += 1;
        }
        row.extend(logged);
        Ok(())
    }

    /// Performs an access and returns what it logs: `[read, time before, value before, own]`.
    #[allow(
        clippy::too_many_arguments,
        reason = "the state of one visit, borrowed apart"
    )]
    fn access(
        &self,
        id: BlockId,
        block: &FlowBlock,
        position: usize,
        invocation: u32,
        clock: u32,
        values: &[u32],
        touched: &mut Touched,
    ) -> Result<[u32; WORDS_PER_ACCESS], WitnessError> {
        let machine = self.machine;
        let access = &block.accesses[position];
        if values[access.predicate.0 as usize] == 0 {
            return Ok([0; WORDS_PER_ACCESS]);
        }
        let index = values[access.index.0 as usize];
        let memory = access.memory;
        if index >= machine.statement.length(memory) {
            let memory = machine
                .statement
                .workload
                .program()
                .memory(memory)
                .name
                .clone();
            return Err(WitnessError::OutOfBounds {
                invocation,
                memory,
                index,
            });
        }
        // Every memory that a block accesses has a table.
        let table = self.tables[memory.0 as usize].unwrap_or(0);
        let plan = machine.plans[memory.0 as usize];
        let store = match access.kind {
            AccessKind::Store(node) => Some(values[node.0 as usize]),
            AccessKind::Load(_) => None,
            AccessKind::Update(update) => {
                let operand = values[update.operand.0 as usize];
                touched
                    .updates
                    .push((position, update, table, index, operand));
                return Ok([0; WORDS_PER_ACCESS]);
            }
        };
        let initial = || self.initial(memory, index);
        let is_shared = store.is_none()
            && match plan {
                MemoryPlan::ReadOnly => true,
                MemoryPlan::Private | MemoryPlan::Updates => false,
                MemoryPlan::WriteOnce { shared_reads, .. } => {
                    shared_reads && !self.is_written(memory, index)
                }
                MemoryPlan::ReadWrite => {
                    !self.written[memory.0 as usize].is_empty() && !self.is_written(memory, index)
                }
            };
        if is_shared {
            self.shared_reads[table][index as usize].fetch_add(1, Ordering::Relaxed);
            return Ok([initial(), 0, 0, 0]);
        }
        let time = u64::from(clock) * u64::from(machine.sites.count)
            + u64::from(machine.sites.offset(id, block.is_header, position));
        let (value, state) = touched.words.entry((table, index)).or_insert_with(|| {
            let value = if plan == MemoryPlan::Private {
                0
            } else {
                initial()
            };
            (
                value,
                WordState {
                    owner: invocation,
                    ..WordState::default()
                },
            )
        });
        let before = [*value, state.time];
        let read = if matches!(plan, MemoryPlan::WriteOnce { .. }) {
            initial()
        } else {
            *value
        };
        match store {
            Some(stored) => {
                *value = stored;
                state.written = true;
            }
            None => state.own_reads += 1,
        }
        state.value = *value;
        state.time = time as u32;
        Ok([
            if store.is_some() { 0 } else { read },
            before[1],
            before[0],
            1,
        ])
    }

    fn is_written(&self, memory: MemoryId, index: u32) -> bool {
        self.written[memory.0 as usize]
            .get(index as usize)
            .copied()
            .unwrap_or(false)
    }

    fn initial(&self, memory: MemoryId, index: u32) -> u32 {
        let statement = &self.machine.statement;
        match &statement.workload.program().memory(memory).space {
            arknet_workload::ir::Space::Constant { words } => words[index as usize],
            _ => statement
                .buffer_index(memory)
                .map_or(0, |buffer| statement.initial[buffer][index as usize]),
        }
    }

    /// Hands the words that an invocation touched over, private arrays whole.
    fn leave(&self, invocation: u32, mut touched: Touched, part: &mut Part) {
        for (table, memory) in self.machine.memories.iter().enumerate() {
            if memory.plan == MemoryPlan::Private {
                for index in 0..self.machine.statement.length(memory.memory) {
                    let state = touched.words.remove(&(table, index));
                    let state = state.map_or_else(WordState::default, |(_, state)| state);
                    part.touched.push((
                        table,
                        index,
                        WordState {
                            owner: invocation,
                            ..state
                        },
                    ));
                }
            }
        }
        let mut rest: Vec<_> = touched.words.into_iter().collect();
        rest.sort_unstable_by_key(|(key, _)| *key);
        part.touched.extend(
            rest.into_iter()
                .map(|((table, index), (_, state))| (table, index, state)),
        );
    }
}

/// A parameter's value from the slots of a message.
pub(super) fn param_value(block: &FlowBlock, node: NodeId, slots: &[u32], slot: u32) -> u32 {
    let slot = slot as usize;
    if crate::lower::is_one_slot(block, node) {
        slots[slot]
    } else {
        slots[slot] | slots[slot + 1] << 16
    }
}
