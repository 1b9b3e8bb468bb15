//! Judges a run in which invocations met: finds its first trap, or else names both sides of its first race.
//!
//! Runs again, one workgroup after the other in the canonical order, so that the verdict does not depend on
//! how threads interleaved.

use super::code::Code;
use super::isolated::{Isolated, Search, Sighting};
use super::machine::{Machine, Stop, table};
use super::memory::Common;
use super::progress::Progress;
use crate::job::{Job, Trap};

/// The trap of a racy run; `None` where time is up.
pub(super) fn adjudicate(job: &Job, code: &Code, progress: &Progress) -> Option<Trap> {
    let initial: Vec<&[u32]> = code.outputs.iter().map(|&id| table(job, id)).collect();
    let mut machine = Machine::new(job, code, progress);
    let mut memory = Isolated::new(code, initial.clone(), Search::Second);
    for group in 0..job.dispatch().groups() {
        match machine.run_group(group, &mut memory) {
            Ok(_) => {}
            Err(Stop::Trap(trap)) => return Some(trap),
            Err(Stop::Conflict | Stop::Interrupted) => return None,
        }
    }
    let Some(second) = memory.found() else {
        unreachable!("what met in the parallel run meets here, or an earlier invocation traps");
    };
    drop(memory);
    let candidates = match second.only_group {
        Some(only) => only..only + 1,
        None => 0..second.sighting.group + 1,
    };
    let second = second.sighting;
    let mut memory = Isolated::new(code, initial, Search::First(second));
    for group in candidates {
        match machine.run_group(group, &mut memory) {
            Ok(_) => {}
            Err(_) => return None,
        }
        if let Some(first) = memory.found() {
            return Some(race(job, code, first.sighting, second));
        }
    }
    unreachable!("the access that {second:?} races with was made in the first pass")
}

fn race(job: &Job, code: &Code, first: Sighting, second: Sighting) -> Trap {
    let number = second.word.memory as usize;
    let memory = match second.word.space {
        Common::Output => code.outputs[number],
        Common::Shared => code.shareds[number].memory,
    };
    Trap::Race {
        memory: job.workload().program().memory(memory).name.clone(),
        index: second.word.index,
        first: first.action.access(),
        first_span: code.spans[first.origin.op],
        first_invocation: first.origin.invocation,
        second: second.action.access(),
        second_span: code.spans[second.origin.op],
        second_invocation: second.origin.invocation,
    }
}
