//! Honest jobs do not hit the walls: what a driver does for them is what was foreseen.

use std::path::Path;

use arknet_sandbox::{CompileLimits, RunError, Worker};
use arknet_workload::interpreter;
use arknet_workload::job::{Job, folder};
use arknet_workload::testing::{RandomJob, Shape, jobs};
use arknet_workload::wgsl::{self, FrontEndLimits};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::harness::{job, start};

/// Runs a job in a worker, and in the interpreter; whatever comes out is the same.
#[track_caller]
fn assert_same(worker: &mut Worker, job: &Job) {
    let expected = interpreter::run(job);
    match (worker.run(job), expected) {
        (Ok(ran), Ok(execution)) => assert_eq!(ran.execution, execution),
        (Err(RunError::Trap(trap)), Err(interpreter::RunError::Trap(expected))) => {
            assert_eq!(trap, expected);
        }
        (got, expected) => panic!("{got:?}\ninstead of {expected:?}"),
    }
    assert!(worker.is_usable());
}

#[test]
fn examples_run() {
    let Some(mut worker) = start() else { return };
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut tried = 0;
    for entry in examples.read_dir().unwrap() {
        let folder = folder::load(&entry.unwrap().path()).unwrap();
        let limits = FrontEndLimits::default();
        let workload = wgsl::compile(folder.source(), folder.entry(), &limits).unwrap();
        let job = folder.assemble(workload).unwrap();
        assert_same(&mut worker, job.job());
        tried += 1;
    }
    assert!(tried >= 4);
}

#[test]
fn random_jobs_run_and_trap() {
    let Some(mut worker) = start() else { return };
    let shape = Shape {
        trap_percent: 30,
        race_percent: 0,
        ..Shape::default()
    };
    let mut random = TestRunner::deterministic();
    for _ in 0..40 {
        let RandomJob(job) = jobs(shape).new_tree(&mut random).unwrap().current();
        if let Err(interpreter::RunError::Trap(trap)) = interpreter::run(&job)
            && matches!(trap, arknet_workload::job::Trap::Race { .. })
        {
            continue;
        }
        assert_same(&mut worker, &job);
    }
}

/// Drivers compile these in a way of their own.
#[test]
fn workgroups_meet() {
    let Some(mut worker) = start() else { return };
    let meeting = job(
        r#"workload workgroup_size(64, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        memory m1 "sum": output binding(0, 1) 1
        memory m2 "own": shared 64
        body {
            %0: u32 = builtin local_invocation_index
            %1: u32 = const 63
            %2: u32 = const 0
            %3: u32 = load m0[%0]
            store m2[%0] = %3
            barrier workgroup
            %4: u32 = sub %1, %0
            %5: u32 = load m2[%4]
            store m0[%0] = %5
            atomic add m1[%2], %3
        }"#,
        vec![(0..64).collect(), vec![0]],
    );
    let ran = worker.run(&meeting).unwrap();
    let reversed: Vec<u32> = (0..64).rev().collect();
    assert_eq!(ran.execution.buffers, [reversed, vec![2016]]);
}

#[test]
fn the_largest_kernels_and_buffers_fit() {
    let Some(mut worker) = start() else { return };
    let nesting = CompileLimits::default().nesting;
    let mut body = String::from("%0: u32 = const 0 %1: u32 = load m0[%0] %2: bool = cast %1\n");
    body.push_str(&"if %2 {\n".repeat(nesting));
    body.push_str("store m0[%0] = %0\n");
    body.push_str(&"} else { store m0[%0] = %1 }\n".repeat(nesting));
    let source = format!(
        r#"workload workgroup_size(1, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        body {{ {body} }}"#
    );
    assert_same(&mut worker, &job(&source, vec![vec![5]]));
    // All the memory that the workers of these tests take.
    let words = (64 << 20) / 4;
    assert_same(&mut worker, &job(&source, vec![vec![5; words]]));
}
