//! Every feature of the language is proven and verified, or refused with the documented reason.

use std::collections::BTreeMap;

use arknet_air::CompileError;
use arknet_receipt::{Preset, Receipt, verify};
use arknet_stark::{ProveError, prove};
use arknet_workload::testing::corpus::{Case, features};

/// Why a feature has no receipt; `None` where it has one.
fn outcome(case: &Case) -> Option<&'static str> {
    let job = case.job();
    let proven = match prove(&job, Preset::S100, &mut |_, _| ()) {
        Ok(proven) => proven,
        Err(ProveError::Compile(CompileError::Unprovable { what })) => return Some(what),
        Err(error) => panic!("{}: {error}", case.name),
    };
    case.check(&proven.outputs);
    let receipt = Receipt::decode(&proven.receipt.encode()).unwrap();
    verify(&receipt, &job, &proven.outputs).unwrap_or_else(|no| panic!("{}: {no}", case.name));
    for buffer in 0..proven.outputs.len() {
        let mut changed = proven.outputs.clone();
        changed[buffer][0] ^= 1;
        let verdict = verify(&receipt, &job, &changed);
        assert!(verdict.is_err(), "{}: buffer {buffer}", case.name);
    }
    None
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
fn every_feature_is_proven_and_verified_or_refused_as_documented() {
    let documented = documented();
    let wrong: Vec<String> = features()
        .iter()
        .filter_map(|case| {
            let feature = case.feature?;
            let cell = match outcome(case) {
                None => "yes".to_owned(),
                Some(reason) => format!("refused: {reason}"),
            };
            let expected = [
                cell.as_str(),
                if cell == "yes" { "yes" } else { "no receipt" },
            ];
            let found = documented.get(feature).copied().unwrap_or_default();
            (found != expected).then(|| format!("| {feature} | {} | {}", expected[0], expected[1]))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
