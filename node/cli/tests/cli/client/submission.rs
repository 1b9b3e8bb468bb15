//! Submitting a job: what is sent, what is kept, and what is written.

use serde_json::Value;

use super::fake::{Conduct, FakeNode};
use super::user::User;
use crate::arknet::{Folder, arknet};

pub(crate) const KERNEL: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    for (var i = 0u; i < id.x; i++) { data[id.x] += i; }
}
";

pub(crate) fn folder() -> Folder {
    Folder::with_data(KERNEL, 4, 4)
}

pub(crate) fn path(folder: &Folder) -> &str {
    folder.path().to_str().expect("a plain path")
}

#[test]
fn a_result_is_checked_and_then_written() {
    let folder = folder();
    let node = FakeNode::start(folder.path(), Conduct::Honest);
    let user = User::of(&node);
    let receipt = user.file("receipt");
    let receipt = receipt.to_str().expect("a plain path");
    let arguments = [
        "submit",
        path(&folder),
        "--wait",
        "--kind",
        "run",
        "--replay",
        "--receipt",
        receipt,
        "--json",
    ];
    let outcome = user.run(&arguments).expect(0);
    let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(answer["id"], node.job());
    assert_eq!(answer["node"]["pinned"], true);
    assert_eq!(answer["result"]["basis"], "signature");
    assert_eq!(answer["result"]["endorsement"]["log"]["size"], 1);
    assert_eq!(folder.words("data.out"), [0, 0, 1, 3]);
    // Whoever has the receipt and the request can check it without a node.
    let request = user.file(&format!("state/jobs/{}/request.json", node.job()));
    assert_eq!(
        std::fs::read(&request).expect("a request"),
        node.submitted()[0]
    );
    arknet([
        "verify",
        receipt,
        path(&folder),
        "--provider",
        &node.key(),
        "--log-key",
        &node.log_key(),
        "--request",
        request.to_str().expect("a plain path"),
    ])
    .expect(0);
}

#[test]
fn people_are_told_that_a_signature_is_no_proof() {
    let folder = folder();
    let node = FakeNode::start(folder.path(), Conduct::Honest);
    let user = User::of(&node);
    let outcome = user
        .run(&["submit", path(&folder), "--wait", "--kind", "run"])
        .expect(0);
    for part in [
        "SIGNED, NOT PROVEN",
        "node.example/log has it",
        "not kept",
        &node.job(),
    ] {
        assert!(outcome.stdout.contains(part), "no `{part}`: {outcome:#?}");
    }
}

#[test]
fn what_is_refused_here_is_not_sent() {
    let bad = Folder::with_data(&KERNEL.replace("u32>", "f32>"), 4, 4);
    let node = FakeNode::start(folder().path(), Conduct::Honest);
    let user = User::of(&node);
    let before = node.asked().len();
    user.run(&["submit", path(&bad), "--wait"])
        .expect(3)
        .says(&["kernel.wgsl:4"]);
    assert_eq!(node.asked().len(), before);

    let greedy = folder();
    let job = greedy.read("job.toml");
    let job = String::from_utf8(job).expect("text");
    greedy.write("job.toml", job.replace("1MiB", "2MiB"));
    user.run(&["submit", path(&greedy)])
        .expect(2)
        .says(&["at most 1.0 MiB is allowed"]);
    assert!(node.submitted().is_empty());
    let device = "00".repeat(32);
    user.run(&["submit", path(&folder()), "--device", &device])
        .expect(2)
        .says(&["jobs for this device"]);
}

#[test]
fn a_broken_connection_makes_no_second_job() {
    let folder = folder();
    let node = FakeNode::start(folder.path(), Conduct::Forgetful);
    let user = User::of(&node);
    user.run(&["submit", path(&folder), "--wait", "--kind", "run"])
        .expect(0);
    let submitted = node.submitted();
    assert_eq!(submitted.len(), 2);
    assert_eq!(submitted[0], submitted[1]);
    // The next submission is another job, and what the node has is not sent again.
    let puts = |node: &FakeNode| {
        let asked = node.asked();
        asked.iter().filter(|line| line.starts_with("PUT")).count()
    };
    let before = puts(&node);
    assert_eq!(before, 1);
    user.run(&["submit", path(&folder), "--kind", "run"])
        .expect(0);
    assert_eq!(puts(&node), before);
    assert_ne!(node.submitted()[2], submitted[0]);
}

#[test]
fn a_client_without_a_key_gets_one_and_is_told() {
    let folder = folder();
    let node = FakeNode::start(folder.path(), Conduct::Honest);
    let user = User::new();
    let submit = ["submit", path(&folder), "--node", &node.address];
    let outcome = user.run(&submit).expect(0);
    assert!(outcome.stdout.contains("a new key"), "{outcome:#?}");
    assert!(
        outcome.stdout.contains("no profile knows it"),
        "{outcome:#?}"
    );
    let outcome = user.run(&submit).expect(0);
    assert!(!outcome.stdout.contains("a new key"), "{outcome:#?}");
    let key = user.read("client.key");
    assert!(key.starts_with("arknet-secret-key-1 "));
}

#[test]
fn a_node_that_is_not_there_is_said_so() {
    let folder = folder();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let user = User::new();
    user.run(&["submit", path(&folder), "--node", &address])
        .expect(8)
        .says(&["cannot reach", "is the node running"]);
    assert!(!folder.file("data.out").exists());
}

#[test]
fn how_a_job_ended_is_the_exit_code() {
    let folder = folder();
    let node = FakeNode::start(folder.path(), Conduct::Trapping);
    let user = User::of(&node);
    let outcome = user
        .run(&["submit", path(&folder), "--wait"])
        .expect(4)
        .says(&["is failed (trapped): out of bounds\\u{1b}[2J"]);
    assert!(!outcome.stderr.contains('\u{1b}'));
}
