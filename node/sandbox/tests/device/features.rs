//! Every feature of the language runs on a device, and ends as its kernel says.

use arknet_workload::testing::corpus::features;

use crate::harness::runner;

#[test]
fn every_feature_runs_on_the_device_as_documented() {
    let Some(runner) = runner() else { return };
    let semantics = include_str!("../../../../docs/semantics.md");
    for case in features() {
        let execution = runner.run(&case.job());
        let execution = execution.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        case.check(&execution.execution.buffers);
        let feature = case.feature.expect("features have a name");
        let row = format!("| {feature} | yes | yes |");
        assert!(semantics.contains(&row), "no row `{row}`");
    }
}
