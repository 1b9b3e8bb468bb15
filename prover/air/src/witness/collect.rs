//! Puts together what the tasks of a run left: the visits in order, the updates in an order, the words.

use std::sync::atomic::Ordering;

use arknet_workload::interpreter::evaluate_binary;

use super::WitnessError;
use super::execute::{Execution, LoggedUpdate, Part, Runner, is_by_instance};
use super::log::{Visits, entry};
use super::turns::Deed;
use crate::fixed::WordState;
use crate::lower::party;

pub(super) fn collect(runner: Runner<'_>, parts: Vec<Part>) -> Result<Execution, WitnessError> {
    let machine = runner.machine;
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
            .map(|memory| {
                if is_by_instance(machine, memory.memory) {
                    return Vec::new();
                }
                let words = machine.statement.length(memory.memory) as usize;
                vec![WordState::default(); words]
            })
            .collect(),
        clocks: Vec::new(),
    };
    for mut part in parts {
        execution.clocks.append(&mut part.clocks);
        let mut logs = part.logs.unwrap_or_default();
        for update in &part.updates {
            order(&runner, &mut execution.words, update, &mut logs)?;
        }
        for (visits, log) in execution.visits.iter_mut().zip(logs) {
            visits.log.extend(log);
        }
        for (table, index, state, _) in part.touched {
            merge(&runner, &mut execution.words, table, index, state)?;
        }
    }
    for (memory, words) in machine.memories.iter().zip(&execution.words) {
        let outputs = machine
            .statement
            .buffer_index(memory.memory)
            .map_or(&[][..], |index| &machine.statement.outputs[index]);
        for (index, (word, &output)) in (0..).zip(words.iter().zip(outputs)) {
            if word.written && word.value != output {
                return Err(runner.output_error(memory.memory, index));
            }
        }
    }
    for (words, reads) in execution.words.iter_mut().zip(runner.shared_reads) {
        for (word, reads) in words.iter_mut().zip(reads) {
            word.shared_reads = reads.into_inner();
        }
    }
    Ok(execution)
}

/// Gives an update of a word the next place in their order.
fn order(
    runner: &Runner<'_>,
    words: &mut [Vec<WordState>],
    update: &LoggedUpdate,
    logs: &mut [Vec<u32>],
) -> Result<(), WitnessError> {
    let memory = runner.machine.memories[update.table].memory;
    let word = &mut words[update.table][update.address as usize];
    let Deed::Update {
        family,
        op,
        ty,
        operand,
    } = update.deed
    else {
        return Ok(());
    };
    let party = party::updaters(family);
    if word.order == 0 {
        word.value = runner.initial(memory, update.address);
        word.party = party;
    }
    if word.party != party {
        return Err(runner.output_error(memory, update.address));
    }
    let found = &mut logs[update.place.position][update.place.offset..];
    (found[entry::READ], found[entry::ORDER]) = (word.value, word.order);
    word.value = evaluate_binary(op, ty, word.value, operand);
    word.order += 1;
    word.written = true;
    Ok(())
}

/// Adds what an invocation or a workgroup left of a word. One that is its own has it to itself.
fn merge(
    runner: &Runner<'_>,
    words: &mut [Vec<WordState>],
    table: usize,
    index: u32,
    state: WordState,
) -> Result<(), WitnessError> {
    let memory = &runner.machine.memories[table];
    if is_by_instance(runner.machine, memory.memory) {
        words[table].push(state);
        return Ok(());
    }
    let word = &mut words[table][index as usize];
    if *word != WordState::default() {
        return Err(runner.output_error(memory.memory, index));
    }
    *word = state;
    Ok(())
}
