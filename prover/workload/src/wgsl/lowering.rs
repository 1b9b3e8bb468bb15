//! The state of lowering one entry point, and the instructions and values it emits.

use std::collections::HashMap;
use std::rc::Rc;

use naga::valid::{FunctionInfo, ModuleInfo};
use naga::{Expression, Function, GlobalVariable, Handle, Module};

use crate::interpreter::evaluate_binary;
use crate::ir::{
    BinaryOp, Builtin, Inst, InstKind, Memory, MemoryId, Program, Space, Span, Type, Value,
    Workload,
};

use super::environment::{Environment, Slot};
use super::facts::{Facts, FunctionFacts};
use super::limits::{FrontEndLimits, Limit};
use super::loops::LoopFrame;
use super::module::span_of;
use super::operand::{Composite, Operand, Place, Term};
use super::refusal::Refusal;
use super::shape::Shape;
use super::switch::SwitchFrame;

/// The lowering of one entry point.
pub(super) struct Lowering<'m> {
    pub(super) module: &'m Module,
    pub(super) info: &'m ModuleInfo,
    pub(super) limits: &'m FrontEndLimits,
    /// Interface and values; the body is put in at the end.
    pub(super) program: Program,
    /// Instructions of the block being lowered.
    pub(super) insts: Vec<Inst>,
    /// Dispatch values, which stand before everything else.
    pub(super) prologue: Vec<Inst>,
    pub(super) environment: Environment,
    /// The function being lowered and its callers, outermost first.
    pub(super) frames: Vec<Frame<'m>>,
    /// Loops around the present point, those of callers too.
    pub(super) loop_depth: usize,
    /// Blocks around the present point.
    pub(super) block_depth: usize,
    pub(super) globals: HashMap<Handle<GlobalVariable>, Place>,
    pub(super) facts: Facts,
    pub(super) shapes: HashMap<Handle<naga::Type>, Shape>,
    pub(super) constants: HashMap<Handle<naga::Constant>, Composite>,
    pub(super) tables: HashMap<Vec<u32>, MemoryId>,
    builtins: HashMap<Builtin, Value>,
    pub(super) used: Used,
}

/// What was spent of the limits.
#[derive(Debug, Default)]
pub(super) struct Used {
    pub(super) operations: usize,
    pub(super) loops: usize,
    pub(super) private_words: usize,
    pub(super) constant_words: usize,
    pub(super) shared_words: usize,
}

/// One activation of a function.
pub(super) struct Frame<'m> {
    pub(super) function: &'m Function,
    pub(super) info: &'m FunctionInfo,
    pub(super) facts: Rc<FunctionFacts>,
    pub(super) arguments: Vec<Operand>,
    /// Local variables by index.
    pub(super) locals: Vec<Place>,
    /// Expressions evaluated so far.
    pub(super) operands: HashMap<Handle<Expression>, Operand>,
    /// Loops of this function around the present point, outermost first.
    pub(super) loops: Vec<LoopFrame<'m>>,
    /// `switch` statements of this function around the present point, outermost first.
    pub(super) switches: Vec<SwitchFrame>,
    /// Whether the function has returned, where control flow joins paths that have and have not.
    pub(super) returned: Slot,
    /// The function's result.
    pub(super) result: Option<Place>,
}

impl<'m> Lowering<'m> {
    pub(super) fn new(
        module: &'m Module,
        info: &'m ModuleInfo,
        limits: &'m FrontEndLimits,
        entry: usize,
        program: Program,
    ) -> Self {
        Self {
            module,
            info,
            limits,
            program,
            insts: Vec::new(),
            prologue: Vec::new(),
            environment: Environment::default(),
            frames: Vec::new(),
            loop_depth: 0,
            block_depth: 0,
            globals: HashMap::new(),
            facts: Facts::of(module, info, entry),
            shapes: HashMap::new(),
            constants: HashMap::new(),
            tables: HashMap::new(),
            builtins: HashMap::new(),
            used: Used::default(),
        }
    }

    /// The function being lowered.
    pub(super) fn frame(&self) -> &Frame<'m> {
        self.frames.last().expect("a function is being lowered")
    }

    /// The function being lowered.
    pub(super) fn frame_mut(&mut self) -> &mut Frame<'m> {
        self.frames.last_mut().expect("a function is being lowered")
    }

    /// The place of an expression of the present function.
    pub(super) fn span(&self, expression: Handle<Expression>) -> Span {
        span_of(self.frame().function.expressions.get_span(expression))
    }

    /// Counts operations against the limit.
    pub(super) fn charge(&mut self, operations: usize, span: Span) -> Result<(), Refusal> {
        self.used.operations += operations;
        over(
            Limit::Operations,
            self.used.operations,
            self.limits.operations,
            span,
        )
    }

    /// Emits an instruction.
    pub(super) fn push(&mut self, kind: InstKind, span: Span) {
        self.insts.push(Inst { kind, span });
    }

    /// A term as a value that the present block can use.
    pub(super) fn value(&mut self, term: Term, span: Span) -> Value {
        match term {
            Term::Value { value, .. } => value,
            Term::Const { ty, bits } => {
                let result = self.program.new_value(ty);
                self.push(InstKind::Const { result, bits }, span);
                result
            }
        }
    }

    /// Emits a two-operand operation, unless its result is a constant.
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        lhs: Term,
        rhs: Term,
        span: Span,
    ) -> Result<Term, Refusal> {
        let ty = op.result_type(lhs.ty(), rhs.ty()).ok_or_else(|| {
            Refusal::internal(
                format!("{} of {} and {}", op.name(), lhs.ty(), rhs.ty()),
                span,
            )
        })?;
        if let (Some(lhs_bits), Some(rhs_bits)) = (lhs.constant(), rhs.constant()) {
            let bits = evaluate_binary(op, lhs.ty(), lhs_bits, rhs_bits);
            return Ok(Term::Const { ty, bits });
        }
        let (lhs, rhs) = (self.value(lhs, span), self.value(rhs, span));
        let result = self.program.new_value(ty);
        self.push(
            InstKind::Binary {
                result,
                op,
                lhs,
                rhs,
            },
            span,
        );
        Ok(Term::Value { ty, value: result })
    }

    /// Converts a term to a type.
    pub(super) fn cast(&mut self, term: Term, ty: Type, span: Span) -> Term {
        match term {
            term if term.ty() == ty => term,
            Term::Const { bits, .. } => Term::Const {
                ty,
                bits: if ty == Type::Bool {
                    u32::from(bits != 0)
                } else {
                    bits
                },
            },
            Term::Value { value, .. } => {
                let result = self.program.new_value(ty);
                self.push(
                    InstKind::Cast {
                        result,
                        operand: value,
                    },
                    span,
                );
                Term::Value { ty, value: result }
            }
        }
    }

    /// `accept` where the condition holds, else `reject`.
    pub(super) fn select(
        &mut self,
        condition: Term,
        accept: Term,
        reject: Term,
        span: Span,
    ) -> Term {
        match condition.constant() {
            Some(0) => reject,
            Some(_) => accept,
            None if accept == reject => accept,
            None => {
                let ty = accept.ty();
                let condition = self.value(condition, span);
                let (accept, reject) = (self.value(accept, span), self.value(reject, span));
                let result = self.program.new_value(ty);
                self.push(
                    InstKind::Select {
                        result,
                        condition,
                        accept,
                        reject,
                    },
                    span,
                );
                Term::Value { ty, value: result }
            }
        }
    }

    /// Logical negation.
    pub(super) fn not(&mut self, term: Term, span: Span) -> Result<Term, Refusal> {
        match term.constant() {
            Some(bits) => Ok(Term::truth(bits == 0)),
            None => self.binary(BinaryOp::Xor, term, Term::truth(true), span),
        }
    }

    /// A value of the dispatch.
    pub(super) fn builtin(&mut self, builtin: Builtin) -> Term {
        let ty = Type::U32;
        let value = match self.builtins.get(&builtin) {
            Some(&value) => value,
            None => {
                let result = self.program.new_value(ty);
                self.builtins.insert(builtin, result);
                self.prologue.push(Inst {
                    kind: InstKind::Builtin { result, builtin },
                    span: Span::default(),
                });
                result
            }
        };
        Term::Value { ty, value }
    }

    /// Adds a memory.
    pub(super) fn new_memory(
        &mut self,
        name: &str,
        space: Space,
        span: Span,
    ) -> Result<MemoryId, Refusal> {
        let count = self.program.memories.len();
        over(Limit::Memories, count + 1, Workload::MAX_MEMORIES, span)?;
        let id = MemoryId(u32::try_from(count).expect("at most MAX_MEMORIES"));
        let name = name.to_owned();
        self.program.memories.push(Memory { name, space });
        Ok(id)
    }

    /// Adds a memory that is not a buffer, under a name like `name` that no memory has.
    pub(super) fn new_inner_memory(
        &mut self,
        name: &str,
        space: Space,
        span: Span,
    ) -> Result<MemoryId, Refusal> {
        let mut base: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .take(MAX_INNER_NAME)
            .collect();
        if !base.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            base.insert(0, '_');
        }
        let taken = |name: &str| {
            self.program
                .memories
                .iter()
                .any(|memory| memory.name == name)
        };
        let name = (1..)
            .map(|n| {
                if n == 1 {
                    base.clone()
                } else {
                    format!("{base}_{n}")
                }
            })
            .find(|name| !taken(name))
            .expect("finitely many memories");
        self.new_memory(&name, space, span)
    }
}

/// Characters kept of the name of a local or constant array.
const MAX_INNER_NAME: usize = 64;

/// Refuses more than the limit.
pub(super) fn over(limit: Limit, got: usize, allowed: usize, span: Span) -> Result<(), Refusal> {
    if got > allowed {
        return Err(Refusal::OverLimit {
            limit,
            allowed,
            span,
        });
    }
    Ok(())
}
