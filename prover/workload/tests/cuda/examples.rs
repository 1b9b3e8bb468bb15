//! The project's examples, from their WGSL on.

use std::path::Path;

use arknet_workload::job::folder;
use arknet_workload::testing::processor::execute;
use arknet_workload::testing::{Outcome, interpret};
use arknet_workload::wgsl::{self, FrontEndLimits};

#[test]
fn the_examples_agree_with_the_interpreter() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let jobs: Vec<_> = examples
        .read_dir()
        .unwrap()
        .map(|entry| {
            let folder = folder::load(&entry.unwrap().path()).unwrap();
            let limits = FrontEndLimits::default();
            let workload = wgsl::compile(folder.source(), folder.entry(), &limits).unwrap();
            folder.assemble(workload).unwrap().job().clone()
        })
        .collect();
    assert!(jobs.len() >= 4);
    let outcomes = execute(&jobs).unwrap();
    for (job, outcomes) in jobs.iter().zip(outcomes) {
        let expected = interpret(job);
        assert!(matches!(expected, Outcome::Finished(_)));
        for outcome in outcomes {
            assert!(outcome == expected, "{}", job.workload());
        }
    }
}
