//! Numbers the values of a checked program in the order in which the text form names them.
//!
//! The results of an `if` or `loop` come before its blocks, the params of a loop before its body.

use super::{Block, InstKind, LoopParam, Program, Terminator, Type, Value};

/// Renumbers the values of a program that was checked; its depth is bounded and every value it uses is
/// defined.
pub(super) fn renumber(program: &mut Program) {
    let types = std::mem::take(&mut program.values);
    let mut renumbering = Renumbering {
        new: vec![Value(u32::MAX); types.len()],
        old_types: types,
        new_types: Vec::new(),
    };
    renumbering.block(&mut program.body);
    program.values = renumbering.new_types;
}

struct Renumbering {
    /// New number of each old value, once it is defined.
    new: Vec<Value>,
    old_types: Vec<Type>,
    new_types: Vec<Type>,
}

impl Renumbering {
    fn define(&mut self, value: &mut Value) {
        let old = value.0 as usize;
        // At most as many as there were old values, whose number fits.
        *value = Value(self.new_types.len() as u32);
        self.new[old] = *value;
        self.new_types.push(self.old_types[old]);
    }

    fn operand(&self, value: &mut Value) {
        *value = self.new[value.0 as usize];
    }

    fn block(&mut self, block: &mut Block) {
        for inst in &mut block.insts {
            self.inst(&mut inst.kind);
        }
        match &mut block.end {
            Terminator::Yield(values)
            | Terminator::Break(values)
            | Terminator::Continue(values) => {
                values.iter_mut().for_each(|value| self.operand(value));
            }
            Terminator::Unreachable => {}
        }
    }

    fn inst(&mut self, kind: &mut InstKind) {
        match kind {
            InstKind::Const { result, .. }
            | InstKind::Builtin { result, .. }
            | InstKind::ArrayLength { result, .. } => self.define(result),
            InstKind::Binary {
                result, lhs, rhs, ..
            } => {
                self.operand(lhs);
                self.operand(rhs);
                self.define(result);
            }
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => {
                self.operand(condition);
                self.operand(accept);
                self.operand(reject);
                self.define(result);
            }
            InstKind::Cast { result, operand } => {
                self.operand(operand);
                self.define(result);
            }
            InstKind::Load { result, index, .. } | InstKind::UniformLoad { result, index, .. } => {
                self.operand(index);
                self.define(result);
            }
            InstKind::Store { index, value, .. } | InstKind::Atomic { index, value, .. } => {
                self.operand(index);
                self.operand(value);
            }
            InstKind::If {
                condition,
                then,
                otherwise,
                results,
            } => {
                self.operand(condition);
                results.iter_mut().for_each(|result| self.define(result));
                self.block(then);
                self.block(otherwise);
            }
            InstKind::Loop {
                params,
                body,
                results,
            } => {
                results.iter_mut().for_each(|result| self.define(result));
                for LoopParam { param, initial } in params {
                    self.operand(initial);
                    self.define(param);
                }
                self.block(body);
            }
            InstKind::Barrier { .. } | InstKind::Meter { .. } => {}
        }
    }
}
