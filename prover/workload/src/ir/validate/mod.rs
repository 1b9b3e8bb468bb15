//! Checks that turn a [`Program`] into a [`Workload`].
//!
//! One walk over the tree checks types, scoping and the ends of blocks. The walk descends no deeper than
//! [`Workload::MAX_DEPTH`], so every later recursive walk over a workload is safe too.

#[cfg(test)]
mod tests;

use super::canonical;
use super::identity::WorkloadId;
use super::invalid::{InvalidCode, InvalidMemory, InvalidProgram, Place};
use super::renumber::renumber;
use super::{
    Block, Inst, InstKind, Length, LoopParam, MemoryId, Program, Space, Terminator, Type, Value,
};

/// A program that was checked, its values numbered in the order of the text form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload(Program);

impl Workload {
    /// Invocations of one workgroup.
    pub const MAX_WORKGROUP_INVOCATIONS: u32 = 1024;
    /// Blocks within blocks, the kernel's body not counted.
    pub const MAX_DEPTH: usize = 128;
    /// Values of a program.
    pub const MAX_VALUES: usize = 1 << 20;
    /// Instructions of a program, all blocks together.
    pub const MAX_INSTS: usize = 1 << 20;
    /// Memories of a program.
    pub const MAX_MEMORIES: usize = 64;
    /// Bytes of a memory's name.
    pub const MAX_NAME_BYTES: usize = 256;
    /// Words of all constant tables together.
    pub const MAX_CONSTANT_WORDS: u64 = 1 << 20;
    /// Words of all private arrays together.
    pub const MAX_PRIVATE_WORDS: u64 = 1 << 14;

    /// Checks a program and numbers its values in the order of the text form: the results of an `if` or
    /// `loop` before what is inside it. Entries of [`Program::values`] that nothing defines are dropped.
    pub fn new(mut program: Program) -> Result<Self, InvalidProgram> {
        check_interface(&program)?;
        at_most(
            "values",
            program.values.len() as u64,
            Self::MAX_VALUES as u64,
        )?;
        let mut checker = Checker {
            program: &program,
            values: vec![Visibility::Undefined; program.values.len()],
            visible: Vec::new(),
            insts: 0,
        };
        checker.block(
            &program.body,
            Context {
                kind: BlockKind::Kernel,
                place: Place::Body,
                depth: 0,
                results: &[],
                enclosing: None,
            },
        )?;
        renumber(&mut program);
        Ok(Self(program))
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.0
    }

    /// The workload's identity; the same for programs that differ in spans and value numbers only.
    pub fn id(&self) -> WorkloadId {
        WorkloadId::of(&canonical::encode(self))
    }
}

fn at_most(what: &'static str, got: u64, limit: u64) -> Result<(), InvalidProgram> {
    if got > limit {
        return Err(InvalidProgram::TooMany { what, got, limit });
    }
    Ok(())
}

fn check_interface(program: &Program) -> Result<(), InvalidProgram> {
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
            Space::Private { words } => *words == 0,
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
    at_most(
        "words of constant tables",
        constant.sum(),
        Workload::MAX_CONSTANT_WORDS,
    )?;
    at_most(
        "words of private arrays",
        private.sum(),
        Workload::MAX_PRIVATE_WORDS,
    )
}

fn is_identifier(name: &str) -> bool {
    name.len() <= Workload::MAX_NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
}

/// What a walk knows of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visibility {
    Undefined,
    Visible,
    /// Defined in a block that was left.
    Hidden,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BlockKind {
    Kernel,
    Arm,
    LoopBody,
}

impl BlockKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Kernel => "the kernel's body",
            Self::Arm => "an `if` arm",
            Self::LoopBody => "a loop body",
        }
    }
}

/// The innermost loop around a block.
#[derive(Clone, Copy)]
struct Enclosing<'a> {
    params: &'a [LoopParam],
    results: &'a [Value],
}

/// Where a block stands.
#[derive(Clone, Copy)]
struct Context<'a> {
    kind: BlockKind,
    /// The instruction the block belongs to.
    place: Place,
    depth: usize,
    /// What a `yield` defines.
    results: &'a [Value],
    enclosing: Option<Enclosing<'a>>,
}

struct Checker<'a> {
    program: &'a Program,
    values: Vec<Visibility>,
    /// The visible values, innermost block last.
    visible: Vec<Value>,
    insts: u32,
}

type Checked<T = ()> = Result<T, InvalidCode>;

impl<'a> Checker<'a> {
    /// Checks a block; what it defines is hidden afterwards.
    fn block(&mut self, block: &'a Block, context: Context<'a>) -> Result<(), InvalidProgram> {
        let outer = self.visible.len();
        let end = Located(context.place);
        for (at, inst) in block.insts.iter().enumerate() {
            let limit = Workload::MAX_INSTS as u64;
            at_most("instructions", u64::from(self.insts) + 1, limit)?;
            let place = Place::Inst {
                number: self.insts,
                span: inst.span,
            };
            self.insts += 1;
            self.inst(inst, Context { place, ..context })?;
            let last = at + 1 == block.insts.len() && block.end == Terminator::Unreachable;
            if never_continues(&inst.kind) && !last {
                return Err(Located(place).at(InvalidCode::EndlessIf));
            }
        }
        self.end(block, context)
            .map_err(|problem| end.at(problem))?;
        self.hide(outer);
        Ok(())
    }

    fn hide(&mut self, outer: usize) {
        for value in self.visible.drain(outer..) {
            self.values[value.0 as usize] = Visibility::Hidden;
        }
    }

    /// Checks the end of a block.
    fn end(&self, block: &Block, context: Context<'_>) -> Checked {
        let end = end_name(&block.end);
        let misplaced = InvalidCode::End {
            block: context.kind.name(),
            end,
        };
        match &block.end {
            Terminator::Yield(values) => {
                if context.kind == BlockKind::LoopBody {
                    return Err(misplaced);
                }
                self.pass(end, values, context.results.iter().copied())
            }
            Terminator::Break(values) => {
                let enclosing = context.enclosing.ok_or(misplaced)?;
                self.pass(end, values, enclosing.results.iter().copied())
            }
            Terminator::Continue(values) => {
                let enclosing = context.enclosing.ok_or(misplaced)?;
                self.pass(
                    end,
                    values,
                    enclosing.params.iter().map(|param| param.param),
                )
            }
            Terminator::Unreachable => {
                let last = block.insts.last();
                last.filter(|inst| never_continues(&inst.kind))
                    .map(|_| ())
                    .ok_or(misplaced)
            }
        }
    }

    /// Checks that `values` can become `targets`.
    fn pass(
        &self,
        end: &'static str,
        values: &[Value],
        targets: impl ExactSizeIterator<Item = Value>,
    ) -> Checked {
        if values.len() != targets.len() {
            return Err(InvalidCode::Arity {
                end,
                got: values.len(),
                expected: targets.len(),
            });
        }
        for (&value, target) in values.iter().zip(targets) {
            self.use_as(value, self.known(target)?)?;
        }
        Ok(())
    }

    /// Checks one instruction and what it contains. `context` is that of the block it stands in, with the
    /// instruction's own place.
    fn inst(&mut self, inst: &'a Inst, context: Context<'a>) -> Result<(), InvalidProgram> {
        let located = Located(context.place);
        match &inst.kind {
            InstKind::If {
                condition,
                then,
                otherwise,
                results,
            } => {
                self.use_as(*condition, Type::Bool)
                    .map_err(|problem| located.at(problem))?;
                let arm = Context {
                    kind: BlockKind::Arm,
                    results,
                    ..descend(context)?
                };
                self.block(then, arm)?;
                self.block(otherwise, arm)?;
                if never_continues(&inst.kind) && !results.is_empty() {
                    return Err(located.at(InvalidCode::EndlessIf));
                }
                self.define_all(results)
                    .map_err(|problem| located.at(problem))
            }
            InstKind::Loop {
                params,
                body,
                results,
            } => {
                let outer = self.visible.len();
                self.enter_loop(params)
                    .map_err(|problem| located.at(problem))?;
                let inner = Context {
                    kind: BlockKind::LoopBody,
                    results: &[],
                    enclosing: Some(Enclosing { params, results }),
                    ..descend(context)?
                };
                self.block(body, inner)?;
                self.hide(outer);
                self.define_all(results)
                    .map_err(|problem| located.at(problem))
            }
            simple => self.simple(simple).map_err(|problem| located.at(problem)),
        }
    }

    fn enter_loop(&mut self, params: &[LoopParam]) -> Checked {
        for LoopParam { param, initial } in params {
            self.use_as(*initial, self.known(*param)?)?;
        }
        for LoopParam { param, .. } in params {
            self.define(*param)?;
        }
        Ok(())
    }

    /// Checks an instruction without blocks.
    fn simple(&mut self, kind: &InstKind) -> Checked {
        match *kind {
            InstKind::Const { result, bits } => {
                if self.define(result)? == Type::Bool && bits > 1 {
                    return Err(InvalidCode::BoolBits { bits });
                }
            }
            InstKind::Builtin { result, .. } => self.define_as(result, Type::U32)?,
            InstKind::Binary {
                result,
                op,
                lhs,
                rhs,
            } => {
                let (lhs, rhs) = (self.used(lhs)?, self.used(rhs)?);
                let ty = op
                    .result_type(lhs, rhs)
                    .ok_or(InvalidCode::Operands { op, lhs, rhs })?;
                self.define_as(result, ty)?;
            }
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => {
                self.use_as(condition, Type::Bool)?;
                let ty = self.used(accept)?;
                self.use_as(reject, ty)?;
                self.define_as(result, ty)?;
            }
            InstKind::Cast { result, operand } => {
                self.used(operand)?;
                self.define(result)?;
            }
            InstKind::Load {
                result,
                memory,
                index,
            } => {
                self.memory(memory)?;
                self.use_as(index, Type::U32)?;
                if !self.define(result)?.is_word() {
                    return Err(InvalidCode::NotWord { value: result });
                }
            }
            InstKind::Store {
                memory,
                index,
                value,
            } => {
                if !self.memory(memory)?.is_writable() {
                    return Err(InvalidCode::NotWritable { memory });
                }
                self.use_as(index, Type::U32)?;
                if !self.used(value)?.is_word() {
                    return Err(InvalidCode::NotWord { value });
                }
            }
            InstKind::ArrayLength { result, memory } => {
                if !self.memory(memory)?.is_buffer() {
                    return Err(InvalidCode::NotBuffer { memory });
                }
                self.define_as(result, Type::U32)?;
            }
            InstKind::Meter { .. } | InstKind::If { .. } | InstKind::Loop { .. } => {}
        }
        Ok(())
    }

    /// The type of a value that is in the table.
    fn known(&self, value: Value) -> Checked<Type> {
        self.program
            .values
            .get(value.0 as usize)
            .copied()
            .ok_or(InvalidCode::UnknownValue { value })
    }

    /// The type of an operand, which must be visible.
    fn used(&self, value: Value) -> Checked<Type> {
        let ty = self.known(value)?;
        if self.values[value.0 as usize] != Visibility::Visible {
            return Err(InvalidCode::NotVisible { value });
        }
        Ok(ty)
    }

    fn use_as(&self, value: Value, expected: Type) -> Checked {
        let got = self.used(value)?;
        if got != expected {
            return Err(InvalidCode::Type {
                value,
                got,
                expected,
            });
        }
        Ok(())
    }

    fn define(&mut self, value: Value) -> Checked<Type> {
        let ty = self.known(value)?;
        let visibility = &mut self.values[value.0 as usize];
        if *visibility != Visibility::Undefined {
            return Err(InvalidCode::Redefined { value });
        }
        *visibility = Visibility::Visible;
        self.visible.push(value);
        Ok(ty)
    }

    fn define_as(&mut self, value: Value, expected: Type) -> Checked {
        let got = self.define(value)?;
        if got != expected {
            return Err(InvalidCode::Type {
                value,
                got,
                expected,
            });
        }
        Ok(())
    }

    fn define_all(&mut self, values: &[Value]) -> Checked {
        values
            .iter()
            .try_for_each(|&value| self.define(value).map(|_| ()))
    }

    fn memory(&self, memory: MemoryId) -> Checked<&super::Memory> {
        self.program
            .memories
            .get(memory.0 as usize)
            .ok_or(InvalidCode::UnknownMemory { memory })
    }
}

/// Puts a place to a problem.
#[derive(Clone, Copy)]
struct Located(Place);

impl Located {
    fn at(self, problem: InvalidCode) -> InvalidProgram {
        InvalidProgram::Code {
            place: self.0,
            problem,
        }
    }
}

fn descend(context: Context<'_>) -> Result<Context<'_>, InvalidProgram> {
    let limit = Workload::MAX_DEPTH;
    if context.depth == limit {
        return Err(Located(context.place).at(InvalidCode::TooDeep { limit }));
    }
    Ok(Context {
        depth: context.depth + 1,
        ..context
    })
}

/// Whether control cannot get past an instruction: an `if` no arm of which yields.
fn never_continues(kind: &InstKind) -> bool {
    match kind {
        InstKind::If {
            then, otherwise, ..
        } => ![then, otherwise]
            .iter()
            .any(|arm| matches!(arm.end, Terminator::Yield(_))),
        _ => false,
    }
}

fn end_name(end: &Terminator) -> &'static str {
    match end {
        Terminator::Yield(_) => "yield",
        Terminator::Break(_) => "break",
        Terminator::Continue(_) => "continue",
        Terminator::Unreachable => "unreachable",
    }
}
