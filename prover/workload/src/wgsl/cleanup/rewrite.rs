//! Rebuilds a program without copies, dead values and unused memories.

use std::collections::HashMap;

use crate::ir::{Block, Inst, InstKind, MemoryId, Program, Terminator, Type, Value};

use super::copies::Copies;
use super::liveness::Live;

/// Replaces copies by their originals and removes what is not live. Equal constants of a block become one.
pub(super) fn apply(program: &mut Program, copies: &Copies, live: &Live) {
    let body = std::mem::take(&mut program.body);
    let mut rewrite = Rewrite {
        program,
        copies,
        live,
        renamed: HashMap::new(),
    };
    let body = rewrite.block(body, &Targets::default());
    program.body = body;
}

/// Which of the values at the end of a block are live.
#[derive(Clone, Default)]
struct Targets {
    yields: Vec<bool>,
    breaks: Vec<bool>,
    continues: Vec<bool>,
}

struct Rewrite<'a> {
    program: &'a Program,
    copies: &'a Copies,
    live: &'a Live,
    /// Constants that repeat one of their block.
    renamed: HashMap<Value, Value>,
}

impl Rewrite<'_> {
    fn value(&self, value: Value) -> Value {
        let value = self.copies.resolve(value);
        *self.renamed.get(&value).unwrap_or(&value)
    }

    fn is_kept(&self, value: Value) -> bool {
        self.live.value(value) && self.copies.resolve(value) == value
    }

    fn block(&mut self, block: Block, targets: &Targets) -> Block {
        let mut insts: Vec<Inst> = Vec::with_capacity(block.insts.len());
        let mut constants: HashMap<(Type, u32), Value> = HashMap::new();
        for Inst { kind, span } in block.insts {
            if !self.live.inst(self.program, &kind) {
                continue;
            }
            if let InstKind::Const { result, bits } = kind {
                let key = (self.program.type_of(result), bits);
                if let Some(&first) = constants.get(&key) {
                    self.renamed.insert(result, first);
                    continue;
                }
                constants.insert(key, result);
            }
            let kind = self.inst(kind, targets);
            insts.push(Inst { kind, span });
        }
        let end = match block.end {
            Terminator::Yield(values) => Terminator::Yield(self.kept(values, &targets.yields)),
            Terminator::Break(values) => Terminator::Break(self.kept(values, &targets.breaks)),
            Terminator::Continue(values) => {
                Terminator::Continue(self.kept(values, &targets.continues))
            }
            Terminator::Unreachable => Terminator::Unreachable,
        };
        Block { insts, end }
    }

    fn kept(&self, values: Vec<Value>, kept: &[bool]) -> Vec<Value> {
        values
            .into_iter()
            .zip(kept)
            .filter(|(_, kept)| **kept)
            .map(|(value, _)| self.value(value))
            .collect()
    }

    fn inst(&mut self, kind: InstKind, targets: &Targets) -> InstKind {
        match kind {
            InstKind::Const { .. }
            | InstKind::Builtin { .. }
            | InstKind::ArrayLength { .. }
            | InstKind::Barrier { .. }
            | InstKind::Meter { .. } => kind,
            InstKind::Binary {
                result,
                op,
                lhs,
                rhs,
            } => InstKind::Binary {
                result,
                op,
                lhs: self.value(lhs),
                rhs: self.value(rhs),
            },
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => InstKind::Select {
                result,
                condition: self.value(condition),
                accept: self.value(accept),
                reject: self.value(reject),
            },
            InstKind::Cast { result, operand } => InstKind::Cast {
                result,
                operand: self.value(operand),
            },
            InstKind::Load {
                result,
                memory,
                index,
            } => InstKind::Load {
                result,
                memory,
                index: self.value(index),
            },
            InstKind::Store {
                memory,
                index,
                value,
            } => InstKind::Store {
                memory,
                index: self.value(index),
                value: self.value(value),
            },
            InstKind::Atomic {
                op,
                memory,
                index,
                value,
            } => InstKind::Atomic {
                op,
                memory,
                index: self.value(index),
                value: self.value(value),
            },
            InstKind::UniformLoad {
                result,
                memory,
                index,
            } => InstKind::UniformLoad {
                result,
                memory,
                index: self.value(index),
            },
            InstKind::If {
                condition,
                then,
                otherwise,
                mut results,
            } => {
                let condition = self.value(condition);
                let inner = Targets {
                    yields: results.iter().map(|&value| self.is_kept(value)).collect(),
                    ..targets.clone()
                };
                let then = self.block(then, &inner);
                let otherwise = self.block(otherwise, &inner);
                results.retain(|&value| self.is_kept(value));
                InstKind::If {
                    condition,
                    then,
                    otherwise,
                    results,
                }
            }
            InstKind::Loop {
                mut params,
                body,
                mut results,
            } => {
                let inner = Targets {
                    yields: Vec::new(),
                    breaks: results.iter().map(|&value| self.is_kept(value)).collect(),
                    continues: params.iter().map(|p| self.is_kept(p.param)).collect(),
                };
                params.retain(|param| self.is_kept(param.param));
                for param in &mut params {
                    param.initial = self.value(param.initial);
                }
                let body = self.block(body, &inner);
                results.retain(|&value| self.is_kept(value));
                InstKind::Loop {
                    params,
                    body,
                    results,
                }
            }
        }
    }
}

/// Drops local arrays and tables that no instruction names; buffers are the interface and stay.
pub(super) fn drop_memories(program: &mut Program) {
    let mut used: Vec<bool> = program
        .memories
        .iter()
        .map(|memory| memory.is_buffer())
        .collect();
    for_each_memory(&mut program.body, &mut |memory| {
        used[memory.0 as usize] = true
    });
    let mut next = 0;
    let ids: Vec<MemoryId> = used
        .iter()
        .map(|&used| {
            let id = MemoryId(next);
            next += u32::from(used);
            id
        })
        .collect();
    let mut kept = used.iter();
    program
        .memories
        .retain(|_| kept.next().copied().unwrap_or(false));
    for_each_memory(&mut program.body, &mut |memory| {
        *memory = ids[memory.0 as usize]
    });
}

fn for_each_memory(block: &mut Block, visit: &mut impl FnMut(&mut MemoryId)) {
    for inst in &mut block.insts {
        match &mut inst.kind {
            InstKind::Load { memory, .. }
            | InstKind::Store { memory, .. }
            | InstKind::Atomic { memory, .. }
            | InstKind::UniformLoad { memory, .. }
            | InstKind::ArrayLength { memory, .. } => visit(memory),
            InstKind::If {
                then, otherwise, ..
            } => {
                for_each_memory(then, visit);
                for_each_memory(otherwise, visit);
            }
            InstKind::Loop { body, .. } => for_each_memory(body, visit),
            _ => {}
        }
    }
}
