//! A program being built from a recipe: its memories, its values, and indices that keep the promises.

use std::collections::HashSet;

use super::phases::{Mode, Modes};
use super::recipe::{MemoryRecipe, Operand, Recipe, Sharing};
use super::usage::Usage;
use crate::ir::{
    Axis, BarrierScope, BinaryOp, Binding, Builtin, Inst, InstKind, Length, Memory, MemoryId,
    Program, Space, Span, Type, Value,
};

/// A loop around the place being built.
#[derive(Clone)]
pub(super) struct Enclosing {
    pub(super) counter: Value,
    /// Rounds it may have.
    pub(super) limit: Value,
    /// Whether starting another round depends on the counter; else each round looks at it first.
    pub(super) check_last: bool,
    pub(super) carried: Vec<Type>,
    /// Whether the workgroup leaves it together.
    pub(super) uniform: bool,
    /// At the start of each round, and after it.
    pub(super) modes: Modes,
}

/// Whether control reaches the place after a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Onwards,
    Left,
}

pub(super) struct Builder<'a> {
    pub(super) recipe: &'a Recipe,
    /// Instructions that may still come, about.
    pub(super) budget: usize,
    pub(super) program: Program,
    /// For each memory.
    pub(super) uses: Vec<Usage>,
    /// Of the block being built.
    pub(super) insts: Vec<Inst>,
    /// Visible values.
    pub(super) scope: Vec<Value>,
    pub(super) loops: Vec<Enclosing>,
    /// The invocation's linear id.
    pub(super) own: Value,
    /// The workgroup's.
    pub(super) group: Value,
    pub(super) groups: u32,
    /// Whether the workgroup comes to the place being built together.
    pub(super) uniform: bool,
    /// Values that are the same in a workgroup, by construction.
    pub(super) uniform_values: HashSet<Value>,
}

impl Builder<'_> {
    pub(super) fn add_memory(&mut self, recipe: &MemoryRecipe, invocations: u32) {
        let id = self.program.memories.len() as u32;
        let binding = Binding {
            group: 0,
            binding: id,
        };
        let length = |words, fixed| match fixed {
            true => Length::Words(words),
            false => Length::Runtime,
        };
        let (name, space, usage) = match recipe {
            MemoryRecipe::Output {
                sharing: Sharing::Group { extra },
                fixed,
            } => {
                let words = self.program.workgroup_size.iter().product::<u32>() + extra;
                let all = words * self.groups;
                let usage = Usage::Phased {
                    words,
                    length: all,
                    scope: BarrierScope::Storage,
                    mode: Mode::of_seed(*extra),
                };
                let length = length(all, *fixed);
                ("output", Space::Output { binding, length }, usage)
            }
            &MemoryRecipe::Output {
                sharing: Sharing::Updates { words, op, ty },
                fixed,
            } => {
                let length = length(words, fixed);
                let usage = Usage::Updated { words, op, ty };
                ("output", Space::Output { binding, length }, usage)
            }
            MemoryRecipe::Shared { extra } => {
                let words = self.program.workgroup_size.iter().product::<u32>() + extra;
                let usage = Usage::Phased {
                    words,
                    length: words,
                    scope: BarrierScope::Workgroup,
                    mode: Mode::of_seed(id),
                };
                ("shared", Space::Shared { words }, usage)
            }
            MemoryRecipe::Output { sharing, fixed } => {
                let sharing = match sharing {
                    Sharing::Anything if !self.recipe.races => Sharing::InPlace,
                    sharing => sharing.clone(),
                };
                let words = match sharing {
                    Sharing::InPlace
                    | Sharing::Anything
                    | Sharing::Group { .. }
                    | Sharing::Updates { .. } => invocations,
                    Sharing::Scatter { .. } => invocations.next_power_of_two(),
                    Sharing::Stripe { words } => invocations * words,
                };
                let length = length(words, *fixed);
                let usage = Usage::Output {
                    sharing,
                    words,
                    stored: false,
                };
                ("output", Space::Output { binding, length }, usage)
            }
            &MemoryRecipe::Input { words, fixed } => {
                let space = Space::Input {
                    binding,
                    uniform: false,
                    length: length(words, fixed),
                };
                ("input", space, Usage::Any { words })
            }
            &MemoryRecipe::Uniform { words } => {
                let space = Space::Input {
                    binding,
                    uniform: true,
                    length: Length::Words(words),
                };
                ("uniform", space, Usage::Any { words })
            }
            MemoryRecipe::Constant { words } => {
                let usage = Usage::Any {
                    words: words.len() as u32,
                };
                let words = words.clone();
                ("table", Space::Constant { words }, usage)
            }
            &MemoryRecipe::Private { words } => {
                ("array", Space::Private { words }, Usage::Any { words })
            }
        };
        let name = format!("{name}{id}");
        self.program.memories.push(Memory { name, space });
        self.uses.push(usage);
    }

    pub(super) fn emit(&mut self, kind: InstKind) {
        self.budget = self.budget.saturating_sub(1);
        self.note_uniform(&kind);
        self.insts.push(Inst {
            kind,
            span: Span::default(),
        });
    }

    /// Emits an instruction with a result, which is visible afterwards.
    pub(super) fn define(&mut self, ty: Type, kind: impl FnOnce(Value) -> InstKind) -> Value {
        let result = self.program.new_value(ty);
        self.emit(kind(result));
        self.scope.push(result);
        result
    }

    pub(super) fn constant(&mut self, ty: Type, bits: u32) -> Value {
        let bits = if ty == Type::Bool { bits & 1 } else { bits };
        self.define(ty, |result| InstKind::Const { result, bits })
    }

    pub(super) fn builtin(&mut self, builtin: Builtin) -> Value {
        self.define(Type::U32, |result| InstKind::Builtin { result, builtin })
    }

    /// `None` where the operation does not take operands of these types.
    pub(super) fn binary(&mut self, op: BinaryOp, lhs: Value, rhs: Value) -> Option<Value> {
        let types = (self.program.type_of(lhs), self.program.type_of(rhs));
        let ty = op.result_type(types.0, types.1)?;
        Some(self.define(ty, |result| InstKind::Binary {
            result,
            op,
            lhs,
            rhs,
        }))
    }

    /// An operation on words of `u32`.
    pub(super) fn word(&mut self, op: BinaryOp, lhs: Value, rhs: Value) -> Value {
        self.binary(op, lhs, rhs)
            .expect("every operation takes two u32")
    }

    pub(super) fn operand(&mut self, ty: Type, operand: &Operand) -> Value {
        match *operand {
            Operand::Constant(bits) => self.constant(ty, bits),
            Operand::Recent(back) => {
                let fits = |value: &&Value| self.program.type_of(**value) == ty;
                let count = self.scope.iter().filter(fits).count();
                let found = match count {
                    0 => None,
                    count => self
                        .scope
                        .iter()
                        .rev()
                        .filter(fits)
                        .nth(usize::from(back) % count),
                };
                match found {
                    Some(&value) => value,
                    None => self.constant(ty, u32::from(back)),
                }
            }
        }
    }

    /// Values of these types, from operands used over and over.
    pub(super) fn operands(&mut self, types: &[Type], operands: &[Operand]) -> Vec<Value> {
        let latest = [Operand::Recent(0)];
        let operands = if operands.is_empty() {
            &latest
        } else {
            operands
        };
        types
            .iter()
            .zip(operands.iter().cycle())
            .map(|(&ty, operand)| self.operand(ty, operand))
            .collect()
    }

    /// The position of the invocation in some order of all.
    pub(super) fn linear_id(&mut self, workgroups: [u32; 3]) -> Value {
        use BinaryOp::{Add, Mul};
        let size = self.program.workgroup_size;
        if size[1..] == [1, 1] && workgroups[1..] == [1, 1] {
            return self.builtin(Builtin::GlobalInvocationId(Axis::X));
        }
        let axes = [Axis::Z, Axis::Y, Axis::X];
        if self.recipe.by_group {
            let id = self.group_id();
            let extent = self.constant(Type::U32, size.iter().product());
            let place = self.builtin(Builtin::LocalInvocationIndex);
            let start = self.word(Mul, id, extent);
            return self.word(Add, start, place);
        }
        let mut id = self.builtin(Builtin::GlobalInvocationId(axes[0]));
        for axis in [Axis::Y, Axis::X] {
            let extent = size[axis as usize] * workgroups[axis as usize];
            let extent = self.constant(Type::U32, extent);
            let place = self.builtin(Builtin::GlobalInvocationId(axis));
            id = self.word(Mul, id, extent);
            id = self.word(Add, id, place);
        }
        id
    }

    /// The position of the workgroup in the order of all.
    pub(super) fn group_id(&mut self) -> Value {
        let mut id = self.builtin(Builtin::WorkgroupId(Axis::Z));
        for axis in [Axis::Y, Axis::X] {
            let extent = self.builtin(Builtin::NumWorkgroups(axis));
            let place = self.builtin(Builtin::WorkgroupId(axis));
            id = self.word(BinaryOp::Mul, id, extent);
            id = self.word(BinaryOp::Add, id, place);
        }
        id
    }

    /// The `pick`th memory that fits, counted modulo how many do.
    pub(super) fn choose(
        &self,
        pick: u8,
        fits: impl Fn(&Memory, &Usage) -> bool,
    ) -> Option<MemoryId> {
        let fitting: Vec<MemoryId> = self
            .program
            .memories()
            .zip(&self.uses)
            .filter(|((_, memory), usage)| fits(memory, usage))
            .map(|((id, _), _)| id)
            .collect();
        match fitting.len() {
            0 => None,
            count => Some(fitting[usize::from(pick) % count]),
        }
    }

    /// An index into a memory that is in bounds and, in an output, the invocation's own.
    pub(super) fn index(&mut self, memory: MemoryId, index: &Operand, wild: bool) -> Value {
        if wild && self.recipe.traps.is_some() {
            let anywhere = self.operand(Type::U32, index);
            if self.recipe.races || !self.program.memory(memory).is_common() {
                return anywhere;
            }
            // Out of bounds or the invocation's own: never a word of another's.
            let inside = self.index(memory, index, false);
            let top = self.constant(Type::U32, 31);
            let outside = self.word(BinaryOp::Shl, anywhere, top);
            return self.word(BinaryOp::Or, inside, outside);
        }
        let (words, sharing) = match &self.uses[memory.0 as usize] {
            Usage::Phased { .. } => return self.phased_index(memory, index, wild),
            Usage::Any { words } | Usage::Updated { words, .. } => (*words, Sharing::Anything),
            Usage::Output { words, sharing, .. } => (*words, sharing.clone()),
        };
        let own = self.own;
        match sharing {
            Sharing::InPlace => own,
            Sharing::Scatter { mask } => {
                let mask = self.constant(Type::U32, mask & (words - 1));
                self.word(BinaryOp::Xor, own, mask)
            }
            Sharing::Stripe { words } => {
                let words = self.constant(Type::U32, words);
                let start = self.word(BinaryOp::Mul, own, words);
                let offset = self.operand(Type::U32, index);
                let offset = self.word(BinaryOp::Rem, offset, words);
                self.word(BinaryOp::Add, start, offset)
            }
            Sharing::Anything | Sharing::Group { .. } | Sharing::Updates { .. } => {
                let length = self.length_of(memory, words, wild);
                let index = self.operand(Type::U32, index);
                self.word(BinaryOp::Rem, index, length)
            }
        }
    }

    /// The length of a memory, as a constant or, where `ask`ed of a buffer, by `array_length`.
    pub(super) fn length_of(&mut self, memory: MemoryId, words: u32, ask: bool) -> Value {
        if ask && self.program.memory(memory).is_buffer() {
            return self.define(Type::U32, |result| InstKind::ArrayLength { result, memory });
        }
        self.constant(Type::U32, words)
    }

    pub(super) fn store(&mut self, memory: MemoryId, index: Value, value: Value) {
        if let Usage::Output { stored, .. } = &mut self.uses[memory.0 as usize] {
            *stored = true;
        }
        self.emit(InstKind::Store {
            memory,
            index,
            value,
        });
    }

    /// Ends the kernel by storing something in each output that was not stored to.
    pub(super) fn store_where_nothing_was_stored(&mut self) {
        for at in 0..self.uses.len() {
            if let Usage::Updated { op, ty, .. } = self.uses[at] {
                let operands = (&Operand::Recent(1), &Operand::Recent(at as u8));
                self.atomic(MemoryId(at as u32), op, ty, operands, false);
            }
            if matches!(self.uses[at], Usage::Output { stored: false, .. }) {
                let memory = MemoryId(at as u32);
                let index = self.index(memory, &Operand::Recent(1), false);
                let value = self.operand(Type::U32, &Operand::Recent(at as u8));
                self.store(memory, index, value);
            }
        }
    }
}
