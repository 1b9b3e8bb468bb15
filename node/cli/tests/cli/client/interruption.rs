//! Interrupting a client that waits.

#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::fake::{Conduct, FakeNode};
use super::submission::{folder, path};
use super::user::User;

#[test]
fn the_first_interruption_says_how_to_go_on_and_the_second_leaves() {
    let folder = folder();
    let node = FakeNode::start(folder.path(), Conduct::Endless);
    let user = User::of(&node);
    let mut child = user
        .command(&["submit", path(&folder), "--wait"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    while !node.asked().iter().any(|line| line.ends_with("/events")) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let id = child.id().to_string();
    let interrupt = || {
        let status = Command::new("kill").args(["-INT", &id]).status();
        assert!(status.expect("kill runs").success());
    };
    interrupt();
    let first = lines.next().expect("a line").expect("text");
    let go_on = format!("arknet jobs watch {}", node.job());
    assert!(first.contains(&go_on), "{first}");
    interrupt();
    let last = lines.next().expect("a line").expect("text");
    assert!(last.contains("goes on without this"), "{last}");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
}
