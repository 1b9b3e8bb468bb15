//! A second interpreter, as plain as can be: it walks the tree of one invocation after the other and writes
//! down every access. To go on after a barrier it begins anew and repeats what was loaded before. Random jobs must
//! come out the same from both.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::ir::{
    AtomicFamily, AtomicOp, BarrierScope, BinaryOp, MemoryId, Space, Terminator, Type, Value,
};
use crate::job::Access;
use crate::testing::{Shape, jobs};

/// One access to memory that invocations share.
#[derive(Clone, Copy)]
struct Sight {
    memory: MemoryId,
    index: u32,
    action: Action,
    span: Span,
    invocation: Invocation,
    group: u32,
    /// Barriers for the memory that were passed.
    phase: u32,
    /// Whether each workgroup has words of its own.
    shared: bool,
}

#[derive(Clone, Copy)]
enum Action {
    Load,
    Store(u32),
    Atomic(AtomicOp, Type, u32),
}

impl Action {
    fn access(self) -> Access {
        match self {
            Self::Load => Access::Read,
            Self::Store(_) => Access::Write,
            Self::Atomic(..) => Access::Update,
        }
    }

    fn family(self) -> Option<AtomicFamily> {
        match self {
            Self::Atomic(op, ty, _) => Some(op.family(ty)),
            Self::Load | Self::Store(_) => None,
        }
    }

    /// The word after it.
    fn apply(self, word: u32) -> u32 {
        match self {
            Self::Load => word,
            Self::Store(value) => value,
            Self::Atomic(op, ty, value) => {
                let op = match op {
                    AtomicOp::Add => BinaryOp::Add,
                    AtomicOp::Min => BinaryOp::Min,
                    AtomicOp::Max => BinaryOp::Max,
                    AtomicOp::And => BinaryOp::And,
                    AtomicOp::Or => BinaryOp::Or,
                    AtomicOp::Xor => BinaryOp::Xor,
                };
                evaluate_binary(op, ty, word, value)
            }
        }
    }
}

impl Sight {
    fn races_with(&self, other: &Self) -> bool {
        let meet = self.invocation != other.invocation
            && if self.group == other.group {
                self.phase == other.phase
            } else {
                !self.shared
            };
        let both_load = matches!((self.action, other.action), (Action::Load, Action::Load));
        let one_family =
            self.action.family().is_some() && self.action.family() == other.action.family();
        self.is_on(other.memory, other.index) && meet && !both_load && !one_family
    }

    fn is_on(&self, memory: MemoryId, index: u32) -> bool {
        (self.memory, self.index) == (memory, index)
    }
}

struct Oracle<'a> {
    job: &'a Job,
    group: u32,
    invocation: Invocation,
    values: HashMap<Value, u32>,
    private: HashMap<(MemoryId, u32), u32>,
    steps: u32,
    /// Barriers passed of each scope.
    passed: [u32; 2],
    /// Barriers to pass before anything is new.
    repeated: u32,
    /// What each invocation of the workgroup loaded from shared words so far.
    loaded: Vec<Vec<u32>>,
    /// Loads repeated.
    replayed: usize,
    sights: Vec<Sight>,
}

/// How control left a block.
enum Left {
    Yield(Vec<u32>),
    Break(Vec<u32>),
    Continue(Vec<u32>),
    /// For the others at a barrier.
    Waits,
}

fn oracle(job: &Job) -> Result<Execution, Trap> {
    let mut oracle = Oracle {
        job,
        group: 0,
        invocation: Invocation(0),
        values: HashMap::new(),
        private: HashMap::new(),
        steps: 0,
        passed: [0; 2],
        repeated: 0,
        loaded: Vec::new(),
        replayed: 0,
        sights: Vec::new(),
    };
    let mut steps = 0;
    for group in 0..job.dispatch().groups() {
        steps = steps.max(oracle.workgroup(group)?);
    }
    let sights = &oracle.sights;
    if let Some(race) = race(job, sights) {
        return Err(race);
    }
    let mut buffers = job.buffers().to_vec();
    for ((id, _), words) in job.buffer_memories().zip(&mut buffers) {
        for sight in sights.iter().filter(|sight| sight.memory == id) {
            let word = &mut words[sight.index as usize];
            *word = sight.action.apply(*word);
        }
    }
    Ok(Execution { buffers, steps })
}

/// The first access that races with one before it, and the first of those.
fn race(job: &Job, sights: &[Sight]) -> Option<Trap> {
    sights.iter().enumerate().find_map(|(at, second)| {
        let first = sights[..at].iter().find(|first| first.races_with(second))?;
        Some(Trap::Race {
            memory: job.workload().program().memory(second.memory).name.clone(),
            index: second.index,
            first: first.action.access(),
            first_span: first.span,
            first_invocation: first.invocation,
            second: second.action.access(),
            second_span: second.span,
            second_invocation: second.invocation,
        })
    })
}

impl Oracle<'_> {
    /// Runs a workgroup; gives the most steps of its invocations.
    fn workgroup(&mut self, group: u32) -> Result<u32, Trap> {
        let size = self.job.dispatch().group_invocations();
        self.group = group;
        self.loaded = vec![Vec::new(); size as usize];
        let mut steps = 0;
        for repeated in 0.. {
            let before = self.sights.len();
            let mut waiting = 0;
            for local in 0..size {
                self.invocation = Invocation(group * size + local);
                self.values.clear();
                self.private.clear();
                self.steps = 0;
                self.passed = [0; 2];
                self.repeated = repeated;
                self.replayed = 0;
                let body = &self.job.workload().program().body;
                waiting += u32::from(matches!(self.block(body)?, Left::Waits));
                steps = steps.max(self.steps);
            }
            let all = &self.sights;
            let raced = (before..all.len()).any(|second| {
                all[..second]
                    .iter()
                    .any(|first| first.group == group && first.races_with(&all[second]))
            });
            if raced || waiting == 0 {
                break;
            }
            assert_eq!(waiting, size, "all wait for each other");
        }
        Ok(steps)
    }

    fn is_repeating(&self) -> bool {
        self.passed[0] + self.passed[1] < self.repeated
    }

    /// What the invocation sees in a word of memory that others use too.
    fn look(&self, memory: MemoryId, index: u32, initial: u32, phase: u32) -> u32 {
        let writes: Vec<&Sight> = self
            .sights
            .iter()
            .filter(|sight| sight.group == self.group && sight.is_on(memory, index))
            .filter(|sight| !matches!(sight.action, Action::Load))
            .collect();
        let (earlier, current): (Vec<&Sight>, Vec<&Sight>) =
            writes.into_iter().partition(|sight| sight.phase < phase);
        let others = current
            .iter()
            .rposition(|sight| sight.invocation != self.invocation);
        let own = &current[others.map_or(0, |at| at + 1)..];
        let seen = earlier.iter().chain(own);
        seen.fold(initial, |word, sight| sight.action.apply(word))
    }

    fn barrier(&mut self, scope: BarrierScope) -> Option<Left> {
        if self.is_repeating() {
            self.passed[scope as usize] += 1;
            return None;
        }
        Some(Left::Waits)
    }

    fn value(&self, value: Value) -> u32 {
        self.values[&value]
    }

    fn all(&self, values: &[Value]) -> Vec<u32> {
        values.iter().map(|&value| self.value(value)).collect()
    }

    fn set(&mut self, targets: &[Value], words: Vec<u32>) {
        assert_eq!(targets.len(), words.len());
        self.values.extend(targets.iter().copied().zip(words));
    }

    fn block(&mut self, block: &Block) -> Result<Left, Trap> {
        for inst in &block.insts {
            if let Some(left) = self.inst(&inst.kind, inst.span)? {
                return Ok(left);
            }
        }
        Ok(match &block.end {
            Terminator::Yield(values) => Left::Yield(self.all(values)),
            Terminator::Break(values) => Left::Break(self.all(values)),
            Terminator::Continue(values) => Left::Continue(self.all(values)),
            Terminator::Unreachable => panic!("reached"),
        })
    }

    fn step(&mut self, steps: u32, span: Span) -> Result<(), Trap> {
        let limit = self.job.limits().steps;
        self.steps = self.steps.saturating_add(steps);
        if self.steps > limit {
            return Err(Trap::OutOfSteps {
                span,
                invocation: self.invocation,
                limit,
            });
        }
        Ok(())
    }

    /// Makes an access; gives what a load gives.
    fn access(
        &mut self,
        memory: MemoryId,
        index: Value,
        action: Action,
        span: Span,
    ) -> Result<u32, Trap> {
        let index = self.value(index);
        let definition = self.job.workload().program().memory(memory);
        let zeros;
        let words: &[u32] = match &definition.space {
            Space::Private { words } | Space::Shared { words } => {
                zeros = vec![0; *words as usize];
                &zeros
            }
            Space::Constant { words } => words,
            Space::Input { .. } | Space::Output { .. } => {
                let mut buffers = self.job.buffer_memories().zip(self.job.buffers());
                buffers.find(|((id, _), _)| *id == memory).unwrap().1
            }
        };
        let Some(&initial) = words.get(index as usize) else {
            return Err(Trap::OutOfBounds {
                span,
                invocation: self.invocation,
                access: action.access(),
                memory: definition.name.clone(),
                index,
                length: words.len() as u32,
            });
        };
        let phase = match definition.space {
            Space::Input { .. } | Space::Constant { .. } => return Ok(initial),
            Space::Private { .. } => {
                let word = self.private.entry((memory, index)).or_default();
                *word = action.apply(*word);
                return Ok(*word);
            }
            Space::Shared { .. } => self.passed[BarrierScope::Workgroup as usize],
            Space::Output { .. } => self.passed[BarrierScope::Storage as usize],
        };
        let local = self.invocation.0 % self.job.dispatch().group_invocations();
        if self.is_repeating() {
            if matches!(action, Action::Load) {
                self.replayed += 1;
                return Ok(self.loaded[local as usize][self.replayed - 1]);
            }
            return Ok(0);
        }
        let seen = self.look(memory, index, initial, phase);
        if matches!(action, Action::Load) {
            self.loaded[local as usize].push(seen);
            self.replayed += 1;
        }
        self.sights.push(Sight {
            memory,
            index,
            action,
            span,
            invocation: self.invocation,
            group: self.group,
            phase,
            shared: matches!(definition.space, Space::Shared { .. }),
        });
        Ok(seen)
    }

    fn inst(&mut self, kind: &InstKind, span: Span) -> Result<Option<Left>, Trap> {
        match kind {
            InstKind::Const { result, bits } => self.set(&[*result], vec![*bits]),
            InstKind::Builtin { result, builtin } => {
                let word = self.job.dispatch().builtin(self.invocation, *builtin);
                self.set(&[*result], vec![word]);
            }
            InstKind::Binary {
                result,
                op,
                lhs,
                rhs,
            } => {
                let ty = self.job.workload().program().type_of(*lhs);
                let word = evaluate_binary(*op, ty, self.value(*lhs), self.value(*rhs));
                self.set(&[*result], vec![word]);
            }
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => {
                let chosen = if self.value(*condition) == 1 {
                    accept
                } else {
                    reject
                };
                self.set(&[*result], vec![self.value(*chosen)]);
            }
            InstKind::Cast { result, operand } => {
                let word = self.value(*operand);
                let word = match self.job.workload().program().type_of(*result) {
                    Type::Bool => (word != 0).into(),
                    Type::U32 | Type::I32 => word,
                };
                self.set(&[*result], vec![word]);
            }
            InstKind::Load {
                result,
                memory,
                index,
            } => {
                let word = self.access(*memory, *index, Action::Load, span)?;
                self.set(&[*result], vec![word]);
            }
            InstKind::Store {
                memory,
                index,
                value,
            } => {
                let action = Action::Store(self.value(*value));
                self.access(*memory, *index, action, span)?;
            }
            InstKind::Atomic {
                op,
                memory,
                index,
                value,
            } => {
                let ty = self.job.workload().program().type_of(*value);
                let action = Action::Atomic(*op, ty, self.value(*value));
                self.access(*memory, *index, action, span)?;
            }
            InstKind::Barrier { scope } => return Ok(self.barrier(*scope)),
            InstKind::UniformLoad {
                result,
                memory,
                index,
            } => {
                if let Some(left) = self.barrier(BarrierScope::Workgroup) {
                    return Ok(Some(left));
                }
                let word = self.access(*memory, *index, Action::Load, span)?;
                self.set(&[*result], vec![word]);
                return Ok(self.barrier(BarrierScope::Workgroup));
            }
            InstKind::ArrayLength { result, memory } => {
                let mut buffers = self.job.buffer_memories().zip(self.job.buffers());
                let (_, words) = buffers.find(|((id, _), _)| id == memory).unwrap();
                let length = words.len() as u32;
                self.set(&[*result], vec![length]);
            }
            InstKind::If {
                condition,
                then,
                otherwise,
                results,
            } => {
                let arm = if self.value(*condition) == 1 {
                    then
                } else {
                    otherwise
                };
                match self.block(arm)? {
                    Left::Yield(words) => self.set(results, words),
                    left => return Ok(Some(left)),
                }
            }
            InstKind::Loop {
                params,
                body,
                results,
            } => {
                let targets: Vec<Value> = params.iter().map(|param| param.param).collect();
                let mut words: Vec<u32> = params
                    .iter()
                    .map(|param| self.value(param.initial))
                    .collect();
                loop {
                    self.set(&targets, words);
                    self.step(1, span)?;
                    match self.block(body)? {
                        Left::Continue(next) => words = next,
                        Left::Break(words) => {
                            self.set(results, words);
                            break;
                        }
                        Left::Waits => return Ok(Some(Left::Waits)),
                        Left::Yield(_) => panic!("a loop body yields"),
                    }
                }
            }
            InstKind::Meter { steps } => self.step(*steps, span)?,
        }
        Ok(None)
    }
}

/// The job with spans that tell its instructions apart.
fn with_spans(job: &Job) -> Job {
    let mut program = job.workload().program().clone();
    number_spans(&mut program.body, &mut 0);
    let workload = Workload::new(program).unwrap();
    let workgroups = job.dispatch().workgroups();
    Job::new(workload, workgroups, job.buffers().to_vec(), *job.limits()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn both_interpreters_agree_on_jobs_that_share(
        job in jobs(Shape { trap_percent: 20, race_percent: 30, ..Shape::default() }.with_sharing())
    ) {
        let job = with_spans(&job);
        prop_assert_eq!(run(&job), oracle(&job).map_err(RunError::Trap));
    }

    #[test]
    fn both_interpreters_agree(
        job in jobs(Shape { trap_percent: 30, race_percent: 30, ..Shape::default() })
    ) {
        let job = with_spans(&job);
        prop_assert_eq!(run(&job), oracle(&job).map_err(RunError::Trap));
    }
}
