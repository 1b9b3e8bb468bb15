//! NVIDIA's compiler takes what is emitted, for old devices and new; where there is a GPU, its results are the
//! interpreter's. `ci/install-cuda-nvrtc` provides the compiler, which needs no GPU.

mod compile;
mod run;

use std::path::Path;

use arknet_workload::job::{Job, folder};
use arknet_workload::testing::{RandomJob, Shape, jobs};
use arknet_workload::wgsl::{self, FrontEndLimits};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// The jobs of the project's examples.
fn examples() -> Vec<Job> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let jobs = examples.read_dir().unwrap().map(|entry| {
        let folder = folder::load(&entry.unwrap().path()).unwrap();
        let limits = FrontEndLimits::default();
        let workload = wgsl::compile(folder.source(), folder.entry(), &limits).unwrap();
        folder.assemble(workload).unwrap().job().clone()
    });
    jobs.collect()
}

/// Random jobs, others each time; `ARKNET_FUZZ_CASES` sets how many.
fn random(shape: Shape, count: usize) -> Vec<RandomJob> {
    let count = std::env::var("ARKNET_FUZZ_CASES").map_or(count, |count| {
        let count = count.parse();
        count.expect("ARKNET_FUZZ_CASES must be a number of programs")
    });
    let mut runner = TestRunner::default();
    let strategy = jobs(shape);
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}
