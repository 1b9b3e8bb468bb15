//! The checklist.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::daemon::Operator;

fn findings(text: &str) -> Vec<(String, String)> {
    let report: Value = serde_json::from_str(text).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    findings
        .iter()
        .map(|finding| (text(&finding["check"]), text(&finding["verdict"])))
        .collect()
}

#[test]
fn a_new_node_is_well_and_so_is_one_that_runs() {
    let operator = Operator::new();
    let outcome = operator.run(&["doctor"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stdout.contains("✓ config"), "{outcome:#?}");
    let node = operator.start();
    let outcome = operator.run(&["doctor", "--json"]).expect(0);
    let found = findings(&outcome.stdout);
    for check in [
        "config",
        "data folder",
        "keys",
        "database",
        "audit log",
        "log",
        "clock",
        "device",
    ] {
        let good = (check.to_owned(), "good".to_owned());
        assert!(found.contains(&good), "no `{check}` in {found:?}");
    }
    assert_eq!(node.stop(), Some(0));
}

#[test]
fn a_fault_is_named_with_its_cure_and_is_the_exit_code() {
    let operator = Operator::new();
    let key = operator.file("data/keys/node.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("my own file");
    let outcome = operator.run(&["doctor"]).expect(8);
    assert!(outcome.stdout.contains("✗ keys"), "{outcome:#?}");
    assert!(outcome.stdout.contains("chmod 600"), "{outcome:#?}");
    let outcome = operator.run(&["doctor", "--json"]).expect(8);
    let found = findings(&outcome.stdout);
    assert!(
        found.contains(&("keys".to_owned(), "bad".to_owned())),
        "{found:?}"
    );
}
