//! The node as it is configured and started, and what keeps it from starting.

use std::path::Path;

use arknet_node::config::Config;
use arknet_node::log;
use arknet_node::node::{Node, NodeError};
use arknet_protocol::KeyPair;
use arknet_protocol::api::NodeInfo;

use crate::wire;

fn config(folder: &Path) -> Config {
    let text = "version = 1\n[http]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[devices]\nbackends = [\"cpu\"]\n";
    Config::parse(&folder.join("arknet.toml"), text, []).unwrap()
}

fn make_key(config: &Config) -> KeyPair {
    std::fs::create_dir_all(config.keys()).unwrap();
    let key = KeyPair::generate().unwrap();
    key.save_new(&config.keys().join("node.key")).unwrap();
    log::create_key(
        &config.keys().join("log.key"),
        &log::default_origin(&key.public()),
    )
    .unwrap();
    key
}

#[tokio::test]
async fn a_configured_node_answers_and_ends_and_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let key = make_key(&config);
    for _ in 0..2 {
        let node = Node::start(&config).await.unwrap();
        assert_eq!(node.key(), key.public());
        let address = node.url().strip_prefix("http://").unwrap().parse().unwrap();
        let info: NodeInfo = wire::call(address, "GET", "/v1/node", &[], b"")
            .await
            .json(200);
        assert_eq!(info.node, key.public());
        assert!(info.log.is_some());
        let checkpoint = wire::call(address, "GET", "/log/checkpoint", &[], b"").await;
        assert_eq!(checkpoint.status, 200);
        let live = wire::call(node.admin(), "GET", "/live", &[], b"").await;
        assert_eq!(live.status, 200);
        // A second node on the same folder would spoil both.
        let second = Node::start(&config).await.err().unwrap();
        assert!(matches!(second, NodeError::Lock(_)), "{second}");
        node.stop().await;
    }
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    std::fs::create_dir_all(&config.node.data).unwrap();
    let error = Node::start(&config).await.err().unwrap().to_string();
    assert!(
        error.contains("node.key") && error.contains("arknet node init"),
        "{error}"
    );
}
