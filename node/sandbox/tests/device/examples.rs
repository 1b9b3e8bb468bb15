//! The project's examples, from their WGSL on.

use std::path::Path;

use arknet_workload::job::folder;
use arknet_workload::wgsl::{self, FrontEndLimits};

use crate::harness::both;

#[test]
fn the_examples_agree_with_the_interpreter() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut tried = 0;
    for entry in examples.read_dir().unwrap() {
        let folder = folder::load(&entry.unwrap().path()).unwrap();
        let limits = FrontEndLimits::default();
        let workload = wgsl::compile(folder.source(), folder.entry(), &limits).unwrap();
        let job = folder.assemble(workload).unwrap();
        let Some(outcome) = both(job.job()) else {
            return;
        };
        outcome.unwrap();
        tried += 1;
    }
    assert!(tried >= 4);
}
