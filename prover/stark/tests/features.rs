//! Every feature of the language is proven and verified.

use std::collections::BTreeMap;

use arknet_receipt::{Preset, Receipt, verify};
use arknet_stark::prove;
use arknet_workload::testing::corpus::{Case, features};

/// Proves a feature's job, verifies the receipt, and has it refused with other outputs.
fn prove_and_verify(case: &Case) {
    let job = case.job();
    let proven = prove(&job, Preset::S100, &mut |_, _| ());
    let proven = proven.unwrap_or_else(|error| panic!("{}: {error}", case.name));
    case.check(&proven.outputs);
    let receipt = Receipt::decode(&proven.receipt.encode()).unwrap();
    verify(&receipt, &job, &proven.outputs).unwrap_or_else(|no| panic!("{}: {no}", case.name));
    for buffer in 0..proven.outputs.len() {
        let mut changed = proven.outputs.clone();
        changed[buffer][0] ^= 1;
        let verdict = verify(&receipt, &job, &changed);
        assert!(verdict.is_err(), "{}: buffer {buffer}", case.name);
    }
}

/// The columns `prove` and `verify` of the table of features.
fn documented() -> BTreeMap<&'static str, [&'static str; 2]> {
    include_str!("../../../docs/semantics.md")
        .lines()
        .skip_while(|line| !line.starts_with("| feature |"))
        .skip(2)
        .map_while(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|row| {
            let cells: Vec<&str> = row.split(" | ").collect();
            assert_eq!(cells.len(), 6, "{row}");
            (cells[0], [cells[4], cells[5]])
        })
        .collect()
}

#[test]
fn every_feature_is_proven_and_verified_as_documented() {
    let documented = documented();
    for case in features() {
        if let Some(feature) = case.feature {
            prove_and_verify(&case);
            let cells = documented.get(feature);
            assert_eq!(cells, Some(&["yes"; 2]), "{feature}");
        }
    }
}
