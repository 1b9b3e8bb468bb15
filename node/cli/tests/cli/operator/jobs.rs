//! A job from a client through a node and back.

use serde_json::Value;

use super::daemon::Operator;
use crate::arknet::{Folder, arknet};

const KERNEL: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var x = data[id.x];
    for (var i = 0u; i < 4u; i++) { x = (x * 5u + 1u) ^ (x >> 3u); }
    data[id.x] = x;
}
";

#[test]
fn a_job_is_proven_logged_checked_and_fetched_again() {
    let operator = Operator::new();
    let node = operator.start();
    let folder = Folder::with_data(KERNEL, 1, 4);
    let path = folder.path().to_str().expect("a plain path");
    let receipt = operator.file("job.receipt");
    let receipt = receipt.to_str().expect("a plain path");
    let connection = ["--profile", "default", "--node", &node.url];
    let run = |arguments: &[&str]| operator.user.run(&[arguments, &connection].concat());

    let outcome = run(&["submit", path, "--wait", "--receipt", receipt, "--json"]).expect(0);
    let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(answer["result"]["basis"], "proof");
    assert_eq!(answer["result"]["endorsement"]["log"]["size"], 1);
    assert_eq!(answer["job"]["log_index"], 0);
    let id = answer["id"].as_str().expect("an id");

    // Whoever was told the keys can check it without the node.
    let key = answer["node"]["key"].as_str().expect("a key");
    let profile = operator
        .user
        .run(&["profile", "show", "default", "--json"])
        .expect(0);
    let profile: Value = serde_json::from_str(&profile.stdout).expect("JSON");
    let log = profile["log_key"].as_str().expect("a key");
    let request = operator.user.file(&format!("state/jobs/{id}/request.json"));
    let request = request.to_str().expect("a plain path");
    arknet([
        "verify",
        receipt,
        path,
        "--provider",
        key,
        "--log-key",
        log,
        "--request",
        request,
    ])
    .expect(0);

    let words = folder.words("data.out");
    std::fs::remove_file(folder.file("data.out")).expect("an output");
    run(&["jobs", "fetch", id]).expect(0);
    assert_eq!(folder.words("data.out"), words);
    let listed = run(&["jobs", "list", "--state", "done"]).expect(0).stdout;
    assert!(listed.contains(id), "{listed}");

    // A run of the same job is another entry.
    let outcome = run(&["submit", path, "--wait", "--kind", "run", "--json"]).expect(0);
    let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(answer["result"]["basis"], "signature");
    assert_eq!(answer["job"]["log_index"], 1);
    assert_eq!(node.stop(), Some(0));
}

#[test]
fn a_kernel_that_traps_there_is_said_here() {
    let operator = Operator::new();
    let node = operator.start();
    let trapping = KERNEL.replace("data[id.x] = x", "data[id.x + 1u] = x");
    let folder = Folder::with_data(&trapping, 1, 4);
    let path = folder.path().to_str().expect("a plain path");
    operator
        .user
        .run(&[
            "submit",
            path,
            "--wait",
            "--profile",
            "default",
            "--node",
            &node.url,
        ])
        .expect(4)
        .says(&["trapped"]);
}
