//! Jobs from the text form, held against the interpreter.

use std::time::Duration;

use arknet_workload::emit::cuda;
use arknet_workload::ir::text;
use arknet_workload::job::{Job, Limits};
use arknet_workload::testing::processor::execute;
use arknet_workload::testing::{Outcome, interpret, numbered};

pub(crate) const LIMITS: Limits = Limits {
    steps: 100_000,
    memory: 1 << 28,
    time: Duration::from_secs(60),
};

pub(crate) fn job(source: &str, workgroups: [u32; 3], buffers: Vec<Vec<u32>>) -> Job {
    job_with_limits(source, workgroups, buffers, LIMITS)
}

pub(crate) fn job_with_limits(
    source: &str,
    workgroups: [u32; 3],
    buffers: Vec<Vec<u32>>,
    limits: Limits,
) -> Job {
    let workload = numbered(text::parse(source).unwrap());
    Job::new(workload, workgroups, buffers, limits).unwrap()
}

/// Runs jobs, holds all outcomes of each against the interpreter, and gives what it gave.
pub(crate) fn check_all(jobs: &[Job]) -> Vec<Outcome> {
    let outcomes = execute(jobs).unwrap_or_else(|objection| {
        let text = objection.job.map(|job| shown(&jobs[job]));
        panic!("{objection}\n{}", text.unwrap_or_default())
    });
    let check = |(job, outcomes)| {
        let expected = interpret(job);
        for outcome in outcomes {
            assert_eq!(outcome, expected, "{}", shown(job));
        }
        expected
    };
    jobs.iter().zip(outcomes).map(check).collect()
}

/// The same for one job.
pub(crate) fn check(job: &Job) -> Outcome {
    check_all(std::slice::from_ref(job)).remove(0)
}

fn shown(job: &Job) -> String {
    format!("{}\n{}", job.workload(), cuda(job.workload()).source)
}
