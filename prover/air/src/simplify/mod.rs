//! Rewrites of a program before it becomes tables: folding, unrolling, arrays as values.
//!
//! The rewritten program computes the same outputs and takes the same number of steps on every input that
//! does not trap; the property test in `tests` compares the two in the interpreter. What changes is its cost
//! as a proof: a constant costs nothing, a loop of known length costs no rows, and an array that is only
//! indexed by constants costs no memory accesses.
//!
//! Both sides of the proof run this, so it is deterministic and depends on the program alone.

mod rewrite;
#[cfg(test)]
mod tests;

use arknet_workload::ir::{Block, InstKind, MemoryId, Program, Space};

use rewrite::Rewriter;

/// Instructions that unrolling may add to a program.
const UNROLL_BUDGET: usize = 12_000;

/// Words of private arrays that become values, all arrays together.
const PROMOTED_WORDS: u32 = 1_024;

/// Whether loops of known length are unrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unrolling {
    /// Up to [`UNROLL_BUDGET`].
    Bounded,
    /// Not at all.
    Off,
}

/// Folds constants, unrolls loops of known length, and turns private arrays into values where every access
/// has a constant index.
pub(crate) fn simplify(program: &Program, unrolling: Unrolling) -> Program {
    let unrolled = Rewriter::new(program, Vec::new(), unrolling).run();
    let promoted = promotable_arrays(&unrolled);
    if promoted.is_empty() {
        unrolled
    } else {
        Rewriter::new(&unrolled, promoted, unrolling).run()
    }
}

/// Private memories all of whose accesses have a constant index within bounds.
fn promotable_arrays(program: &Program) -> Vec<MemoryId> {
    let constants = constants_of(program);
    let mut promotable: Vec<bool> = program
        .memories
        .iter()
        .map(|m| matches!(m.space, Space::Private { .. }))
        .collect();
    for_each_inst(&program.body, &mut |kind| {
        if let InstKind::Load { memory, index, .. } | InstKind::Store { memory, index, .. } = kind {
            let words = match program.memory(*memory).space {
                Space::Private { words } => words,
                _ => return,
            };
            if constants[index.0 as usize].is_none_or(|index| index >= words) {
                promotable[memory.0 as usize] = false;
            }
        }
    });
    let mut room = PROMOTED_WORDS;
    let mut promoted = Vec::new();
    for (id, memory) in program.memories() {
        if let (true, Space::Private { words }) = (promotable[id.0 as usize], &memory.space)
            && *words <= room
        {
            room -= words;
            promoted.push(id);
        }
    }
    promoted
}

/// The bits of each value that a `Const` defines.
fn constants_of(program: &Program) -> Vec<Option<u32>> {
    let mut constants = vec![None; program.values.len()];
    for_each_inst(&program.body, &mut |kind| {
        if let InstKind::Const { result, bits } = kind {
            constants[result.0 as usize] = Some(*bits);
        }
    });
    constants
}

/// Visits every instruction of a block and the blocks nested in it. A checked program's nesting is bounded.
pub(crate) fn for_each_inst(block: &Block, visit: &mut impl FnMut(&InstKind)) {
    for inst in &block.insts {
        visit(&inst.kind);
        match &inst.kind {
            InstKind::If {
                then, otherwise, ..
            } => {
                for_each_inst(then, visit);
                for_each_inst(otherwise, visit);
            }
            InstKind::Loop { body, .. } => for_each_inst(body, visit),
            _ => {}
        }
    }
}
