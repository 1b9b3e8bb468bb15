//! Random WGSL kernels, whose results are known without the front end or the interpreter.
//! `ARKNET_RANDOM_KERNELS` sets how many.

use arknet_workload::job::Job;
use arknet_workload::testing::kernel::RandomKernel;

use crate::harness::{Outcome, execute};

/// Kernels that are tried at least, from the first seed on.
const CASES: u64 = 60;

#[test]
fn random_wgsl_kernels_leave_what_they_should() {
    let cases = std::env::var("ARKNET_RANDOM_KERNELS").map_or(CASES, |cases| {
        let cases = cases.parse();
        cases.expect("ARKNET_RANDOM_KERNELS must be a number of kernels")
    });
    // A kernel over a limit of the front end is refused, and another takes its place.
    let drawn: Vec<(RandomKernel, Job)> = (0..)
        .map(RandomKernel::of)
        .filter_map(|kernel| kernel.job().ok().map(|job| (kernel, job)))
        .take(cases as usize)
        .collect();
    let jobs: Vec<Job> = drawn.iter().map(|(_, job)| job.clone()).collect();
    let outcomes = execute(&jobs).unwrap_or_else(|error| panic!("{error}"));
    for ((kernel, _), outcomes) in drawn.iter().zip(outcomes) {
        for outcome in outcomes {
            let Outcome::Finished(execution) = outcome else {
                panic!("{outcome:?}\nseed {}\n{}", kernel.seed, kernel.source);
            };
            let (seed, source) = (kernel.seed, &kernel.source);
            assert!(execution.buffers == kernel.after, "seed {seed}\n{source}");
        }
    }
}
