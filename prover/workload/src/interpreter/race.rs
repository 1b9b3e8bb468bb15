//! Judges a run in which invocations met: finds its first trap, or else names both sides of its first race.
//!
//! Runs again, one invocation after the other in the canonical order, so that the verdict does not depend on
//! how threads interleaved.

use super::code::Code;
use super::isolated::{Isolated, Search, Sighting};
use super::machine::{Machine, Stop, table};
use super::progress::Progress;
use crate::job::{Invocation, Job, Trap};

/// The trap of a racy run; `None` where time is up.
pub(super) fn adjudicate(job: &Job, code: &Code, progress: &Progress) -> Option<Trap> {
    let initial: Vec<&[u32]> = code.outputs.iter().map(|&id| table(job, id)).collect();
    let mut machine = Machine::new(job, code, progress);
    let mut outputs = Isolated::new(initial.clone(), Search::Second);
    for invocation in (0..job.dispatch().invocations()).map(Invocation) {
        match machine.run(invocation, &mut outputs) {
            Ok(_) => {}
            Err(Stop::Trap(trap)) => return Some(trap),
            Err(Stop::Conflict | Stop::Interrupted) => return None,
        }
    }
    let Some((second, history)) = outputs.found() else {
        unreachable!("what met in the parallel run meets here, or an earlier invocation traps");
    };
    drop(outputs);
    // Before the second access only one invocation wrote, or none did and any may have read first.
    let candidates = match history.only() {
        Some(only) => only.0..only.0 + 1,
        None => 0..second.invocation.0,
    };
    let mut outputs = Isolated::new(initial, Search::First(second));
    for invocation in candidates.map(Invocation) {
        match machine.run(invocation, &mut outputs) {
            Ok(_) => {}
            Err(_) => return None,
        }
        if let Some((first, _)) = outputs.found() {
            return Some(race(job, code, first, second));
        }
    }
    unreachable!("the access that {second:?} races with was made in the first pass")
}

fn race(job: &Job, code: &Code, first: Sighting, second: Sighting) -> Trap {
    let memory = code.outputs[second.output as usize];
    Trap::Race {
        memory: job.workload().program().memory(memory).name.clone(),
        index: second.index,
        first: first.access,
        first_span: code.spans[first.op],
        first_invocation: first.invocation,
        second: second.access,
        second_span: code.spans[second.op],
        second_invocation: second.invocation,
    }
}
