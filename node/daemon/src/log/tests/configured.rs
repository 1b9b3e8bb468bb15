//! The log as the configuration has it.

use super::*;
use crate::config::Config;

#[test]
fn the_configuration_names_the_files_and_the_witnesses() {
    let node = Node::new();
    let witness = witness_key(1).public().to_string();
    let config = |log: &str| {
        let text = format!(
            "version = 1\n[node]\ndata = {:?}\n[log]\n{log}",
            node.path("")
        );
        Config::parse(&node.path("arknet.toml"), &text, []).unwrap()
    };
    let all = format!(
        "origin = \"node.example/log\"\nwitnesses = [\"{witness} https://witness.example/a\"]"
    );
    let found = LogConfig::of_node(&config(&all)).unwrap();
    assert_eq!(found.folder, node.path("log"));
    assert_eq!(found.record, node.path("keys/log.signed"));
    assert_eq!(found.key.public(), node.config().key.public());
    assert_eq!(found.witnesses[0].key.to_string(), witness);
    assert_eq!(found.witnesses[0].url, "https://witness.example/a");
    let refused = |log: &str| LogConfig::of_node(&config(log)).unwrap_err();
    assert!(matches!(
        refused("origin = \"other.example\""),
        LogError::OtherOrigin { .. }
    ));
    assert!(matches!(
        refused("witnesses = [\"non+sense+key https://w\"]"),
        LogError::WitnessKey { .. }
    ));
}
