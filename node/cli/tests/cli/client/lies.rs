//! A node that lies is found out, and nothing of what it says is written.

use super::fake::{Conduct, FakeNode};
use super::submission::{folder, path};
use super::user::User;

fn refused(conduct: Conduct, more: &[&str], says: &str) {
    let folder = folder();
    let node = FakeNode::start(folder.path(), conduct);
    let user = User::of(&node);
    let receipt = user.file("receipt");
    let mut arguments = vec![
        "submit",
        path(&folder),
        "--wait",
        "--receipt",
        receipt.to_str().expect("a plain path"),
    ];
    arguments.extend(more);
    user.run(&arguments).expect(1).says(&[says]);
    assert!(!receipt.exists());
    assert!(!folder.file("data.out").exists());
    // Later it is no better.
    user.run(&["jobs", "fetch", &node.job()])
        .expect(1)
        .says(&[says]);
    assert!(!folder.file("data.out").exists());
}

#[test]
fn outputs_that_the_receipt_is_not_about() {
    refused(Conduct::OtherOutput, &["--kind", "run"], "does not hold");
    refused(
        Conduct::ShortOutput,
        &["--kind", "run"],
        "8 bytes for `data`",
    );
}

#[test]
fn receipts_that_are_none() {
    refused(Conduct::NoReceipt, &["--kind", "run"], "does not hold");
}

#[test]
fn signatures_of_others() {
    refused(
        Conduct::OtherProvider,
        &["--kind", "run"],
        "its provider is",
    );
    refused(Conduct::ForgedSignature, &["--kind", "run"], "not that of");
}

#[test]
fn receipts_for_other_requests() {
    refused(
        Conduct::OtherRequest,
        &["--kind", "run"],
        "it answers the request",
    );
}

#[test]
fn receipts_that_no_log_has() {
    refused(Conduct::Unlogged, &["--kind", "run"], "no inclusion proof");
    refused(
        Conduct::OtherLog,
        &["--kind", "run"],
        "inclusion proof does not hold",
    );
}

#[test]
fn a_signature_where_a_proof_was_asked_for() {
    refused(Conduct::Honest, &[], "a proof was asked for");
}

#[test]
fn a_run_that_was_not_repeated() {
    let more = ["--kind", "run", "--replay"];
    refused(Conduct::NotReplayed, &more, "should have been repeated");
}

#[test]
fn another_node_than_the_profile_knows() {
    let folder = folder();
    let known = FakeNode::start(folder.path(), Conduct::Honest);
    let other = FakeNode::start(folder.path(), Conduct::Honest);
    let user = User::of(&known);
    user.run(&[
        "submit",
        path(&folder),
        "--profile",
        "default",
        "--node",
        &other.address,
    ])
    .expect(8)
    .says(&["is another one", &known.key(), &other.key()]);
    assert!(other.submitted().is_empty());
}
