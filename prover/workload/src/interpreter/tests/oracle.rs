//! A second interpreter, as plain as can be: it walks the tree of one invocation after the other and writes
//! down every access. Random jobs must come out the same from both.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::ir::{MemoryId, Space, Terminator, Type, Value};
use crate::job::Access;
use crate::testing::{Shape, jobs};

/// One access to an output.
struct Sight {
    memory: MemoryId,
    index: u32,
    access: Access,
    span: Span,
    invocation: Invocation,
}

struct Oracle<'a> {
    job: &'a Job,
    invocation: Invocation,
    values: HashMap<Value, u32>,
    /// What this invocation stored.
    stored: HashMap<(MemoryId, u32), u32>,
    steps: u32,
    sights: Vec<Sight>,
}

/// How control left a block.
enum Left {
    Yield(Vec<u32>),
    Break(Vec<u32>),
    Continue(Vec<u32>),
}

fn oracle(job: &Job) -> Result<Execution, Trap> {
    let mut oracle = Oracle {
        job,
        invocation: Invocation(0),
        values: HashMap::new(),
        stored: HashMap::new(),
        steps: 0,
        sights: Vec::new(),
    };
    let mut buffers = job.buffers().to_vec();
    let mut steps = 0;
    for invocation in 0..job.dispatch().invocations() {
        oracle.invocation = Invocation(invocation);
        oracle.values.clear();
        oracle.stored.clear();
        oracle.steps = 0;
        oracle.block(&job.workload().program().body)?;
        steps = steps.max(oracle.steps);
        for ((id, _), words) in job.buffer_memories().zip(&mut buffers) {
            for (index, word) in words.iter_mut().enumerate() {
                if let Some(stored) = oracle.stored.get(&(id, index as u32)) {
                    *word = *stored;
                }
            }
        }
    }
    match race(job, &oracle.sights) {
        Some(race) => Err(race),
        None => Ok(Execution { buffers, steps }),
    }
}

fn race(job: &Job, sights: &[Sight]) -> Option<Trap> {
    sights.iter().enumerate().find_map(|(at, second)| {
        let first = sights[..at].iter().find(|first| {
            (first.memory, first.index) == (second.memory, second.index)
                && first.invocation != second.invocation
                && (first.access == Access::Write || second.access == Access::Write)
        })?;
        Some(Trap::Race {
            memory: job.workload().program().memory(second.memory).name.clone(),
            index: second.index,
            first: first.access,
            first_span: first.span,
            first_invocation: first.invocation,
            second: second.access,
            second_span: second.span,
            second_invocation: second.invocation,
        })
    })
}

impl Oracle<'_> {
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

    /// The word before this run; a trap if there is none.
    fn access(
        &mut self,
        memory: MemoryId,
        index: Value,
        access: Access,
        span: Span,
    ) -> Result<u32, Trap> {
        let index = self.value(index);
        let definition = self.job.workload().program().memory(memory);
        let zeros;
        let words: &[u32] = match &definition.space {
            Space::Private { words } => {
                zeros = vec![0; *words as usize];
                &zeros
            }
            Space::Constant { words } => words,
            _ => {
                let mut buffers = self.job.buffer_memories().zip(self.job.buffers());
                buffers.find(|((id, _), _)| *id == memory).unwrap().1
            }
        };
        if let Space::Output { .. } = definition.space {
            self.sights.push(Sight {
                memory,
                index,
                access,
                span,
                invocation: self.invocation,
            });
        }
        words.get(index as usize).copied().ok_or(Trap::OutOfBounds {
            span,
            invocation: self.invocation,
            access,
            memory: definition.name.clone(),
            index,
            length: words.len() as u32,
        })
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
                let initial = self.access(*memory, *index, Access::Read, span)?;
                let stored = self.stored.get(&(*memory, self.value(*index)));
                let word = stored.copied().unwrap_or(initial);
                self.set(&[*result], vec![word]);
            }
            InstKind::Store {
                memory,
                index,
                value,
            } => {
                self.access(*memory, *index, Access::Write, span)?;
                let place = (*memory, self.value(*index));
                self.stored.insert(place, self.value(*value));
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
    fn both_interpreters_agree(
        job in jobs(Shape { trap_percent: 30, race_percent: 30, ..Shape::default() })
    ) {
        let job = with_spans(&job);
        prop_assert_eq!(run(&job), oracle(&job).map_err(RunError::Trap));
    }
}
