//! Memory that a workgroup uses together without races: what an invocation may do in a phase.
//!
//! Such a memory has a mode that changes only at barriers. So that every invocation is in the same mode in the
//! same phase, barriers stand only where control flow is uniform by construction, and whatever leaves a block
//! goes back to the mode that the place it leaves for has.

use super::builder::Builder;
use super::recipe::Operand;
use super::usage::Usage;
use crate::ir::{
    AtomicOp, BarrierScope, BinaryOp, Builtin, InstKind, MemoryId, Space, Type, Value,
};

/// What invocations may do with the words of a memory in a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Each uses a word of its own, that many past the one of its number.
    Own { shift: u32 },
    /// All read any word.
    ReadAll,
    /// All update any word by atomics of one family.
    UpdateAll { op: AtomicOp, ty: Type },
}

impl Mode {
    /// Some mode; every seed gives another.
    pub(super) fn of_seed(seed: u32) -> Self {
        let rest = seed / 3;
        match seed % 3 {
            0 => Self::Own { shift: rest % 5 },
            1 => Self::ReadAll,
            _ => Self::UpdateAll {
                op: AtomicOp::ALL[rest as usize % AtomicOp::ALL.len()],
                ty: [Type::U32, Type::I32][rest as usize / AtomicOp::ALL.len() % 2],
            },
        }
    }
}

/// The mode of each memory that has one.
pub(super) type Modes = Vec<Option<Mode>>;

impl Builder<'_> {
    pub(super) fn modes(&self) -> Modes {
        self.uses.iter().map(Usage::mode).collect()
    }

    pub(super) fn set_modes(&mut self, modes: &Modes) {
        for (usage, mode) in self.uses.iter_mut().zip(modes) {
            if let (Usage::Phased { mode: current, .. }, Some(mode)) = (usage, mode) {
                *current = *mode;
            }
        }
    }

    /// Goes back to modes from which control left or to which it goes, with the barriers that this takes.
    pub(super) fn settle(&mut self, modes: &Modes) {
        for scope in BarrierScope::ALL {
            let differs = |(usage, mode): (&Usage, &Option<Mode>)| {
                usage.scope() == Some(scope) && usage.mode() != *mode
            };
            if self.uses.iter().zip(modes).any(differs) {
                self.emit(InstKind::Barrier { scope });
            }
        }
        self.set_modes(modes);
    }

    /// A barrier after which memories of its scope have new modes. It is left out where the job may race.
    pub(super) fn barrier(&mut self, scope: BarrierScope, seed: u32, dropped: bool) {
        if !self.uniform {
            return;
        }
        if !(dropped && self.recipe.races) {
            self.emit(InstKind::Barrier { scope });
        }
        for (at, usage) in (0..).zip(&mut self.uses) {
            if usage.scope() != Some(scope) {
                continue;
            }
            if let Usage::Phased { mode, .. } = usage {
                *mode = Mode::of_seed(seed.rotate_left(5 * at));
            }
        }
    }

    /// An index into a memory with a mode.
    pub(super) fn phased_index(&mut self, memory: MemoryId, index: &Operand, wild: bool) -> Value {
        let Usage::Phased { words, mode, .. } = self.uses[memory.0 as usize] else {
            return self.operand(Type::U32, index);
        };
        let within = match mode {
            Mode::Own { shift } if !(wild && self.recipe.races) => {
                let local = self.builtin(Builtin::LocalInvocationIndex);
                let shift = self.constant(Type::U32, shift);
                let size = self.program.workgroup_size.iter().product();
                let size = self.constant(Type::U32, size);
                let sum = self.word(BinaryOp::Add, local, shift);
                self.word(BinaryOp::Rem, sum, size)
            }
            _ => {
                let words = self.constant(Type::U32, words);
                let index = self.operand(Type::U32, index);
                self.word(BinaryOp::Rem, index, words)
            }
        };
        match self.program.memory(memory).space {
            Space::Output { .. } => {
                let words = self.constant(Type::U32, words);
                let start = self.word(BinaryOp::Mul, self.group, words);
                self.word(BinaryOp::Add, start, within)
            }
            _ => within,
        }
    }

    /// An atomic on a memory that may have one; `op` and `ty` where the memory does not decide.
    pub(super) fn atomic(
        &mut self,
        memory: MemoryId,
        op: AtomicOp,
        ty: Type,
        (index, value): (&Operand, &Operand),
        wild: bool,
    ) {
        let (op, ty) = match &self.uses[memory.0 as usize] {
            Usage::Phased {
                mode: Mode::UpdateAll { op, ty },
                ..
            } => (*op, *ty),
            Usage::Updated { op, ty, .. } => (*op, *ty),
            _ => (op, ty),
        };
        let index = self.index(memory, index, wild);
        let value = self.operand(ty, value);
        self.emit(InstKind::Atomic {
            op,
            memory,
            index,
            value,
        });
    }

    /// A uniform load, where control flow is uniform. It is between barriers, so every mode allows it.
    pub(super) fn uniform_load(&mut self, memory: MemoryId, ty: Type, index: &Operand) {
        if !self.uniform {
            return;
        }
        let words = self.constant(Type::U32, self.uses[memory.0 as usize].length());
        let index = self.uniform_operand(Type::U32, index);
        let index = self.word(BinaryOp::Rem, index, words);
        self.define(ty, |result| InstKind::UniformLoad {
            result,
            memory,
            index,
        });
    }

    /// A value that is the same in the whole workgroup.
    pub(super) fn uniform_operand(&mut self, ty: Type, operand: &Operand) -> Value {
        let Operand::Recent(back) = *operand else {
            return self.operand(ty, operand);
        };
        let fits = |value: &&Value| {
            self.program.type_of(**value) == ty && self.uniform_values.contains(value)
        };
        let count = self.scope.iter().filter(fits).count();
        let back = usize::from(back).checked_rem(count);
        let found = back.and_then(|back| self.scope.iter().rev().filter(fits).nth(back));
        match found {
            Some(&value) => value,
            None => self.constant(ty, u32::from(matches!(ty, Type::Bool))),
        }
    }

    /// Notes whether the result of an instruction without blocks is the same in the whole workgroup.
    pub(super) fn note_uniform(&mut self, kind: &InstKind) {
        let all = |values: &[Value]| {
            values
                .iter()
                .all(|value| self.uniform_values.contains(value))
        };
        let uniform = match *kind {
            InstKind::Const { result, .. } | InstKind::ArrayLength { result, .. } => Some(result),
            InstKind::UniformLoad { result, .. } => Some(result),
            InstKind::Builtin {
                result,
                builtin: Builtin::WorkgroupId(_) | Builtin::NumWorkgroups(_),
            } => Some(result),
            InstKind::Binary {
                result, lhs, rhs, ..
            } => all(&[lhs, rhs]).then_some(result),
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => all(&[condition, accept, reject]).then_some(result),
            InstKind::Cast { result, operand } => all(&[operand]).then_some(result),
            InstKind::Load {
                result,
                memory,
                index,
            } => match self.program.memory(memory).space {
                Space::Input { .. } | Space::Constant { .. } => all(&[index]).then_some(result),
                _ => None,
            },
            _ => None,
        };
        self.uniform_values.extend(uniform);
    }
}
