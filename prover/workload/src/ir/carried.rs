//! Which values are needed across a barrier: defined before one and used after it. Whoever runs a workgroup
//! one invocation after the other keeps them for each while the others catch up.
//!
//! Positions number the program in the order of the text. A value is needed from its definition to its last
//! use; a use inside a loop that the value comes from outside of lasts until the loop's end, as the next round
//! may use it again.

use super::uniformity::has_meetings;
use super::{Block, InstKind, LoopParam, Program, Terminator, Value};

/// The values of a checked program that are needed across a barrier, in order. Constants, built-ins and lengths
/// are not among them: nothing has to be kept to know them again.
pub(crate) fn across_barriers(program: &Program) -> Vec<Value> {
    if !has_meetings(&program.body) {
        return Vec::new();
    }
    let mut walk = Walk {
        position: 0,
        defined: vec![None; program.values.len()],
        last_used: vec![0; program.values.len()],
        used: Vec::new(),
        barriers: Vec::new(),
    };
    walk.block(&program.body);
    let is_carried = |value: &Value| {
        let at = value.0 as usize;
        let Some(defined) = walk.defined[at] else {
            return false;
        };
        let next = walk.barriers.partition_point(|&barrier| barrier < defined);
        let next = walk.barriers.get(next);
        next.is_some_and(|&barrier| barrier < walk.last_used[at])
    };
    (0..program.values.len() as u32)
        .map(Value)
        .filter(is_carried)
        .collect()
}

struct Walk {
    position: u32,
    /// Where each value is defined; `None` also for what need not be kept.
    defined: Vec<Option<u32>>,
    last_used: Vec<u32>,
    /// What was used in the innermost loop so far, and before it in those around it.
    used: Vec<Value>,
    /// In ascending order.
    barriers: Vec<u32>,
}

impl Walk {
    fn step(&mut self) -> u32 {
        self.position += 1;
        self.position
    }

    fn uses(&mut self, values: &[Value]) {
        for &value in values {
            self.last_used[value.0 as usize] = self.position;
            self.used.push(value);
        }
    }

    fn define(&mut self, value: Value) {
        self.defined[value.0 as usize] = Some(self.position);
    }

    fn barrier(&mut self) {
        let position = self.step();
        self.barriers.push(position);
    }

    fn block(&mut self, block: &Block) {
        for inst in &block.insts {
            self.step();
            self.inst(&inst.kind);
        }
        self.step();
        match &block.end {
            Terminator::Yield(values)
            | Terminator::Break(values)
            | Terminator::Continue(values) => self.uses(values),
            Terminator::Unreachable => {}
        }
    }

    fn inst(&mut self, kind: &InstKind) {
        match *kind {
            InstKind::Const { .. }
            | InstKind::Builtin { .. }
            | InstKind::ArrayLength { .. }
            | InstKind::Meter { .. } => {}
            InstKind::Binary {
                result, lhs, rhs, ..
            } => {
                self.uses(&[lhs, rhs]);
                self.define(result);
            }
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => {
                self.uses(&[condition, accept, reject]);
                self.define(result);
            }
            InstKind::Cast { result, operand } => {
                self.uses(&[operand]);
                self.define(result);
            }
            InstKind::Load { result, index, .. } => {
                self.uses(&[index]);
                self.define(result);
            }
            InstKind::Store { index, value, .. } | InstKind::Atomic { index, value, .. } => {
                self.uses(&[index, value]);
            }
            InstKind::Barrier { .. } => self.barrier(),
            InstKind::UniformLoad { result, index, .. } => {
                self.barrier();
                self.step();
                self.uses(&[index]);
                self.define(result);
                self.barrier();
            }
            InstKind::If {
                condition,
                ref then,
                ref otherwise,
                ref results,
            } => {
                self.uses(&[condition]);
                self.block(then);
                self.block(otherwise);
                self.step();
                results.iter().for_each(|&result| self.define(result));
            }
            InstKind::Loop {
                ref params,
                ref body,
                ref results,
            } => {
                for param in params {
                    self.uses(&[param.initial]);
                }
                let start = self.position;
                let outer = self.used.len();
                for &LoopParam { param, .. } in params {
                    self.define(param);
                }
                self.block(body);
                self.end_loop(start, outer);
                results.iter().for_each(|&result| self.define(result));
            }
        }
    }

    /// Prolongs what the loop that began at `start` used of outside values, and forgets its own.
    fn end_loop(&mut self, start: u32, outer: usize) {
        let end = self.step();
        let mut kept = outer;
        for at in outer..self.used.len() {
            let value = self.used[at];
            let from_outside = self.defined[value.0 as usize].is_some_and(|at| at < start);
            // A value that was prolonged already is on the list.
            if from_outside && self.last_used[value.0 as usize] != end {
                self.last_used[value.0 as usize] = end;
                self.used[kept] = value;
                kept += 1;
            }
        }
        self.used.truncate(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::text::parse;
    use crate::ir::{InvalidProgram, Workload};

    fn workload(code: &str) -> Result<Workload, InvalidProgram> {
        let text = format!(
            "workload workgroup_size(8, 1, 1)
            memory m0 \"out\": output binding(0, 0) runtime
            memory m1 \"shared\": shared 8
            body {{ %0: u32 = builtin local_invocation_index %1: u32 = const 1 {code} }}"
        );
        Workload::new(parse(&text).unwrap())
    }

    #[test]
    fn what_is_used_after_a_barrier_is_carried() {
        for (code, carried) in [
            ("%2: u32 = add %0, %1 store m0[%0] = %2", &[][..]),
            (
                "%2: u32 = add %0, %1 store m0[%0] = %2 barrier workgroup",
                &[],
            ),
            (
                "%2: u32 = add %0, %1 barrier workgroup store m0[%0] = %2",
                &[2],
            ),
            (
                "%2: u32 = add %0, %1 barrier workgroup barrier storage %3: u32 = add %2, %1",
                &[2],
            ),
            // The index of a uniform load is used behind its first barrier, the result behind its second.
            (
                "%2: u32 = add %1, %1 %3: u32 = uniform_load m1[%2] store m0[%3] = %3",
                &[2, 3],
            ),
            // A use in the next round comes after the barrier; the param is passed on before its round ends.
            (
                "%2: u32 = add %0, %1
                 loop(%3: u32 = %1) {
                    store m0[%3] = %2
                    barrier storage
                    %4: u32 = add %1, %1
                    %5: bool = eq %4, %1
                    if %5 { break }
                    continue(%4) }",
                &[2],
            ),
            (
                "%2: u32 = loop(%3: u32 = %1) {
                    barrier storage
                    %4: u32 = add %3, %1
                    %5: bool = eq %4, %1
                    if %5 { break(%3) }
                    continue(%4) }
                 store m0[%2] = %2",
                &[3],
            ),
            // An inner loop's use lasts until the end of the outer one that the value comes from outside of.
            (
                "%2: u32 = add %0, %1
                 loop {
                    loop { store m0[%0] = %2 break }
                    barrier workgroup
                    %3: bool = eq %1, %1
                    if %3 { break }
                    continue }",
                &[2],
            ),
        ] {
            let workload = workload(code).unwrap();
            let expected: Vec<Value> = carried.iter().copied().map(Value).collect();
            assert_eq!(across_barriers(workload.program()), expected, "{code}");
        }
    }

    #[test]
    fn too_many_are_refused() {
        let with = |count: u64| {
            let mut code = String::new();
            for at in 2..count + 2 {
                code.push_str(&format!("%{at}: u32 = add %0, %1 "));
            }
            code.push_str("barrier workgroup ");
            for at in 2..count + 2 {
                code.push_str(&format!("store m0[%0] = %{at} "));
            }
            workload(&code)
        };
        assert!(with(Workload::MAX_CARRIED_VALUES).is_ok());
        assert!(matches!(
            with(Workload::MAX_CARRIED_VALUES + 1),
            Err(InvalidProgram::TooMany { .. })
        ));
    }
}
