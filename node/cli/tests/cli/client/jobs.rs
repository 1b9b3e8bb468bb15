//! Jobs after they were submitted.

use serde_json::Value;

use super::fake::{Conduct, FakeNode};
use super::submission::{folder, path};
use super::user::User;

#[test]
fn a_job_can_be_left_and_fetched_later() {
    let folder = folder();
    let node = FakeNode::start(folder.path(), Conduct::Honest);
    let user = User::of(&node);
    let outcome = user
        .run(&["submit", path(&folder), "--kind", "run"])
        .expect(0);
    let id = node.job();
    let next = format!("arknet jobs fetch {id}");
    assert!(outcome.stdout.contains(&next), "{outcome:#?}");
    user.run(&["jobs", "fetch", &id])
        .expect(8)
        .says(&["is executing"]);
    let outcome = user.run(&["jobs", "watch", &id]).expect(0);
    assert!(outcome.stdout.contains("done"), "{outcome:#?}");
    assert!(!folder.file("data.out").exists());
    user.run(&["jobs", "fetch", &id]).expect(0);
    assert_eq!(folder.words("data.out"), [0, 0, 1, 3]);

    // The job has changed since: the receipt is not about it.
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    folder.write("job.toml", job.replace("steps = 1000", "steps = 999"));
    user.run(&["jobs", "fetch", &id]).expect(1).says(&["steps"]);
    user.run(&["jobs", "fetch", &"0".repeat(32)])
        .expect(2)
        .says(&["was not submitted from here"]);
}

#[test]
fn jobs_are_listed_and_shown() {
    let folder = folder();
    let node = FakeNode::start(folder.path(), Conduct::Honest);
    let user = User::of(&node);
    let outcome = user.run(&["jobs", "list"]).expect(0);
    assert!(outcome.stdout.contains("no jobs"), "{outcome:#?}");
    user.run(&["submit", path(&folder)]).expect(0);
    let outcome = user.run(&["jobs", "list"]).expect(0);
    assert!(outcome.stdout.contains(&node.job()), "{outcome:#?}");
    let outcome = user.run(&["jobs", "show", &node.job(), "--json"]).expect(0);
    let shown: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(shown["job"]["kind"], "prove");
    user.run(&["jobs", "cancel", &node.job()])
        .expect(8)
        .says(&["it cannot be cancelled"]);
}

#[test]
fn a_token_is_asked_for() {
    let folder = folder();
    let node = FakeNode::start(folder.path(), Conduct::Honest);
    let user = User::new();
    user.run(&["jobs", "list", "--node", &node.address])
        .expect(8)
        .says(&["arknet token create"]);
}
