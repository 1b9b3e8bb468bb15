//! Which values are needed.

use crate::ir::{Block, InstKind, Program, Terminator, Value};

use super::copies::Copies;
use super::{constants_of, has_effect, operands_of, result_of};

/// What must stay.
#[derive(Debug)]
pub(super) struct Live {
    values: Vec<bool>,
    constants: Vec<Option<u32>>,
}

impl Live {
    /// Whether a value is needed.
    pub(super) fn value(&self, value: Value) -> bool {
        self.values[value.0 as usize]
    }

    /// Whether an instruction is needed.
    pub(super) fn inst(&self, program: &Program, kind: &InstKind) -> bool {
        let results = match kind {
            InstKind::If { results, .. } => results.as_slice(),
            _ => &[],
        };
        result_of(kind).is_some_and(|result| self.value(result))
            || results.iter().any(|&result| self.value(result))
            || has_effect(program, &self.constants, kind)
    }
}

/// Finds the values that effects depend on.
pub(super) fn of(program: &Program, copies: &Copies) -> Live {
    let mut walk = Walk {
        program,
        constants: constants_of(program),
        sources: vec![Vec::new(); program.values.len()],
        roots: Vec::new(),
    };
    walk.block(&program.body, &Targets::default());
    let Walk {
        constants,
        sources,
        roots,
        ..
    } = walk;
    let mut values = vec![false; program.values.len()];
    let mut pending: Vec<Value> = roots.into_iter().map(|root| copies.resolve(root)).collect();
    while let Some(value) = pending.pop() {
        let live = &mut values[value.0 as usize];
        if !*live {
            *live = true;
            let sources = &sources[value.0 as usize];
            pending.extend(sources.iter().map(|&source| copies.resolve(source)));
        }
    }
    Live { values, constants }
}

/// What the end of a block defines.
#[derive(Clone, Copy, Default)]
struct Targets<'a> {
    yields: &'a [Value],
    breaks: &'a [Value],
    continues: &'a [Value],
}

struct Walk<'a> {
    program: &'a Program,
    constants: Vec<Option<u32>>,
    /// The values that each value is computed from or copied from.
    sources: Vec<Vec<Value>>,
    /// The values that effects use.
    roots: Vec<Value>,
}

impl Walk<'_> {
    fn block(&mut self, block: &Block, targets: &Targets<'_>) {
        for inst in &block.insts {
            let operands = operands_of(&inst.kind);
            match &inst.kind {
                InstKind::If {
                    then,
                    otherwise,
                    results,
                    ..
                } => {
                    // Without effects, the condition matters to the results only.
                    if has_effect(self.program, &self.constants, &inst.kind) {
                        self.roots.extend(operands);
                    } else {
                        for result in results {
                            self.sources[result.0 as usize].extend(&operands);
                        }
                    }
                    let inner = Targets {
                        yields: results,
                        ..*targets
                    };
                    self.block(then, &inner);
                    self.block(otherwise, &inner);
                }
                InstKind::Loop {
                    params,
                    body,
                    results,
                } => {
                    let continues: Vec<Value> = params.iter().map(|param| param.param).collect();
                    self.pass(&operands, &continues);
                    let inner = Targets {
                        yields: &[],
                        breaks: results,
                        continues: &continues,
                    };
                    self.block(body, &inner);
                }
                kind => {
                    if has_effect(self.program, &self.constants, kind) {
                        self.roots.extend(operands);
                    } else if let Some(result) = result_of(kind) {
                        self.sources[result.0 as usize].extend(operands);
                    }
                }
            }
        }
        match &block.end {
            Terminator::Yield(values) => self.pass(values, targets.yields),
            Terminator::Break(values) => self.pass(values, targets.breaks),
            Terminator::Continue(values) => self.pass(values, targets.continues),
            Terminator::Unreachable => {}
        }
    }

    fn pass(&mut self, values: &[Value], targets: &[Value]) {
        for (&value, target) in values.iter().zip(targets) {
            self.sources[target.0 as usize].push(value);
        }
    }
}
