//! Traps name the same place and invocation as in the interpreter, and never leave a memory.

use arknet_workload::job::{Access, Invocation, Limits, Trap};
use arknet_workload::testing::Outcome;

use crate::harness::{LIMITS, check, check_all, job, job_with_limits};

const MEMORIES: &str = r#"
    workload workgroup_size(4, 1, 1)
    memory m0 "input": input binding(0, 0) runtime
    memory m1 "output": output binding(0, 1) 8
    memory m2 "table": constant [1, 2, 3]
    memory m3 "array": private 5
    memory m4 "tile": shared 6
"#;

fn trap(outcome: Outcome) -> Trap {
    match outcome {
        Outcome::Trapped(trap) => trap,
        other => panic!("{other:?}"),
    }
}

/// The invocations from the third on miss, by indices just past the end and far away.
#[test]
fn an_index_that_misses_is_the_trap_of_the_first_invocation() {
    let mut jobs = Vec::new();
    let mut expected = Vec::new();
    for (memory, length) in [("m0", 7), ("m1", 8), ("m2", 3), ("m3", 5), ("m4", 6)] {
        for far in [length, length + 1, length + 2, 1 << 30, u32::MAX] {
            for access in [Access::Read, Access::Write, Access::Update] {
                let statement = match (access, memory) {
                    (Access::Read, _) => format!("%5: u32 = load {memory}[%4] store m1[%0] = %5"),
                    (_, "m0" | "m2") | (Access::Update, "m3") => continue,
                    (Access::Write, _) => format!("store {memory}[%4] = %0"),
                    (Access::Update, _) => format!("atomic add {memory}[%4], %0"),
                };
                let source = format!(
                    "{MEMORIES} body {{
                        %0: u32 = builtin global_invocation_id.x
                        %1: u32 = const 2
                        %2: bool = lt %0, %1
                        %3: u32 = const {far}
                        %4: u32 = select %2, %0, %3
                        {statement}
                    }}"
                );
                jobs.push(job(&source, [2, 1, 1], vec![vec![9; 7], vec![0; 8]]));
                expected.push((Invocation(2), far, length, access));
            }
        }
    }
    for (outcome, expected) in check_all(&jobs).into_iter().zip(expected) {
        let Trap::OutOfBounds {
            invocation,
            access,
            index,
            length,
            ..
        } = trap(outcome)
        else {
            panic!("not out of bounds");
        };
        assert_eq!((invocation, index, length, access), expected);
    }
}

#[test]
fn a_constant_index_past_the_end_of_a_fixed_memory() {
    for access in ["store m1[%0] = %0", "%1: u32 = load m1[%0]"] {
        let source = format!("{MEMORIES} body {{ %0: u32 = const 8 {access} }}");
        let outcome = check(&job(&source, [1, 1, 1], vec![vec![0; 1], vec![0; 8]]));
        assert!(matches!(trap(outcome), Trap::OutOfBounds { index: 8, .. }));
    }
}

#[test]
fn an_endless_loop_ends_with_the_steps() {
    let source = format!("{MEMORIES} body {{ loop {{ loop {{ continue }} continue }} }}");
    let expected = [0, 1, 1000];
    let jobs = expected.map(|steps| {
        let limits = Limits { steps, ..LIMITS };
        let buffers = vec![vec![0; 1], vec![0; 8]];
        job_with_limits(&source, [2, 1, 1], buffers, limits)
    });
    for (outcome, steps) in check_all(&jobs).into_iter().zip(expected) {
        let Trap::OutOfSteps {
            invocation, limit, ..
        } = trap(outcome)
        else {
            panic!("not out of steps");
        };
        assert_eq!((invocation, limit), (Invocation(0), steps));
    }
}

#[test]
fn metered_steps_count_up_to_the_limit_and_no_further() {
    let source = format!("{MEMORIES} body {{ loop {{ meter 8 break }} meter 0xfffffff0 }}");
    let expected = [(0xffff_fff9, true), (0xffff_fff8, false), (8, false)];
    let jobs = expected.map(|(steps, _)| {
        let limits = Limits { steps, ..LIMITS };
        let buffers = vec![vec![0; 1], vec![0; 8]];
        job_with_limits(&source, [1, 1, 1], buffers, limits)
    });
    for (outcome, (steps, ends)) in check_all(&jobs).into_iter().zip(expected) {
        match outcome {
            Outcome::Finished(execution) => assert_eq!((execution.steps, ends), (steps, true)),
            other => assert!(!ends, "{other:?}"),
        }
    }
}

/// A trap stops the invocation in the interpreter; here it goes on, and what it does then must not matter.
#[test]
fn only_the_first_trap_of_an_invocation_counts() {
    let source = format!(
        "{MEMORIES} body {{
            %0: u32 = builtin global_invocation_id.x
            %1: u32 = const 5
            %2: u32 = add %0, %1
            %3: u32 = load m3[%2]
            %4: u32 = load m0[%2]
            loop {{ continue }}
        }}"
    );
    let outcome = check(&job(&source, [1, 1, 1], vec![vec![0; 1], vec![0; 8]]));
    let Trap::OutOfBounds { memory, index, .. } = trap(outcome) else {
        panic!("not out of bounds");
    };
    assert_eq!((memory.as_str(), index), ("array", 5));
}
