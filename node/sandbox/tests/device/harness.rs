//! The device under test, and jobs made from the text form.

use std::sync::OnceLock;
use std::time::Duration;

use arknet_sandbox::{GpuExecution, RunError, Selection, WgpuRunner};
use arknet_workload::interpreter;
use arknet_workload::ir::{Workload, text};
use arknet_workload::job::{Execution, Job, Limits, Trap};
use arknet_workload::testing::numbered;

/// The device that the tests share. `None` where the environment says to do without.
///
/// Having no device is a failure, so that nobody takes a green run for a tested backend.
pub(crate) fn runner() -> Option<&'static WgpuRunner> {
    static RUNNER: OnceLock<Option<WgpuRunner>> = OnceLock::new();
    RUNNER.get_or_init(open).as_ref()
}

/// A device for one test alone.
pub(crate) fn open() -> Option<WgpuRunner> {
    if std::env::var("ARKNET_SKIP_WGPU").is_ok_and(|value| value == "1") {
        eprintln!("NOT TESTED: ARKNET_SKIP_WGPU=1");
        return None;
    }
    let runner = WgpuRunner::new(Selection::Any).unwrap_or_else(|error| {
        panic!(
            "{error}\nThese tests need an adapter: run `ci/install-mesa` and source `.mesa/env`, or set \
             ARKNET_SKIP_WGPU=1 to do without."
        )
    });
    eprintln!("device: {}", runner.adapter());
    Some(runner)
}

pub(crate) const LIMITS: Limits = Limits {
    steps: 100_000,
    memory: 1 << 28,
    time: Duration::from_secs(60),
};

pub(crate) fn workload(source: &str) -> Workload {
    Workload::new(text::parse(source).unwrap()).unwrap()
}

pub(crate) fn job(source: &str, workgroups: [u32; 3], buffers: Vec<Vec<u32>>) -> Job {
    Job::new(workload(source), workgroups, buffers, LIMITS).unwrap()
}

/// A job whose instructions have spans that tell them apart.
pub(crate) fn job_with_spans(
    source: &str,
    workgroups: [u32; 3],
    buffers: Vec<Vec<u32>>,
    limits: Limits,
) -> Job {
    let program = text::parse(source).unwrap();
    Job::new(numbered(program), workgroups, buffers, limits).unwrap()
}

/// What a run gives, whichever backend it ran on.
pub(crate) type Outcome = Result<Execution, Trap>;

pub(crate) fn interpret(job: &Job) -> Outcome {
    interpreter::run(job).map_err(|error| match error {
        interpreter::RunError::Trap(trap) => trap,
        error @ (interpreter::RunError::OverTime { .. }
        | interpreter::RunError::OutOfMemory { .. }) => {
            panic!("the interpreter gave up: {error}")
        }
    })
}

pub(crate) fn execute(runner: &WgpuRunner, job: &Job) -> Outcome {
    match runner.run(job) {
        Ok(GpuExecution { execution, .. }) => Ok(execution),
        Err(RunError::Trap(trap)) => Err(trap),
        Err(error) => panic!("{error}\n{}", text::print(job.workload().program())),
    }
}

/// Runs a job on both and gives what both gave. `None` without a device.
pub(crate) fn both(job: &Job) -> Option<Outcome> {
    let runner = runner()?;
    let expected = interpret(job);
    let got = execute(runner, job);
    assert_eq!(got, expected, "{}", text::print(job.workload().program()));
    Some(got)
}
