//! Workers that turn against their parent, and jobs that tell them how.

use std::time::Duration;

use arknet_sandbox::{GpuExecution, Program, RunError, Selection, Worker, WorkerSettings};
use arknet_workload::ir::{Workload, text};
use arknet_workload::job::{Job, Limits};

use crate::acts::{Act, SUCCEEDED};

/// How to start workers. `None` where the environment says to do without a device; having none is a failure otherwise.
pub(crate) fn settings() -> Option<WorkerSettings> {
    if std::env::var("ARKNET_SKIP_WGPU").is_ok_and(|value| value == "1") {
        eprintln!("NOT TESTED: ARKNET_SKIP_WGPU=1");
        return None;
    }
    Some(WorkerSettings {
        program: Program::at(env!("CARGO_BIN_EXE_arknet-hostile-worker")),
        selection: Selection::Any,
        memory: 64 << 20,
        ..WorkerSettings::default()
    })
}

/// A worker with all walls that are required.
pub(crate) fn start() -> Option<Worker> {
    let worker = Worker::start(&settings()?).unwrap_or_else(|error| {
        panic!(
            "{error}\nThese tests need an adapter: run `ci/install-mesa` and source `.mesa/env`, or set \
             ARKNET_SKIP_WGPU=1 to do without."
        )
    });
    Some(worker)
}

pub(crate) const LIMITS: Limits = Limits {
    steps: 1_000_000,
    memory: 1 << 30,
    time: Duration::from_secs(1),
};

/// An honest job, with time enough on a busy machine.
pub(crate) fn job(source: &str, buffers: Vec<Vec<u32>>) -> Job {
    let limits = Limits {
        time: Duration::from_secs(60),
        ..LIMITS
    };
    job_within(limits, source, buffers)
}

fn job_within(limits: Limits, source: &str, buffers: Vec<Vec<u32>>) -> Job {
    let workload = Workload::new(text::parse(source).unwrap()).unwrap();
    Job::new(workload, [1, 1, 1], buffers, limits).unwrap()
}

/// A job that tells its worker to do something.
pub(crate) fn order(act: Act, argument: u32) -> Job {
    let limits = Limits {
        time: match act {
            // Using up memory takes its time.
            Act::Allocate | Act::AllocateShared => Duration::from_secs(60),
            _ => LIMITS.time,
        },
        ..LIMITS
    };
    job_within(
        limits,
        r#"workload workgroup_size(1, 1, 1)
        memory m0 "act": input binding(0, 0) runtime
        memory m1 "outcome": output binding(0, 1) runtime
        body {}"#,
        vec![vec![act as u32, argument], vec![0]],
    )
}

/// An ordinary job, and its result: 7 + 5.
pub(crate) fn sum() -> Job {
    job(
        r#"workload workgroup_size(1, 1, 1)
        memory m0 "data": output binding(0, 0) runtime
        body {
            %0: u32 = const 0
            %1: u32 = const 1
            %2: u32 = load m0[%0]
            %3: u32 = load m0[%1]
            %4: u32 = add %2, %3
            store m0[%0] = %4
        }"#,
        vec![vec![7, 5]],
    )
}

pub(crate) fn assert_works(worker: &mut Worker) {
    let ran = worker.run(&sum()).unwrap();
    assert_eq!(ran.execution.buffers, [[12, 5]]);
}

/// Has a fresh worker do something, and checks that the parent goes on as before.
pub(crate) fn attempt(act: Act, argument: u32) -> Option<Result<u32, RunError>> {
    let mut worker = start()?;
    let result = worker.run(&order(act, argument));
    let came_back = result.is_ok();
    assert_eq!(worker.is_usable(), came_back, "{act:?}: {result:?}");
    if came_back {
        assert_works(&mut worker);
    } else {
        // Nothing is left of it.
        let process = worker.process_id();
        drop(worker);
        let left = std::path::Path::new("/proc").join(process.to_string());
        assert!(!left.exists(), "{act:?} outlived its end");
        assert_works(&mut start()?);
    }
    Some(result.map(|GpuExecution { execution, .. }| {
        let word = execution.buffers[1][0];
        assert_ne!(word, SUCCEEDED, "{act:?} got through");
        word
    }))
}
