//! Executes compiled code for one invocation at a time.

use super::arithmetic::evaluate_binary;
use super::code::{Array, Code, Op, Operands};
use super::memory::{Common, CommonMemory, Fault, Origin, Word};
use super::progress::Progress;
use crate::ir::{BarrierScope, BinaryOp, MemoryId, Space, Type};
use crate::job::{Access, Invocation, Job, Trap};

/// Operations between two looks at the clock.
const WORK_PER_CHECK: u64 = 1 << 20;

/// Why an invocation did not run to its end.
#[derive(Debug)]
pub(super) enum Stop {
    Trap(Trap),
    Conflict,
    /// Time is up, or the result is known already.
    Interrupted,
}

/// How far an invocation has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Point {
    /// Its next operation.
    pub(super) at: usize,
    pub(super) steps: u32,
}

/// Where an invocation stopped for good or for now.
#[derive(Clone, Copy, Debug)]
pub(super) enum Halt {
    End { steps: u32 },
    Barrier { scope: BarrierScope, next: Point },
}

/// Registers and private memory, used for one invocation after the other.
pub(super) struct Machine<'a> {
    pub(super) job: &'a Job,
    pub(super) code: &'a Code,
    progress: &'a Progress,
    /// Words of each of [`Code::tables`].
    tables: Vec<&'a [u32]>,
    pub(super) registers: Vec<u32>,
    /// The private words of each invocation that may be under way, one behind the other.
    privates: Vec<u32>,
    /// Private words of an invocation.
    private_words: usize,
    /// What the invocations of a workgroup that waits at a barrier had in their registers; see `group`.
    pub(super) waiting: Vec<u32>,
    /// Operations since the last look at the clock, about.
    work: u64,
    /// Operations of an invocation without its loops, and what it clears.
    base_work: u64,
}

impl<'a> Machine<'a> {
    pub(super) fn new(job: &'a Job, code: &'a Code, progress: &'a Progress) -> Self {
        let tables = code.tables.iter().map(|&id| table(job, id)).collect();
        let under_way = Self::under_way(job, code);
        let private_words = Array::total(&code.privates);
        Self {
            job,
            code,
            progress,
            tables,
            registers: code.registers.clone(),
            base_work: (code.ops.len() + private_words) as u64,
            privates: vec![0; private_words * under_way],
            private_words,
            waiting: vec![0; Self::kept_words(code) * under_way],
            work: 0,
        }
    }

    /// Invocations that have begun and not ended at the same time.
    fn under_way(job: &Job, code: &Code) -> usize {
        if code.barriers.any() {
            job.dispatch().group_invocations() as usize
        } else {
            1
        }
    }

    /// Bytes of a machine that grow with its workgroup.
    pub(super) fn group_bytes(job: &Job, code: &Code) -> usize {
        let words = Array::total(&code.privates) + Self::kept_words(code);
        4 * words * Self::under_way(job, code)
    }

    /// Runs an invocation from its beginning; `slot` numbers those that are under way.
    pub(super) fn start(
        &mut self,
        invocation: Invocation,
        slot: usize,
        memory: &mut impl CommonMemory,
    ) -> Result<Halt, Stop> {
        self.begin(invocation, slot)?;
        self.go_on(invocation, slot, Point::default(), memory)
    }

    /// Runs an invocation from a point, for which its registers are as they were.
    pub(super) fn go_on(
        &mut self,
        invocation: Invocation,
        slot: usize,
        from: Point,
        memory: &mut impl CommonMemory,
    ) -> Result<Halt, Stop> {
        let code = self.code;
        let limit = self.job.limits().steps;
        let private_base = slot * self.private_words;
        let Point { mut at, mut steps } = from;
        loop {
            let op = code.ops[at];
            let r = self.registers.as_mut_slice();
            match op {
                Op::Add(o) => binary(r, o, BinaryOp::Add, Type::U32),
                Op::Sub(o) => binary(r, o, BinaryOp::Sub, Type::U32),
                Op::Mul(o) => binary(r, o, BinaryOp::Mul, Type::U32),
                Op::DivU(o) => binary(r, o, BinaryOp::Div, Type::U32),
                Op::DivI(o) => binary(r, o, BinaryOp::Div, Type::I32),
                Op::RemU(o) => binary(r, o, BinaryOp::Rem, Type::U32),
                Op::RemI(o) => binary(r, o, BinaryOp::Rem, Type::I32),
                Op::And(o) => binary(r, o, BinaryOp::And, Type::U32),
                Op::Or(o) => binary(r, o, BinaryOp::Or, Type::U32),
                Op::Xor(o) => binary(r, o, BinaryOp::Xor, Type::U32),
                Op::Shl(o) => binary(r, o, BinaryOp::Shl, Type::U32),
                Op::ShrU(o) => binary(r, o, BinaryOp::Shr, Type::U32),
                Op::ShrI(o) => binary(r, o, BinaryOp::Shr, Type::I32),
                Op::Eq(o) => binary(r, o, BinaryOp::Eq, Type::U32),
                Op::Ne(o) => binary(r, o, BinaryOp::Ne, Type::U32),
                Op::LtU(o) => binary(r, o, BinaryOp::Lt, Type::U32),
                Op::LtI(o) => binary(r, o, BinaryOp::Lt, Type::I32),
                Op::LeU(o) => binary(r, o, BinaryOp::Le, Type::U32),
                Op::LeI(o) => binary(r, o, BinaryOp::Le, Type::I32),
                Op::MinU(o) => binary(r, o, BinaryOp::Min, Type::U32),
                Op::MinI(o) => binary(r, o, BinaryOp::Min, Type::I32),
                Op::MaxU(o) => binary(r, o, BinaryOp::Max, Type::U32),
                Op::MaxI(o) => binary(r, o, BinaryOp::Max, Type::I32),
                Op::Select {
                    to,
                    condition,
                    accept,
                    reject,
                } => {
                    let taken = if r[condition as usize] != 0 {
                        accept
                    } else {
                        reject
                    };
                    r[to as usize] = r[taken as usize];
                }
                Op::Test { to, from } => r[to as usize] = u32::from(r[from as usize] != 0),
                Op::Move { to, from } => r[to as usize] = r[from as usize],
                Op::LoadTable { to, table, index } => {
                    let index = r[index as usize];
                    match self.tables[table as usize].get(index as usize) {
                        Some(&word) => r[to as usize] = word,
                        None => return Err(self.out_of_bounds(at, index, invocation)),
                    }
                }
                Op::LoadOutput { to, output, index } => {
                    let word = Word::new(Common::Output, output, r[index as usize]);
                    match memory.load(word, Origin { invocation, op: at }) {
                        Ok(value) => r[to as usize] = value,
                        Err(fault) => return Err(self.fault(fault, at, word.index, invocation)),
                    }
                }
                Op::StoreOutput {
                    output,
                    index,
                    value,
                } => {
                    let word = Word::new(Common::Output, output, r[index as usize]);
                    let value = r[value as usize];
                    if let Err(fault) = memory.store(word, value, Origin { invocation, op: at }) {
                        return Err(self.fault(fault, at, word.index, invocation));
                    }
                }
                Op::AtomicOutput {
                    family,
                    output,
                    index,
                    value,
                } => {
                    let word = Word::new(Common::Output, u32::from(output), r[index as usize]);
                    let value = r[value as usize];
                    let origin = Origin { invocation, op: at };
                    if let Err(fault) = memory.update(word, family, value, origin) {
                        return Err(self.fault(fault, at, word.index, invocation));
                    }
                }
                Op::LoadShared { to, array, index } => {
                    let word = Word::new(Common::Shared, array, r[index as usize]);
                    match memory.load(word, Origin { invocation, op: at }) {
                        Ok(value) => r[to as usize] = value,
                        Err(fault) => return Err(self.fault(fault, at, word.index, invocation)),
                    }
                }
                Op::StoreShared {
                    array,
                    index,
                    value,
                } => {
                    let word = Word::new(Common::Shared, array, r[index as usize]);
                    let value = r[value as usize];
                    if let Err(fault) = memory.store(word, value, Origin { invocation, op: at }) {
                        return Err(self.fault(fault, at, word.index, invocation));
                    }
                }
                Op::AtomicShared {
                    family,
                    array,
                    index,
                    value,
                } => {
                    let word = Word::new(Common::Shared, u32::from(array), r[index as usize]);
                    let value = r[value as usize];
                    let origin = Origin { invocation, op: at };
                    if let Err(fault) = memory.update(word, family, value, origin) {
                        return Err(self.fault(fault, at, word.index, invocation));
                    }
                }
                Op::LoadPrivate { to, array, index } => {
                    let index = r[index as usize];
                    let range = code.privates[array as usize].range(private_base);
                    match self.privates[range].get(index as usize) {
                        Some(&word) => r[to as usize] = word,
                        None => return Err(self.out_of_bounds(at, index, invocation)),
                    }
                }
                Op::StorePrivate {
                    array,
                    index,
                    value,
                } => {
                    let (index, value) = (r[index as usize], r[value as usize]);
                    let range = code.privates[array as usize].range(private_base);
                    match self.privates[range].get_mut(index as usize) {
                        Some(word) => *word = value,
                        None => return Err(self.out_of_bounds(at, index, invocation)),
                    }
                }
                Op::Jump { target } => {
                    at = target as usize;
                    continue;
                }
                Op::JumpUnless { condition, target } => {
                    if r[condition as usize] == 0 {
                        at = target as usize;
                        continue;
                    }
                }
                Op::Step { work } => {
                    if steps >= limit {
                        return Err(self.out_of_steps(at, invocation));
                    }
                    steps += 1;
                    self.account(u64::from(work), invocation)?;
                }
                Op::Meter { steps: more } => match steps.checked_add(more) {
                    Some(sum) if sum <= limit => steps = sum,
                    _ => return Err(self.out_of_steps(at, invocation)),
                },
                Op::Barrier { scope } => {
                    let next = Point { at: at + 1, steps };
                    return Ok(Halt::Barrier { scope, next });
                }
                Op::Return => return Ok(Halt::End { steps }),
            }
            at += 1;
        }
    }

    fn begin(&mut self, invocation: Invocation, slot: usize) -> Result<(), Stop> {
        let start = slot * self.private_words;
        self.privates[start..start + self.private_words].fill(0);
        for &(register, builtin) in &self.code.builtins {
            self.registers[register as usize] = self.job.dispatch().builtin(invocation, builtin);
        }
        self.account(self.base_work, invocation)
    }

    /// Counts work and looks at the clock now and then.
    #[inline]
    pub(super) fn account(&mut self, work: u64, invocation: Invocation) -> Result<(), Stop> {
        self.work += work;
        if self.work >= WORK_PER_CHECK {
            self.work = 0;
            if self.progress.check(invocation).is_break() {
                return Err(Stop::Interrupted);
            }
        }
        Ok(())
    }

    #[cold]
    fn fault(&self, fault: Fault, at: usize, index: u32, invocation: Invocation) -> Stop {
        match fault {
            Fault::OutOfBounds => self.out_of_bounds(at, index, invocation),
            Fault::Conflict => Stop::Conflict,
        }
    }

    #[cold]
    fn out_of_bounds(&self, at: usize, index: u32, invocation: Invocation) -> Stop {
        let (memory, access) = match self.code.ops[at] {
            Op::LoadTable { table, .. } => (self.code.tables[table as usize], Access::Read),
            Op::LoadOutput { output, .. } => (self.code.outputs[output as usize], Access::Read),
            Op::StoreOutput { output, .. } => (self.code.outputs[output as usize], Access::Write),
            Op::AtomicOutput { output, .. } => {
                (self.code.outputs[usize::from(output)], Access::Update)
            }
            Op::LoadShared { array, .. } => {
                (self.code.shareds[array as usize].memory, Access::Read)
            }
            Op::StoreShared { array, .. } => {
                (self.code.shareds[array as usize].memory, Access::Write)
            }
            Op::AtomicShared { array, .. } => {
                (self.code.shareds[usize::from(array)].memory, Access::Update)
            }
            Op::LoadPrivate { array, .. } => {
                (self.code.privates[array as usize].memory, Access::Read)
            }
            Op::StorePrivate { array, .. } => {
                (self.code.privates[array as usize].memory, Access::Write)
            }
            op => unreachable!("{op:?} accesses no memory"),
        };
        let definition = self.job.workload().program().memory(memory);
        let length = match &definition.space {
            Space::Shared { words } | Space::Private { words } => *words as usize,
            _ => table(self.job, memory).len(),
        };
        Stop::Trap(Trap::OutOfBounds {
            span: self.code.spans[at],
            invocation,
            access,
            memory: definition.name.clone(),
            index,
            // The index is past it, so it fits.
            length: length as u32,
        })
    }

    #[cold]
    fn out_of_steps(&self, at: usize, invocation: Invocation) -> Stop {
        Stop::Trap(Trap::OutOfSteps {
            span: self.code.spans[at],
            invocation,
            limit: self.job.limits().steps,
        })
    }
}

/// The initial words of a buffer or the words of a constant table.
pub(super) fn table(job: &Job, memory: MemoryId) -> &[u32] {
    if let Space::Constant { words } = &job.workload().program().memory(memory).space {
        return words;
    }
    let mut buffers = job.buffer_memories().zip(job.buffers());
    buffers
        .find(|((id, _), _)| *id == memory)
        .map_or(&[], |(_, words)| words)
}

/// Inlined with a constant operation and type, so that one arm of the definition remains.
#[inline(always)]
fn binary(registers: &mut [u32], operands: Operands, op: BinaryOp, ty: Type) {
    let lhs = registers[operands.lhs as usize];
    let rhs = registers[operands.rhs as usize];
    registers[operands.to as usize] = evaluate_binary(op, ty, lhs, rhs);
}
