//! Removes what the lowering produced and nothing needs.
//!
//! The lowering carries every variable that a loop stores to and joins every variable that an arm writes; it
//! evaluates what is never used. Here values that always equal an earlier one are replaced by it, and dead
//! instructions, params, results and memories go. What can be observed stays: stores, atomics, barriers, loads
//! that may trap or race, and loops, whose rounds are metered.

mod copies;
mod liveness;
mod rewrite;

use crate::ir::{Block, InstKind, Length, Memory, Program, Space, Terminator, Value};

/// Cleans up a program. Terminates: each round but the last removes at least one value.
pub(super) fn run(program: &mut Program) {
    loop {
        let copies = copies::find(program);
        let live = liveness::of(program, &copies);
        rewrite::apply(program, &copies, &live);
        if copies.is_empty() {
            break;
        }
    }
    rewrite::drop_memories(program);
}

/// Whether an instruction can be observed other than by its results.
fn has_effect(program: &Program, constants: &[Option<u32>], kind: &InstKind) -> bool {
    match kind {
        InstKind::Store { .. }
        | InstKind::Atomic { .. }
        | InstKind::Barrier { .. }
        | InstKind::UniformLoad { .. }
        | InstKind::Loop { .. }
        | InstKind::Meter { .. } => true,
        InstKind::Load { memory, index, .. } => {
            !load_is_silent(program.memory(*memory), constants[index.0 as usize])
        }
        InstKind::If {
            then, otherwise, ..
        } => [then, otherwise].into_iter().any(|arm| {
            !matches!(arm.end, Terminator::Yield(_))
                || arm
                    .insts
                    .iter()
                    .any(|inst| has_effect(program, constants, &inst.kind))
        }),
        InstKind::Const { .. }
        | InstKind::Builtin { .. }
        | InstKind::Binary { .. }
        | InstKind::Select { .. }
        | InstKind::Cast { .. }
        | InstKind::ArrayLength { .. } => false,
    }
}

/// Whether a load cannot be observed: it cannot trap, and no other invocation may write the word, so it is no
/// part of a race. `index` is that of the load if it is a constant.
pub(super) fn load_is_silent(memory: &Memory, index: Option<u32>) -> bool {
    let length = match &memory.space {
        Space::Input { length, .. } => match length {
            Length::Words(words) => *words,
            // At least one word.
            Length::Runtime => 1,
        },
        Space::Output { .. } | Space::Shared { .. } => 0,
        Space::Private { words } => *words,
        Space::Constant { words } => u32::try_from(words.len()).unwrap_or(u32::MAX),
    };
    index.is_some_and(|index| index < length)
}

/// The bits of each value that is a constant.
fn constants_of(program: &Program) -> Vec<Option<u32>> {
    let mut constants = vec![None; program.values.len()];
    let mut pending: Vec<&Block> = vec![&program.body];
    while let Some(block) = pending.pop() {
        for inst in &block.insts {
            match &inst.kind {
                InstKind::Const { result, bits } => constants[result.0 as usize] = Some(*bits),
                InstKind::If {
                    then, otherwise, ..
                } => pending.extend([then, otherwise]),
                InstKind::Loop { body, .. } => pending.push(body),
                _ => {}
            }
        }
    }
    constants
}

/// The value that an instruction without blocks defines.
fn result_of(kind: &InstKind) -> Option<Value> {
    match *kind {
        InstKind::Const { result, .. }
        | InstKind::Builtin { result, .. }
        | InstKind::Binary { result, .. }
        | InstKind::Select { result, .. }
        | InstKind::Cast { result, .. }
        | InstKind::Load { result, .. }
        | InstKind::UniformLoad { result, .. }
        | InstKind::ArrayLength { result, .. } => Some(result),
        InstKind::Store { .. }
        | InstKind::Atomic { .. }
        | InstKind::Barrier { .. }
        | InstKind::If { .. }
        | InstKind::Loop { .. }
        | InstKind::Meter { .. } => None,
    }
}

/// The operands of an instruction, blocks aside.
fn operands_of(kind: &InstKind) -> Vec<Value> {
    match *kind {
        InstKind::Const { .. }
        | InstKind::Builtin { .. }
        | InstKind::ArrayLength { .. }
        | InstKind::Barrier { .. }
        | InstKind::Meter { .. } => Vec::new(),
        InstKind::Binary { lhs, rhs, .. } => vec![lhs, rhs],
        InstKind::Select {
            condition,
            accept,
            reject,
            ..
        } => vec![condition, accept, reject],
        InstKind::Cast { operand, .. } => vec![operand],
        InstKind::Load { index, .. } | InstKind::UniformLoad { index, .. } => vec![index],
        InstKind::Store { index, value, .. } | InstKind::Atomic { index, value, .. } => {
            vec![index, value]
        }
        InstKind::If { condition, .. } => vec![condition],
        InstKind::Loop { ref params, .. } => params.iter().map(|param| param.initial).collect(),
    }
}
