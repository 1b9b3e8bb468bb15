//! Workload to canonical bytes.

use super::{VERSION, tag};
use crate::ir::{
    Binding, Block, Builtin, InstKind, Length, LoopParam, Memory, Program, Space, Terminator, Type,
    Value, Workload,
};

/// The canonical bytes of a workload.
pub fn encode(workload: &Workload) -> Vec<u8> {
    let program = workload.program();
    let mut encoder = Encoder {
        program,
        bytes: Vec::new(),
    };
    encoder.bytes.extend(VERSION.to_le_bytes());
    program.workgroup_size.iter().for_each(|&n| encoder.word(n));
    encoder.count(program.memories.len());
    for memory in &program.memories {
        encoder.memory(memory);
    }
    encoder.block(&program.body);
    encoder.bytes
}

struct Encoder<'a> {
    program: &'a Program,
    bytes: Vec<u8>,
}

impl Encoder<'_> {
    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    fn word(&mut self, word: u32) {
        self.bytes.extend(word.to_le_bytes());
    }

    /// A length; the checks of [`Workload::new`] keep each far below 2^32.
    fn count(&mut self, count: usize) {
        self.word(count as u32);
    }

    fn define(&mut self, value: Value) {
        self.byte(match self.program.type_of(value) {
            Type::U32 => 0,
            Type::I32 => 1,
            Type::Bool => 2,
        });
    }

    fn definitions(&mut self, values: &[Value]) {
        self.count(values.len());
        values.iter().for_each(|&value| self.define(value));
    }

    fn memory(&mut self, memory: &Memory) {
        self.count(memory.name.len());
        self.bytes.extend(memory.name.bytes());
        match &memory.space {
            Space::Input {
                binding,
                uniform,
                length,
            } => {
                self.byte(0);
                self.binding(*binding);
                self.byte(u8::from(*uniform));
                self.length(*length);
            }
            Space::Output { binding, length } => {
                self.byte(1);
                self.binding(*binding);
                self.length(*length);
            }
            Space::Private { words } => {
                self.byte(2);
                self.word(*words);
            }
            Space::Constant { words } => {
                self.byte(3);
                self.count(words.len());
                words.iter().for_each(|&word| self.word(word));
            }
            Space::Shared { words } => {
                self.byte(4);
                self.word(*words);
            }
        }
    }

    fn binding(&mut self, binding: Binding) {
        self.word(binding.group);
        self.word(binding.binding);
    }

    fn length(&mut self, length: Length) {
        match length {
            Length::Runtime => self.byte(0),
            Length::Words(words) => {
                self.byte(1);
                self.word(words);
            }
        }
    }

    fn block(&mut self, block: &Block) {
        self.count(block.insts.len());
        for inst in &block.insts {
            self.inst(&inst.kind);
        }
        let (end, values): (u8, &[Value]) = match &block.end {
            Terminator::Yield(values) => (0, values),
            Terminator::Break(values) => (1, values),
            Terminator::Continue(values) => (2, values),
            Terminator::Unreachable => return self.byte(3),
        };
        self.byte(end);
        self.count(values.len());
        values.iter().for_each(|value| self.word(value.0));
    }

    fn inst(&mut self, kind: &InstKind) {
        match kind {
            InstKind::Const { result, bits } => {
                self.byte(tag::CONST);
                self.define(*result);
                self.word(*bits);
            }
            InstKind::Builtin { result, builtin } => {
                self.byte(tag::BUILTIN);
                self.define(*result);
                self.byte(builtin_position(*builtin));
            }
            InstKind::Binary {
                result,
                op,
                lhs,
                rhs,
            } => {
                self.byte(tag::BINARY);
                self.define(*result);
                self.byte(*op as u8);
                self.word(lhs.0);
                self.word(rhs.0);
            }
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => {
                self.byte(tag::SELECT);
                self.define(*result);
                self.word(condition.0);
                self.word(accept.0);
                self.word(reject.0);
            }
            InstKind::Cast { result, operand } => {
                self.byte(tag::CAST);
                self.define(*result);
                self.word(operand.0);
            }
            InstKind::Load {
                result,
                memory,
                index,
            } => {
                self.byte(tag::LOAD);
                self.define(*result);
                self.word(memory.0);
                self.word(index.0);
            }
            InstKind::Store {
                memory,
                index,
                value,
            } => {
                self.byte(tag::STORE);
                self.word(memory.0);
                self.word(index.0);
                self.word(value.0);
            }
            InstKind::ArrayLength { result, memory } => {
                self.byte(tag::ARRAY_LENGTH);
                self.define(*result);
                self.word(memory.0);
            }
            InstKind::If {
                condition,
                then,
                otherwise,
                results,
            } => {
                self.byte(tag::IF);
                self.word(condition.0);
                self.definitions(results);
                self.block(then);
                self.block(otherwise);
            }
            InstKind::Loop {
                params,
                body,
                results,
            } => {
                self.byte(tag::LOOP);
                self.definitions(results);
                self.count(params.len());
                for LoopParam { param, initial } in params {
                    self.define(*param);
                    self.word(initial.0);
                }
                self.block(body);
            }
            InstKind::Meter { steps } => {
                self.byte(tag::METER);
                self.word(*steps);
            }
            InstKind::Barrier { scope } => {
                self.byte(tag::BARRIER);
                self.byte(*scope as u8);
            }
            InstKind::UniformLoad {
                result,
                memory,
                index,
            } => {
                self.byte(tag::UNIFORM_LOAD);
                self.define(*result);
                self.word(memory.0);
                self.word(index.0);
            }
            InstKind::Atomic {
                op,
                memory,
                index,
                value,
            } => {
                self.byte(tag::ATOMIC);
                self.byte(*op as u8);
                self.word(memory.0);
                self.word(index.0);
                self.word(value.0);
            }
        }
    }
}

/// Position in [`Builtin::ALL`].
fn builtin_position(builtin: Builtin) -> u8 {
    match builtin {
        Builtin::GlobalInvocationId(axis) => axis as u8,
        Builtin::LocalInvocationId(axis) => 3 + axis as u8,
        Builtin::LocalInvocationIndex => 6,
        Builtin::WorkgroupId(axis) => 7 + axis as u8,
        Builtin::NumWorkgroups(axis) => 10 + axis as u8,
    }
}
