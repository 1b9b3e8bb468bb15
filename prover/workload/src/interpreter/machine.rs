//! Executes compiled code for one invocation at a time.

use super::arithmetic::evaluate_binary;
use super::code::{Code, Op, Operands};
use super::progress::Progress;
use crate::ir::{BinaryOp, MemoryId, Space, Type};
use crate::job::{Access, Invocation, Job, Trap};

/// Operations between two looks at the clock.
const WORK_PER_CHECK: u64 = 1 << 20;

/// Output memory as a run sees it.
pub(super) trait Outputs {
    /// Loads a word for an invocation; `op` is the place in the code.
    fn load(
        &mut self,
        output: u32,
        index: u32,
        invocation: Invocation,
        op: usize,
    ) -> Result<u32, Fault>;

    /// Stores a word for an invocation; `op` is the place in the code.
    fn store(
        &mut self,
        output: u32,
        index: u32,
        value: u32,
        invocation: Invocation,
        op: usize,
    ) -> Result<(), Fault>;
}

/// Why an access to output memory was refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The index is past the end.
    OutOfBounds,
    /// The invocation must not go on: it met another's access.
    Conflict,
}

/// Why an invocation did not run to its end.
#[derive(Debug)]
pub(super) enum Stop {
    Trap(Trap),
    Conflict,
    /// Time is up, or the result is known already.
    Interrupted,
}

/// Registers and private memory, used for one invocation after the other.
pub(super) struct Machine<'a> {
    job: &'a Job,
    code: &'a Code,
    progress: &'a Progress,
    /// Words of each of [`Code::tables`].
    tables: Vec<&'a [u32]>,
    registers: Vec<u32>,
    privates: Vec<Vec<u32>>,
    /// Operations since the last look at the clock, about.
    work: u64,
    /// Operations of an invocation without its loops, and what it clears.
    base_work: u64,
}

impl<'a> Machine<'a> {
    pub(super) fn new(job: &'a Job, code: &'a Code, progress: &'a Progress) -> Self {
        let program = job.workload().program();
        let tables = code.tables.iter().map(|&id| table(job, id)).collect();
        let privates: Vec<Vec<u32>> = code
            .privates
            .iter()
            .map(|&id| match program.memory(id).space {
                Space::Private { words } => vec![0; words as usize],
                _ => Vec::new(),
            })
            .collect();
        let cleared = privates.iter().map(Vec::len).sum::<usize>();
        Self {
            job,
            code,
            progress,
            tables,
            registers: code.registers.clone(),
            base_work: (code.ops.len() + cleared) as u64,
            privates,
            work: 0,
        }
    }

    /// Runs an invocation; gives its steps.
    pub(super) fn run(
        &mut self,
        invocation: Invocation,
        outputs: &mut impl Outputs,
    ) -> Result<u32, Stop> {
        self.begin(invocation)?;
        let code = self.code;
        let limit = self.job.limits().steps;
        let mut steps = 0u32;
        let mut at = 0usize;
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
                    let index = r[index as usize];
                    match outputs.load(output, index, invocation, at) {
                        Ok(word) => r[to as usize] = word,
                        Err(fault) => return Err(self.fault(fault, at, index, invocation)),
                    }
                }
                Op::StoreOutput {
                    output,
                    index,
                    value,
                } => {
                    let (index, value) = (r[index as usize], r[value as usize]);
                    if let Err(fault) = outputs.store(output, index, value, invocation, at) {
                        return Err(self.fault(fault, at, index, invocation));
                    }
                }
                Op::LoadPrivate { to, array, index } => {
                    let index = r[index as usize];
                    match self.privates[array as usize].get(index as usize) {
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
                    match self.privates[array as usize].get_mut(index as usize) {
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
                Op::Return => return Ok(steps),
            }
            at += 1;
        }
    }

    fn begin(&mut self, invocation: Invocation) -> Result<(), Stop> {
        for array in &mut self.privates {
            array.fill(0);
        }
        for &(register, builtin) in &self.code.builtins {
            self.registers[register as usize] = self.job.dispatch().builtin(invocation, builtin);
        }
        self.account(self.base_work, invocation)
    }

    /// Counts work and looks at the clock now and then.
    #[inline]
    fn account(&mut self, work: u64, invocation: Invocation) -> Result<(), Stop> {
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
            Op::LoadPrivate { array, .. } => (self.code.privates[array as usize], Access::Read),
            Op::StorePrivate { array, .. } => (self.code.privates[array as usize], Access::Write),
            op => unreachable!("{op:?} accesses no memory"),
        };
        let definition = self.job.workload().program().memory(memory);
        let length = match &definition.space {
            Space::Private { words } => *words as usize,
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
