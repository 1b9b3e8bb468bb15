//! Checks a kernel's body: types, scopes and the ends of blocks.
//!
//! The walk descends no deeper than [`Workload::MAX_DEPTH`].

use super::at_most;
use super::scope::{Checked, Scope};
use crate::ir::{
    Block, Inst, InstKind, InvalidCode, InvalidProgram, LoopParam, Memory, MemoryId, Place,
    Program, Space, Terminator, Type, Value, Workload,
};

/// Checks a program's body. Its memories and the size of its table of values were checked before.
pub(super) fn check(program: &Program) -> Result<(), InvalidProgram> {
    let mut checker = Checker {
        program,
        scope: Scope::new(&program.values),
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
    )
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
    scope: Scope<'a>,
    insts: u32,
}

impl<'a> Checker<'a> {
    /// Checks a block; what it defines is hidden afterwards.
    fn block(&mut self, block: &'a Block, context: Context<'a>) -> Result<(), InvalidProgram> {
        let outer = self.scope.mark();
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
        self.scope.hide(outer);
        Ok(())
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
            self.scope.use_as(value, self.scope.known(target)?)?;
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
                self.scope
                    .use_as(*condition, Type::Bool)
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
                self.scope
                    .define_all(results)
                    .map_err(|problem| located.at(problem))
            }
            InstKind::Loop {
                params,
                body,
                results,
            } => {
                let outer = self.scope.mark();
                self.enter_loop(params)
                    .map_err(|problem| located.at(problem))?;
                let inner = Context {
                    kind: BlockKind::LoopBody,
                    results: &[],
                    enclosing: Some(Enclosing { params, results }),
                    ..descend(context)?
                };
                self.block(body, inner)?;
                self.scope.hide(outer);
                self.scope
                    .define_all(results)
                    .map_err(|problem| located.at(problem))
            }
            simple => self.simple(simple).map_err(|problem| located.at(problem)),
        }
    }

    fn enter_loop(&mut self, params: &[LoopParam]) -> Checked {
        for LoopParam { param, initial } in params {
            self.scope.use_as(*initial, self.scope.known(*param)?)?;
        }
        for LoopParam { param, .. } in params {
            self.scope.define(*param)?;
        }
        Ok(())
    }

    /// Checks an instruction without blocks.
    fn simple(&mut self, kind: &InstKind) -> Checked {
        match *kind {
            InstKind::Const { result, bits } => {
                if self.scope.define(result)? == Type::Bool && bits > 1 {
                    return Err(InvalidCode::BoolBits { bits });
                }
            }
            InstKind::Builtin { result, .. } => self.scope.define_as(result, Type::U32)?,
            InstKind::Binary {
                result,
                op,
                lhs,
                rhs,
            } => {
                let (lhs, rhs) = (self.scope.used(lhs)?, self.scope.used(rhs)?);
                let ty = op
                    .result_type(lhs, rhs)
                    .ok_or(InvalidCode::Operands { op, lhs, rhs })?;
                self.scope.define_as(result, ty)?;
            }
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => {
                self.scope.use_as(condition, Type::Bool)?;
                let ty = self.scope.used(accept)?;
                self.scope.use_as(reject, ty)?;
                self.scope.define_as(result, ty)?;
            }
            InstKind::Cast { result, operand } => {
                self.scope.used(operand)?;
                self.scope.define(result)?;
            }
            InstKind::Load {
                result,
                memory,
                index,
            } => {
                self.memory(memory)?;
                self.loaded_word(result, index)?;
            }
            InstKind::Store {
                memory,
                index,
                value,
            } => {
                if !self.memory(memory)?.is_writable() {
                    return Err(InvalidCode::NotWritable { memory });
                }
                self.written_word(index, value)?;
            }
            InstKind::Atomic {
                memory,
                index,
                value,
                ..
            } => {
                if !self.memory(memory)?.is_common() {
                    return Err(InvalidCode::NotCommon { memory });
                }
                self.written_word(index, value)?;
            }
            InstKind::UniformLoad {
                result,
                memory,
                index,
            } => {
                if !matches!(self.memory(memory)?.space, Space::Shared { .. }) {
                    return Err(InvalidCode::NotShared { memory });
                }
                self.loaded_word(result, index)?;
            }
            InstKind::ArrayLength { result, memory } => {
                if !self.memory(memory)?.is_buffer() {
                    return Err(InvalidCode::NotBuffer { memory });
                }
                self.scope.define_as(result, Type::U32)?;
            }
            InstKind::Barrier { .. }
            | InstKind::Meter { .. }
            | InstKind::If { .. }
            | InstKind::Loop { .. } => {}
        }
        Ok(())
    }

    /// Checks the operands of what writes to memory.
    fn written_word(&self, index: Value, value: Value) -> Checked {
        self.scope.use_as(index, Type::U32)?;
        if !self.scope.used(value)?.is_word() {
            return Err(InvalidCode::NotWord { value });
        }
        Ok(())
    }

    /// Checks what reads from memory.
    fn loaded_word(&mut self, result: Value, index: Value) -> Checked {
        self.scope.use_as(index, Type::U32)?;
        if !self.scope.define(result)?.is_word() {
            return Err(InvalidCode::NotWord { value: result });
        }
        Ok(())
    }

    fn memory(&self, memory: MemoryId) -> Checked<&Memory> {
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
