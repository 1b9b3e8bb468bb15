//! The node against its own description, by Schemathesis (`ci/install-schemathesis`): what it generates from the description
//! and against it must never make the node fail, and every answer must be one that the description knows.

use std::path::Path;

use arknet_node::abuse::Thresholds;
use arknet_protocol::{BlobDigest, KeyPair};
use serde_json::Value;
use tokio::process::Command;

use crate::node::{KERNEL, Knobs, start};
use crate::wire;

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,unsupported_method,allow_header_conformance,ignored_auth";

#[tokio::test]
async fn every_route_is_served_as_described() {
    let node = start(Knobs::default()).await;
    let answer = wire::call(node.public, "GET", "/openapi.json", &[], b"").await;
    let document: Value = answer.json(200);
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 12);
    for (path, item) in paths {
        let id = KeyPair::from_seed([1; 32]).unwrap().public().to_string();
        let concrete = path
            .replace("{id}", &id[8..40])
            .replace("{digest}", &BlobDigest::of(b"").to_string())
            .replace("{name}", "out");
        for method in item.as_object().unwrap().keys() {
            let method = method.to_ascii_uppercase();
            let answer = wire::call(node.public, &method, &concrete, &[], b"").await;
            let expected = if path == "/v1/node" { 200 } else { 401 };
            assert_eq!(answer.status, expected, "{method} {path}");
        }
    }
    node.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let packages = root.join(".schemathesis/lib");
    if !packages.is_dir() {
        let required = std::env::var_os("ARKNET_REQUIRE_SCHEMATHESIS").is_some();
        assert!(
            !required,
            "Schemathesis is not there: run ci/install-schemathesis"
        );
        println!("not tested: Schemathesis is not there (ci/install-schemathesis)");
        return;
    }
    // It calls as often as it can, and much of what it says is wrong by intention.
    let lenient = Thresholds {
        throttle: 1e12,
        quarantine: 1e13,
        ..Thresholds::default()
    };
    let node = start(Knobs {
        thresholds: lenient,
        streams_per_client: 64,
        ..Knobs::default()
    })
    .await;
    let client = node.ready_client(2).await;
    let job = node.accepted(&client).await;
    node.finish(&client, job, b"four").await;
    let folder = tempfile::tempdir().unwrap();
    // Some calls are to find what they ask for.
    let config = format!(
        "[parameters]\n\"path.id\" = \"{job}\"\n\"path.name\" = \"out\"\n\"path.digest\" = \"{}\"\n",
        BlobDigest::of(KERNEL)
    );
    for found in [false, true] {
        let name = folder.path().join("schemathesis.toml");
        std::fs::write(&name, if found { config.as_str() } else { "" }).unwrap();
        let output = Command::new("python3")
            .arg(packages.join("bin/st"))
            .arg("--config-file")
            .arg(&name)
            .args(["run", &format!("http://{}/openapi.json", node.public)])
            .args(["--header", &format!("Authorization: {}", client.bearer())])
            .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"])
            .args(["--max-examples", "25", "--seed", "1", "--workers", "1"])
            .args([
                "--request-timeout",
                "30",
                "--suppress-health-check",
                "all",
                "--continue-on-failure",
            ])
            .env("PYTHONPATH", &packages)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("NO_COLOR", "1")
            .current_dir(folder.path())
            .output()
            .await
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}\n{errors}");
        println!(
            "{}",
            text.lines().rev().take(12).collect::<Vec<_>>().join("\n")
        );
    }
    assert_eq!(
        wire::call(node.public, "GET", "/v1/node", &[], b"")
            .await
            .status,
        200
    );
    node.end().await;
}
