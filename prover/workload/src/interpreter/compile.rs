//! Workload tree to flat code.

use super::code::{Array, Barriers, Code, Op, Operands, Register};
use super::moves::sequence;
use crate::ir::{
    AtomicOp, BarrierScope, BinaryOp, Block, Builtin, Inst, InstKind, LoopParam, MemoryId, Program,
    Space, Span, Terminator, Type, Value, carried,
};
use crate::job::{Invocation, Job};

/// Compiles a job's workload for its dispatch and its buffer lengths.
pub(super) fn compile(job: &Job) -> Code {
    let program = job.workload().program();
    let mut tables = Vec::new();
    let mut outputs = Vec::new();
    let mut shareds = Vec::new();
    let mut privates = Vec::new();
    let mut homes = Vec::new();
    for (id, memory) in program.memories() {
        homes.push(match memory.space {
            Space::Input { .. } | Space::Constant { .. } => Home::Table(list(&mut tables, id)),
            Space::Output { .. } => Home::Output(list(&mut outputs, id)),
            Space::Shared { words } => Home::Shared(lay(&mut shareds, id, words)),
            Space::Private { words } => Home::Private(lay(&mut privates, id, words)),
        });
    }
    let mut lengths = vec![0; program.memories.len()];
    for ((id, _), words) in job.buffer_memories().zip(job.buffers()) {
        // The dispatch and memory limits do not keep a buffer below 2^32 words; no index reaches past it.
        lengths[id.0 as usize] = u32::try_from(words.len()).unwrap_or(u32::MAX);
    }
    let mut compiler = Compiler {
        program,
        job,
        homes,
        lengths,
        loops: Vec::new(),
        code: Code {
            ops: Vec::new(),
            spans: Vec::new(),
            registers: vec![0; program.values.len() + 1],
            builtins: Vec::new(),
            tables,
            outputs,
            shareds,
            privates,
            barriers: Barriers::default(),
            carried: Vec::new(),
        },
    };
    compiler.block(&program.body, &[], Span::default());
    compiler.emit(Op::Return, Span::default());
    let mut code = compiler.code;
    if code.barriers.any() {
        let values = carried::across_barriers(program).into_iter();
        code.carried = values.map(|value| value.0).collect();
        // These are written once, at the start of the invocation, wherever they stand.
        let builtins = code.builtins.iter().map(|&(register, _)| register);
        code.carried.extend(builtins);
    }
    code
}

/// Adds to a list; gives the place in it.
fn list(list: &mut Vec<MemoryId>, id: MemoryId) -> u32 {
    list.push(id);
    list.len() as u32 - 1
}

/// Adds an array behind others; gives its place in the list. The words of all fit: a workload is limited.
fn lay(arrays: &mut Vec<Array>, memory: MemoryId, words: u32) -> u32 {
    let start = Array::total(arrays) as u32;
    arrays.push(Array {
        memory,
        words,
        start,
    });
    arrays.len() as u32 - 1
}

/// Where a memory went.
#[derive(Clone, Copy)]
enum Home {
    Table(u32),
    Output(u32),
    Shared(u32),
    Private(u32),
}

/// A loop being compiled.
struct Enclosing<'a> {
    head: u32,
    params: &'a [LoopParam],
    results: &'a [Value],
    /// Jumps to patch with the place after the loop.
    exits: Vec<usize>,
}

struct Compiler<'a> {
    program: &'a Program,
    job: &'a Job,
    homes: Vec<Home>,
    /// Words of each buffer memory.
    lengths: Vec<u32>,
    loops: Vec<Enclosing<'a>>,
    code: Code,
}

impl<'a> Compiler<'a> {
    fn emit(&mut self, op: Op, span: Span) -> usize {
        self.code.ops.push(op);
        self.code.spans.push(span);
        self.code.ops.len() - 1
    }

    /// The place of the next operation.
    fn here(&self) -> u32 {
        self.code.ops.len() as u32
    }

    /// Makes a jump go to the next operation.
    fn land(&mut self, jump: usize) {
        let here = self.here();
        match &mut self.code.ops[jump] {
            Op::Jump { target } | Op::JumpUnless { target, .. } => *target = here,
            other => unreachable!("{other:?} does not jump"),
        }
    }

    fn preset(&mut self, register: Value, value: u32) {
        self.code.registers[register.0 as usize] = value;
    }

    fn moves(&mut self, to: impl Iterator<Item = Value>, from: &[Value], span: Span) {
        // One register past those of the values.
        let scratch = self.program.values.len() as Register;
        let moves = to.zip(from).map(|(to, from)| (to.0, from.0));
        for (to, from) in sequence(moves, scratch) {
            self.emit(Op::Move { to, from }, span);
        }
    }

    /// Compiles a block. A `yield` sets `results` and falls off the block's end.
    fn block(&mut self, block: &'a Block, results: &[Value], span: Span) {
        for inst in &block.insts {
            self.inst(inst);
        }
        match &block.end {
            Terminator::Yield(values) => self.moves(results.iter().copied(), values, span),
            Terminator::Break(values) => {
                let results = self.innermost().results;
                self.moves(results.iter().copied(), values, span);
                let jump = self.emit(Op::Jump { target: 0 }, span);
                self.innermost().exits.push(jump);
            }
            Terminator::Continue(values) => {
                let Enclosing { head, params, .. } = *self.innermost();
                self.moves(params.iter().map(|param| param.param), values, span);
                self.emit(Op::Jump { target: head }, span);
            }
            Terminator::Unreachable => {}
        }
    }

    fn innermost(&mut self) -> &mut Enclosing<'a> {
        self.loops
            .last_mut()
            .expect("a checked `break` or `continue` is inside a loop")
    }

    fn inst(&mut self, inst: &'a Inst) {
        let span = inst.span;
        match &inst.kind {
            InstKind::Const { result, bits } => self.preset(*result, *bits),
            InstKind::Builtin { result, builtin } => match builtin {
                Builtin::NumWorkgroups(_) => {
                    let value = self.job.dispatch().builtin(Invocation(0), *builtin);
                    self.preset(*result, value);
                }
                _ => self.code.builtins.push((result.0, *builtin)),
            },
            InstKind::Binary {
                result,
                op,
                lhs,
                rhs,
            } => {
                let operands = Operands {
                    to: result.0,
                    lhs: lhs.0,
                    rhs: rhs.0,
                };
                let signed = self.program.type_of(*lhs) == Type::I32;
                self.emit(binary(*op, signed)(operands), span);
            }
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => {
                let op = Op::Select {
                    to: result.0,
                    condition: condition.0,
                    accept: accept.0,
                    reject: reject.0,
                };
                self.emit(op, span);
            }
            InstKind::Cast { result, operand } => {
                let (to, from) = (result.0, operand.0);
                let op = match self.program.type_of(*result) {
                    Type::Bool => Op::Test { to, from },
                    Type::U32 | Type::I32 => Op::Move { to, from },
                };
                self.emit(op, span);
            }
            InstKind::Load {
                result,
                memory,
                index,
            } => self.load(*result, *memory, *index, span),
            InstKind::Store {
                memory,
                index,
                value,
            } => self.store(*memory, *index, *value, span),
            InstKind::Atomic {
                op,
                memory,
                index,
                value,
            } => self.atomic(*op, *memory, *index, *value, span),
            InstKind::Barrier { scope } => self.barrier(*scope, span),
            InstKind::UniformLoad {
                result,
                memory,
                index,
            } => {
                self.barrier(BarrierScope::Workgroup, span);
                self.load(*result, *memory, *index, span);
                self.barrier(BarrierScope::Workgroup, span);
            }
            InstKind::ArrayLength { result, memory } => {
                self.preset(*result, self.lengths[memory.0 as usize]);
            }
            InstKind::If {
                condition,
                then,
                otherwise,
                results,
            } => self.branch(*condition, then, otherwise, results, span),
            InstKind::Loop {
                params,
                body,
                results,
            } => self.repeat(params, body, results, span),
            InstKind::Meter { steps } => {
                self.emit(Op::Meter { steps: *steps }, span);
            }
        }
    }

    fn load(&mut self, result: Value, memory: MemoryId, index: Value, span: Span) {
        let (to, index) = (result.0, index.0);
        let op = match self.homes[memory.0 as usize] {
            Home::Table(table) => Op::LoadTable { to, table, index },
            Home::Output(output) => Op::LoadOutput { to, output, index },
            Home::Shared(array) => Op::LoadShared { to, array, index },
            Home::Private(array) => Op::LoadPrivate { to, array, index },
        };
        self.emit(op, span);
    }

    fn store(&mut self, memory: MemoryId, index: Value, value: Value, span: Span) {
        let (index, value) = (index.0, value.0);
        let op = match self.homes[memory.0 as usize] {
            Home::Output(output) => Op::StoreOutput {
                output,
                index,
                value,
            },
            Home::Shared(array) => Op::StoreShared {
                array,
                index,
                value,
            },
            Home::Private(array) => Op::StorePrivate {
                array,
                index,
                value,
            },
            Home::Table(_) => unreachable!("a checked store goes to writable memory"),
        };
        self.emit(op, span);
    }

    fn atomic(&mut self, op: AtomicOp, memory: MemoryId, index: Value, value: Value, span: Span) {
        let family = op.family(self.program.type_of(value));
        let (index, value) = (index.0, value.0);
        let op = match self.homes[memory.0 as usize] {
            Home::Output(output) => Op::AtomicOutput {
                family,
                output: output as u8,
                index,
                value,
            },
            Home::Shared(array) => Op::AtomicShared {
                family,
                array: array as u8,
                index,
                value,
            },
            Home::Table(_) | Home::Private(_) => {
                unreachable!("a checked atomic goes to memory that invocations share")
            }
        };
        self.emit(op, span);
    }

    fn barrier(&mut self, scope: BarrierScope, span: Span) {
        match scope {
            BarrierScope::Workgroup => self.code.barriers.workgroup = true,
            BarrierScope::Storage => self.code.barriers.storage = true,
        }
        self.emit(Op::Barrier { scope }, span);
    }

    fn branch(
        &mut self,
        condition: Value,
        then: &'a Block,
        otherwise: &'a Block,
        results: &[Value],
        span: Span,
    ) {
        let condition = condition.0;
        let to_otherwise = self.emit(
            Op::JumpUnless {
                condition,
                target: 0,
            },
            span,
        );
        self.block(then, results, span);
        let falls_through = matches!(then.end, Terminator::Yield(_));
        let nothing_to_skip = otherwise.insts.is_empty()
            && results.is_empty()
            && matches!(otherwise.end, Terminator::Yield(_));
        let to_end =
            (falls_through && !nothing_to_skip).then(|| self.emit(Op::Jump { target: 0 }, span));
        self.land(to_otherwise);
        self.block(otherwise, results, span);
        if let Some(jump) = to_end {
            self.land(jump);
        }
    }

    fn repeat(
        &mut self,
        params: &'a [LoopParam],
        body: &'a Block,
        results: &'a [Value],
        span: Span,
    ) {
        let initial: Vec<Value> = params.iter().map(|param| param.initial).collect();
        self.moves(params.iter().map(|param| param.param), &initial, span);
        let head = self.emit(Op::Step { work: 0 }, span);
        self.loops.push(Enclosing {
            head: head as u32,
            params,
            results,
            exits: Vec::new(),
        });
        self.block(body, &[], span);
        let work = self.here() - head as u32;
        self.code.ops[head] = Op::Step { work };
        let exits = self.loops.pop().map(|done| done.exits).unwrap_or_default();
        exits.into_iter().for_each(|jump| self.land(jump));
    }
}

/// The form of an operation for operands of a signedness.
fn binary(op: BinaryOp, signed: bool) -> fn(Operands) -> Op {
    match op {
        BinaryOp::Add => Op::Add,
        BinaryOp::Sub => Op::Sub,
        BinaryOp::Mul => Op::Mul,
        BinaryOp::Div if signed => Op::DivI,
        BinaryOp::Div => Op::DivU,
        BinaryOp::Rem if signed => Op::RemI,
        BinaryOp::Rem => Op::RemU,
        BinaryOp::And => Op::And,
        BinaryOp::Or => Op::Or,
        BinaryOp::Xor => Op::Xor,
        BinaryOp::Shl => Op::Shl,
        BinaryOp::Shr if signed => Op::ShrI,
        BinaryOp::Shr => Op::ShrU,
        BinaryOp::Eq => Op::Eq,
        BinaryOp::Ne => Op::Ne,
        BinaryOp::Lt if signed => Op::LtI,
        BinaryOp::Lt => Op::LtU,
        BinaryOp::Le if signed => Op::LeI,
        BinaryOp::Le => Op::LeU,
        BinaryOp::Min if signed => Op::MinI,
        BinaryOp::Min => Op::MinU,
        BinaryOp::Max if signed => Op::MaxI,
        BinaryOp::Max => Op::MaxU,
    }
}
