//! What a run takes of memory, known before it begins.

use super::code::Code;
use super::compile::compile;
use super::direct::Direct;
use super::machine::{Machine, table};
use super::outputs::Outputs;
use crate::job::Job;

/// Bytes that all threads together may keep for the invocations of the workgroups that they run. Where one
/// workgroup needs more, one runs at a time.
const GROUP_BYTES: usize = 1 << 28;

/// Bytes of memory that [`run`](super::run) takes for a job, beside the buffers that the [`Job`] holds itself.
///
/// A word of an output buffer takes eight bytes while the job runs: its value and who touched it. The result takes
/// four bytes for a word of any buffer; outputs are handed over piece by piece, so they are never there twice.
/// To that come each thread's workgroup memory, private arrays, and what invocations at a barrier wait with.
///
/// Not counted are the program (a few MiB at most) and what a workgroup touches between two storage barriers or,
/// where a race is judged, at all: that is known only when it has happened.
pub fn memory_bytes(job: &Job) -> u64 {
    let code = compile(job);
    let outputs: Vec<usize> = code
        .outputs
        .iter()
        .map(|&id| table(job, id).len())
        .collect();
    let cells = outputs.iter().map(|&words| Outputs::bytes(words)).sum();
    let handed_over = outputs
        .iter()
        .map(|&words| Outputs::bytes_to_hand_over(words))
        .max();
    let result = job.memory_bytes() - 4 * outputs.iter().map(|&words| words as u64).sum::<u64>();
    let thread = Machine::group_bytes(job, &code) + Direct::bytes(&code) + 4 * code.registers.len();
    [
        cells,
        handed_over.unwrap_or(0),
        result,
        (thread * threads(job, &code)) as u64,
    ]
    .into_iter()
    .fold(0, u64::saturating_add)
}

/// Threads that a job runs on.
pub(super) fn threads(job: &Job, code: &Code) -> usize {
    let threads = rayon::current_num_threads();
    if !code.works_in_groups() {
        return threads;
    }
    let room = GROUP_BYTES / Machine::group_bytes(job, code).max(1);
    threads.min(room.max(1))
}
