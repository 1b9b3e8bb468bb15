//! Random programs do the same on a device as in the interpreter. `ARKNET_FUZZ_CASES` sets how many.

use std::cell::Cell;

use arknet_sandbox::RunError;
use arknet_workload::interpreter;
use arknet_workload::job::{Job, Trap};
use arknet_workload::testing::{RandomJob, Shape, jobs};
use proptest::prelude::ProptestConfig;
use proptest::test_runner::{TestCaseError, TestError, TestRunner};

use crate::harness::{number, runner};

/// Programs that each test tries at least.
const CASES: u32 = 200;

/// Tries random jobs of a shape.
fn try_jobs(shape: Shape, check: impl Fn(&Job) -> Result<(), TestCaseError>) {
    let cases = std::env::var("ARKNET_FUZZ_CASES").map_or(CASES, |cases| {
        cases
            .parse()
            .expect("ARKNET_FUZZ_CASES must be a number of programs")
    });
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 500,
        ..ProptestConfig::default()
    };
    let tried = TestRunner::new(config).run(&jobs(shape), |RandomJob(job)| {
        let numbered = number(job.workload().program().clone());
        let buffers = job.buffers().to_vec();
        let workgroups = job.dispatch().workgroups();
        check(&Job::new(numbered, workgroups, buffers, *job.limits()).unwrap())
    });
    match tried {
        Ok(()) => {}
        Err(TestError::Fail(reason, job)) => panic!("{reason}\n{job:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

/// Outputs, steps, and every part of a trap.
fn agrees_with_the_interpreter(shape: Shape) {
    let Some(runner) = runner() else { return };
    let outcomes = Cell::new([0; 3]);
    try_jobs(shape, |job| {
        let (kind, expected) = match interpreter::run(job) {
            Ok(execution) => (0, Ok(execution)),
            // An index that leaves its memory may also hit another invocation's word.
            Err(interpreter::RunError::Trap(Trap::Race { .. })) => return Ok(()),
            Err(interpreter::RunError::Trap(trap)) => (
                match trap {
                    Trap::OutOfBounds { .. } => 1,
                    _ => 2,
                },
                Err(RunError::Trap(trap)),
            ),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let mut counts = outcomes.get();
        counts[kind] += 1;
        outcomes.set(counts);
        let got = runner.run(job).map(|run| run.execution);
        if got == expected {
            return Ok(());
        }
        Err(TestCaseError::fail(format!(
            "the device gave {got:?}, the interpreter {expected:?}"
        )))
    });
    let [finished, out_of_bounds, out_of_steps] = outcomes.get();
    eprintln!("{finished} finished, {out_of_bounds} out of bounds, {out_of_steps} out of steps");
    assert!(finished > 0 && out_of_bounds + out_of_steps > 0);
}

#[test]
fn random_jobs_agree_with_the_interpreter() {
    agrees_with_the_interpreter(Shape {
        trap_percent: 50,
        race_percent: 0,
        ..Shape::default()
    });
}

#[test]
fn random_jobs_that_share_agree_with_the_interpreter() {
    let shape = Shape {
        trap_percent: 20,
        race_percent: 0,
        ..Shape::default()
    };
    agrees_with_the_interpreter(shape.with_sharing());
}

/// A race has no meaning, but it must not harm: the run ends with a result or a typed error.
fn ends(shape: Shape) {
    let Some(runner) = runner() else { return };
    try_jobs(shape, |job| match runner.run(job) {
        Ok(_) | Err(RunError::Trap(_) | RunError::Unrepeatable { .. }) => Ok(()),
        Err(error) => Err(TestCaseError::fail(error.to_string())),
    });
}

#[test]
fn racy_jobs_end() {
    ends(Shape {
        race_percent: 100,
        ..Shape::default()
    });
}

#[test]
fn racy_jobs_that_share_end() {
    let shape = Shape {
        race_percent: 100,
        trap_percent: 30,
        ..Shape::default()
    };
    ends(shape.with_sharing());
}
