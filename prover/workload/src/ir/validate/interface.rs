//! Checks what a program declares: its workgroup size and its memories.

use super::at_most;
use crate::ir::{InvalidMemory, InvalidProgram, Length, Program, Space, Workload};

/// Checks a program's workgroup size and memories.
pub(super) fn check(program: &Program) -> Result<(), InvalidProgram> {
    let size = program.workgroup_size;
    let invocations = size
        .iter()
        .fold(1u32, |product, &axis| product.saturating_mul(axis));
    // A zero axis makes the product zero.
    if !(1..=Workload::MAX_WORKGROUP_INVOCATIONS).contains(&invocations) {
        return Err(InvalidProgram::WorkgroupSize { size });
    }
    let memories = program.memories.len();
    at_most("memories", memories as u64, Workload::MAX_MEMORIES as u64)?;
    for (id, memory) in program.memories() {
        let fail = |problem| {
            Err(InvalidProgram::Memory {
                memory: id,
                problem,
            })
        };
        if !is_identifier(&memory.name) {
            let limit = Workload::MAX_NAME_BYTES;
            return fail(InvalidMemory::Name { limit });
        }
        let empty = match &memory.space {
            Space::Input { length, .. } | Space::Output { length, .. } => {
                *length == Length::Words(0)
            }
            Space::Shared { words } | Space::Private { words } => *words == 0,
            Space::Constant { words } => words.is_empty(),
        };
        if empty {
            return fail(InvalidMemory::Empty);
        }
        let Some(binding) = memory.binding() else {
            continue;
        };
        let earlier = program.memories().take(id.0 as usize);
        for (other, earlier) in earlier.filter(|(_, earlier)| earlier.is_buffer()) {
            if earlier.name == memory.name {
                let name = memory.name.clone();
                return fail(InvalidMemory::DuplicateName { other, name });
            }
            if earlier.binding() == Some(binding) {
                return fail(InvalidMemory::DuplicateBinding { other });
            }
        }
    }
    let constant = program.memories.iter().map(|memory| match &memory.space {
        Space::Constant { words } => words.len() as u64,
        _ => 0,
    });
    let private = program.memories.iter().map(|memory| match memory.space {
        Space::Private { words } => u64::from(words),
        _ => 0,
    });
    let shared = program.shared_words();
    at_most(
        "words of constant tables",
        constant.sum(),
        Workload::MAX_CONSTANT_WORDS,
    )?;
    at_most(
        "words of private arrays",
        private.sum(),
        Workload::MAX_PRIVATE_WORDS,
    )?;
    at_most(
        "words of workgroup memory",
        shared,
        Workload::MAX_SHARED_WORDS,
    )
}

fn is_identifier(name: &str) -> bool {
    name.len() <= Workload::MAX_NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
}
