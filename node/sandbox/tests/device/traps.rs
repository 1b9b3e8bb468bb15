//! Traps end a run with the place and the invocation that come first, whatever order the device runs in.

use std::time::{Duration, Instant};

use arknet_workload::ir::Span;
use arknet_workload::job::{Access, Invocation, Job, Limits, Trap};

use crate::harness::{LIMITS, execute, interpret, job_with_spans as job, runner};

/// The trap that both backends report.
fn trap(job: &Job) -> Option<Trap> {
    let runner = runner()?;
    let expected = interpret(job).unwrap_err();
    for _ in 0..3 {
        assert_eq!(execute(runner, job), Err(expected.clone()));
    }
    Some(expected)
}

#[test]
fn the_first_invocation_and_its_first_trap_are_reported() {
    // Odd invocations from 37 on read past the end, and all of them write past it later.
    let source = r#"workload workgroup_size(8, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        body {
            %0: u32 = builtin global_invocation_id.x
            %1: u32 = const 37
            %2: bool = le %1, %0
            %3: u32 = const 1
            %4: u32 = and %0, %3
            %5: bool = eq %4, %3
            %6: bool = and %2, %5
            %7: u32 = const 1000
            %8: u32 = select %6, %7, %0
            %9: u32 = load m0[%8]
            %10: u32 = select %2, %7, %0
            store m0[%10] = %9
        }"#;
    let job = job(source, [32, 1, 1], vec![vec![1; 256]], LIMITS);
    let Some(trap) = trap(&job) else { return };
    assert_eq!(
        trap,
        Trap::OutOfBounds {
            span: Span { start: 9, end: 10 },
            invocation: Invocation(37),
            access: Access::Read,
            memory: "data".into(),
            index: 1000,
            length: 256,
        }
    );
}

#[test]
fn a_store_past_the_end_is_skipped_and_reported() {
    let source = r#"workload workgroup_size(1, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        body {
            %0: u32 = builtin global_invocation_id.x
            %1: u32 = const 0xfffffffe
            %2: u32 = add %0, %1
            store m0[%2] = %0
        }"#;
    let job = job(source, [3, 1, 1], vec![vec![1; 5]], LIMITS);
    let Some(trap) = trap(&job) else { return };
    assert_eq!(
        trap,
        Trap::OutOfBounds {
            span: Span { start: 3, end: 4 },
            invocation: Invocation(0),
            access: Access::Write,
            memory: "data".into(),
            index: 0xffff_fffe,
            length: 5,
        }
    );
}

/// The first word past the end of every kind of memory, by an index known only in the run and by one
/// known before.
#[test]
fn one_past_the_end_of_every_memory() {
    for (memory, length) in [(0, 3), (1, 4), (2, 2), (3, 5), (4, 6)] {
        for index in ["load m0[%0]", &format!("const {length}")] {
            for store in [false, true] {
                if store && ![3, 4].contains(&memory) {
                    continue;
                }
                let access = if store {
                    format!("store m{memory}[%1] = %0")
                } else {
                    format!("%2: i32 = load m{memory}[%1]")
                };
                let source = format!(
                    r#"workload workgroup_size(1, 1, 1)
                    memory m0 "input": input binding(0, 0) runtime
                    memory m1 "fixed": uniform binding(0, 1) 4
                    memory m2 "table": constant [1, 2]
                    memory m3 "scratch": private 5
                    memory m4 "output": output binding(0, 2) runtime
                    memory m5 "after": constant [3]
                    body {{
                        %0: u32 = const 0
                        %1: u32 = {index}
                        {access}
                    }}"#
                );
                let buffers = vec![vec![length; 3], vec![0; 4], vec![0; 6]];
                let Some(trap) = trap(&job(&source, [1, 1, 1], buffers, LIMITS)) else {
                    return;
                };
                assert!(
                    matches!(trap, Trap::OutOfBounds { index, length: bound, .. }
                        if index == length && bound == length),
                    "{trap:?}"
                );
            }
        }
    }
}

#[test]
fn endless_loops_end_at_the_step_limit() {
    // The inner loop runs out of steps; the outer one, and the one behind, end at their next start.
    let source = r#"workload workgroup_size(64, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        body {
            %0: u32 = builtin global_invocation_id.x
            %1: u32 = const 3
            %2: bool = eq %0, %1
            if %2 {
                loop {
                    loop { continue }
                    continue
                }
                loop { continue }
            }
        }"#;
    let start = Instant::now();
    let job = job(source, [2, 1, 1], vec![vec![0; 4]], LIMITS);
    let Some(trap) = trap(&job) else { return };
    assert!(start.elapsed() < Duration::from_secs(30));
    let Trap::OutOfSteps {
        invocation, limit, ..
    } = trap
    else {
        panic!("{trap:?}");
    };
    assert_eq!((invocation, limit), (Invocation(3), LIMITS.steps));
}

/// The limit is exact: a loop of 10 rounds passes with 10 steps and not with 9, and so does a `meter`.
#[test]
fn the_step_limit_is_exact() {
    let rounds = r#"workload workgroup_size(1, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        body {
            %0: u32 = const 0
            %1: u32 = const 1
            %2: u32 = const 9
            loop(%3: u32 = %0) {
                %4: bool = eq %3, %2
                if %4 { break }
                %5: u32 = add %3, %1
                continue(%5)
            }
        }"#;
    let metered = r#"workload workgroup_size(1, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        body { meter 4 meter 5 loop { break } }"#;
    let Some(runner) = runner() else { return };
    for source in [rounds, metered] {
        for steps in [0, 1, 9, 10, 11, u32::MAX] {
            let limits = Limits { steps, ..LIMITS };
            let job = job(source, [1, 1, 1], vec![vec![0]], limits);
            let outcome = execute(runner, &job);
            assert_eq!(outcome, interpret(&job), "{steps} steps");
            assert_eq!(outcome.is_ok(), steps >= 10);
            if let Ok(execution) = outcome {
                assert_eq!(execution.steps, 10);
            }
        }
    }
}

/// A meter that would overflow the counter is refused, not wrapped around.
#[test]
fn a_meter_cannot_overflow() {
    let source = r#"workload workgroup_size(1, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        body { meter 0xffffffff meter 2 loop { break } }"#;
    let limits = Limits {
        steps: u32::MAX,
        ..LIMITS
    };
    let job = job(source, [1, 1, 1], vec![vec![0]], limits);
    let Some(trap) = trap(&job) else { return };
    assert!(matches!(trap, Trap::OutOfSteps { span, .. } if span.start == 1));
}
