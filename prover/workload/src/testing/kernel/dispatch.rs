//! What the invocations of a kernel make of its buffers: workgroup by workgroup, and between two barriers one
//! invocation after the other.

use super::Expected;
use super::arithmetic::{Value, atomic};
use super::evaluate::{Invocation, Stop};
use super::layout;
use super::tree::{
    AtomicOp, ELEMENT, Expr, Hazard, Program, RESULTS, Scalar, Stage, Statement, Through, Ty,
};
use crate::job::{Execution, Invocation as Number};

/// What an invocation does between two barriers, piece by piece.
enum Act<'a> {
    Own(&'a [Statement]),
    Put(Through, &'a Expr, Option<&'a Expr>),
    /// Sets a local to the element so far behind the invocation's own.
    Get(Through, usize, u32),
    /// Sets a local to the element at a place.
    GetAt(Through, usize, u32),
    Atomic(AtomicOp, bool, &'a Expr, &'a Expr),
    GetAtomic(bool, usize, u32),
    Total(&'a Expr, &'a Expr),
    /// Starts a round of a loop.
    Round,
    Results,
}

/// Memories that invocations share.
struct Memories {
    words: Vec<u32>,
    values: Vec<Value>,
    unsigned: Vec<u32>,
    signed: Vec<u32>,
    totals: Vec<u32>,
    storage: Vec<u32>,
    results: Vec<u32>,
}

/// What must come of a program.
pub(super) fn run(program: &Program) -> Expected {
    if program.hazard == Hazard::Race && races(&program.stages) {
        return Expected::Race;
    }
    let segments = segments(program);
    let mut buffers = program.buffers();
    let mut steps = 0;
    let element = Ty::Struct(ELEMENT);
    let stride = layout::stride(&program.structs, &element);
    for group in 0..program.groups() {
        let mut invocations: Vec<Invocation<'_>> = (0..program.group())
            .map(|index| Invocation::new(program, group, index))
            .collect();
        let mut memories = Memories {
            words: vec![0; program.group()],
            values: vec![Value::zero(program, &program.shared); program.group()],
            unsigned: vec![0; program.group()],
            signed: vec![0; program.group()],
            totals: std::mem::take(&mut buffers[2]),
            storage: std::mem::take(&mut buffers[5]),
            results: std::mem::take(&mut buffers[1]),
        };
        for segment in &segments {
            for invocation in &mut invocations {
                for act in segment {
                    if let Err(stop) = memories.act(program, invocation, act) {
                        let number = Number(invocation.global_index as u32);
                        return match stop {
                            Stop::OutOfBounds => Expected::OutOfBounds(number),
                            Stop::OutOfSteps => Expected::OutOfSteps(number),
                        };
                    }
                }
            }
        }
        buffers[2] = memories.totals;
        buffers[5] = memories.storage;
        buffers[1] = memories.results;
        for invocation in &mut invocations {
            steps = steps.max(invocation.steps);
            let words = &mut buffers[4][invocation.global_index * stride..];
            layout::write(program, &element, &mut invocation.cell, words);
        }
    }
    Expected::Finished(Execution { buffers, steps })
}

fn races(stages: &[Stage]) -> bool {
    stages.iter().any(|stage| matches!(stage, Stage::Race(_)))
}

/// What `main` does, cut at its barriers.
fn segments(program: &Program) -> Vec<Vec<Act<'_>>> {
    let mut segments = vec![Vec::new()];
    add(program, &program.stages, &mut segments);
    last(&mut segments).push(Act::Results);
    segments
}

fn last<'a, 'b>(segments: &'b mut [Vec<Act<'a>>]) -> &'b mut Vec<Act<'a>> {
    segments.last_mut().expect("there is one from the start")
}

fn add<'a>(program: &Program, stages: &'a [Stage], segments: &mut Vec<Vec<Act<'a>>>) {
    for stage in stages {
        match stage {
            Stage::Own(body) => last(segments).push(Act::Own(body)),
            Stage::Exchange {
                through,
                value,
                stray,
                local,
                by,
            } => {
                last(segments).push(Act::Put(*through, value, stray.as_ref()));
                segments.push(vec![Act::Get(*through, *local, *by)]);
                segments.push(Vec::new());
            }
            Stage::Atomic {
                op,
                signed,
                cell,
                value,
                local,
                by,
            } => {
                last(segments).push(Act::Atomic(*op, *signed, cell, value));
                segments.push(vec![Act::GetAtomic(*signed, *local, *by)]);
                segments.push(Vec::new());
            }
            Stage::UniformLoad { through, at, local } => {
                segments.push(vec![Act::GetAt(*through, *local, *at)]);
                segments.push(Vec::new());
            }
            Stage::Total { cell, value } => last(segments).push(Act::Total(cell, value)),
            Stage::Rounds(inner) => {
                for _ in 0..program.settings[0] % 3 {
                    last(segments).push(Act::Round);
                    add(program, inner, segments);
                }
                // The round that finds the loop at its end.
                last(segments).push(Act::Round);
            }
            Stage::Race(_) => {}
        }
    }
}

impl Memories {
    fn act(
        &mut self,
        program: &Program,
        invocation: &mut Invocation<'_>,
        act: &Act<'_>,
    ) -> Result<(), Stop> {
        let count = program.group();
        let word = |bits| Value::Scalar(Scalar::U32, bits);
        let own = invocation.local_index;
        let start = invocation.global_index - own;
        match act {
            Act::Own(body) => invocation.run_own(body)?,
            Act::Put(through, value, stray) => {
                // References come first.
                if let Some(stray) = stray
                    && invocation.word(stray)? % 2 == 1
                {
                    return Err(Stop::OutOfBounds);
                }
                let value = invocation.value(value)?;
                match through {
                    Through::Words | Through::Function => self.words[own] = value.bits(),
                    Through::Values => self.values[own] = value,
                    Through::Atomics => self.unsigned[own] = value.bits(),
                    Through::Storage => self.storage[start + own] = value.bits(),
                }
            }
            Act::Get(through, local, by) => {
                let at = (own + *by as usize) % count;
                let value = match through {
                    Through::Words | Through::Function => word(self.words[at]),
                    Through::Values => self.values[at].clone(),
                    Through::Atomics => word(self.unsigned[at]),
                    Through::Storage => word(self.storage[start + at]),
                };
                invocation.set(*local, value);
            }
            Act::GetAt(through, local, at) => {
                let at = *at as usize;
                let value = match through {
                    Through::Values => self.values[at].clone(),
                    _ => word(self.words[at]),
                };
                invocation.set(*local, value);
            }
            Act::Atomic(op, signed, cell, value) => {
                let at = invocation.word(cell)? as usize % count;
                let value = invocation.word(value)?;
                let cells = self.cells(*signed);
                cells[at] = atomic(*op, *signed, cells[at], value);
            }
            Act::GetAtomic(signed, local, by) => {
                let value = self.cells(*signed)[(own + *by as usize) % count];
                invocation.set(*local, word(value));
            }
            Act::Total(cell, value) => {
                let at = invocation.word(cell)? as usize % count;
                let value = invocation.word(value)?;
                let (op, of) = program.total;
                self.totals[at] = atomic(op, of == Scalar::I32, self.totals[at], value);
            }
            Act::Round => invocation.start_round()?,
            Act::Results => {
                for (at, result) in program.results.iter().enumerate() {
                    self.results[invocation.global_index * RESULTS + at] =
                        invocation.word(result)?;
                }
            }
        }
        Ok(())
    }

    fn cells(&mut self, signed: bool) -> &mut [u32] {
        if signed {
            &mut self.signed
        } else {
            &mut self.unsigned
        }
    }
}
