//! Places in a source for programs that have none.

use crate::ir::{InstKind, Program, Span, Workload};

/// Gives each instruction a place of its own, so that traps tell them apart: numbers in the order of the text, but
/// with what is inside an instruction behind what follows it.
pub fn numbered(mut program: Program) -> Workload {
    let mut next = 0;
    let mut blocks = vec![&mut program.body];
    while let Some(block) = blocks.pop() {
        for inst in &mut block.insts {
            inst.span = Span {
                start: next,
                end: next + 1,
            };
            next += 1;
            match &mut inst.kind {
                InstKind::If {
                    then, otherwise, ..
                } => blocks.extend([then, otherwise]),
                InstKind::Loop { body, .. } => blocks.push(body),
                _ => {}
            }
        }
    }
    Workload::new(program).unwrap_or_else(|error| panic!("{error}"))
}
