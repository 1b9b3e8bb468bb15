//! Making a node.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::daemon::Operator;
use crate::arknet::Folder;

#[test]
fn everything_is_made_once_and_secrets_are_for_their_owner() {
    let operator = Operator::new();
    let secrets = [
        operator.file("data/keys/node.key"),
        operator.file("data/keys/log.key"),
        operator.user.file("client.key"),
        operator.user.file("profiles/default.toml"),
    ];
    for secret in &secrets {
        let mode = fs::metadata(secret).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", secret.display());
    }
    let config = fs::read_to_string(operator.file("arknet.toml")).expect("text");
    assert!(config.contains("version = 1") && config.contains("# listen = "));
    let before: Vec<Vec<u8>> = secrets.iter().map(|path| fs::read(path).unwrap()).collect();

    let outcome = operator.init(&["--json"]).expect(0);
    let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(answer["wrote"], serde_json::json!([]));
    assert_eq!(answer["kept"].as_array().map(Vec::len), Some(4));
    let after: Vec<Vec<u8>> = secrets.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(before == after);
}

#[test]
fn what_comes_next_is_said() {
    let operator = Operator::new();
    fs::remove_file(operator.user.file("profiles/default.toml")).expect("a profile");
    let outcome = operator.init(&[]).expect(0);
    for part in ["arknet node --config", "arknet submit", "arknet doctor"] {
        assert!(outcome.stdout.contains(part), "no `{part}`: {outcome:#?}");
    }
}

#[test]
fn a_second_node_gets_a_profile_of_its_own() {
    let operator = Operator::new();
    let second = Folder::new("", "");
    let path = second.path().to_str().expect("a plain path");
    let outcome = operator
        .user
        .run(&["node", "init", "--dir", path, "--json"])
        .expect(0);
    let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let name = answer["profile"].as_str().expect("a name");
    assert!(name.starts_with("node-"), "{name}");
    let shown = operator.user.run(&["profile", "show", name]).expect(0);
    let node = answer["node"].as_str().expect("a key");
    assert!(shown.stdout.contains(node), "{shown:#?}");
    let first = operator.user.read("profiles/default.toml");
    assert!(!first.contains(node));
}
