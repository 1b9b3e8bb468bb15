//! Results on a GPU, where there is one.

use std::sync::OnceLock;

use arknet_sandbox::cuda::CudaRunner;
use arknet_sandbox::{BackendError, RunError};
use arknet_workload::interpreter;
use arknet_workload::job::{Job, Trap};
use arknet_workload::testing::Shape;

use crate::{examples, random};

/// Random jobs of each kind that are run.
const CASES: usize = 200;

/// The GPU. `None` where there is none, unless the environment says that there must be.
fn gpu() -> Option<&'static CudaRunner> {
    static RUNNER: OnceLock<Option<CudaRunner>> = OnceLock::new();
    let open = || match CudaRunner::new() {
        Ok(runner) => Some(runner),
        Err(error) => {
            let required = std::env::var("ARKNET_REQUIRE_CUDA").is_ok_and(|value| value == "1");
            assert!(!required, "{error}");
            eprintln!("NOT TESTED: {error}");
            None
        }
    };
    RUNNER.get_or_init(open).as_ref()
}

/// Holds a GPU's result against the interpreter's.
fn check(runner: &CudaRunner, job: &Job) {
    let expected = match interpreter::run(job) {
        Ok(execution) => Ok(execution),
        // A race has no meaning, but it must not harm.
        Err(interpreter::RunError::Trap(Trap::Race { .. })) => {
            return match runner.run(job) {
                Ok(_) | Err(RunError::Trap(_) | RunError::Unrepeatable { .. }) => {}
                Err(error) => panic!("{error}\n{}", job.workload()),
            };
        }
        Err(interpreter::RunError::Trap(trap)) => Err(RunError::Trap(trap)),
        Err(error) => panic!("{error}"),
    };
    let got = runner.run(job).map(|run| run.execution);
    assert_eq!(got, expected, "{}", job.workload());
}

#[test]
fn the_examples_agree_with_the_interpreter() {
    let Some(runner) = gpu() else { return };
    for job in examples() {
        check(runner, &job);
    }
}

#[test]
fn random_jobs_agree_with_the_interpreter() {
    let Some(runner) = gpu() else { return };
    let shape = Shape {
        trap_percent: 30,
        race_percent: 0,
        ..Shape::default()
    };
    for shape in [shape, shape.with_sharing()] {
        for job in random(shape, CASES) {
            check(runner, &job);
        }
    }
}

#[test]
fn without_a_gpu_the_error_says_what_is_missing() {
    match CudaRunner::new() {
        Ok(runner) => assert_eq!(runner.adapter().backend, "CUDA"),
        Err(BackendError::NoCuda { reason }) => assert!(reason.contains("NVIDIA"), "{reason}"),
        Err(error) => panic!("{error}"),
    }
}
