//! Children that were taken over, as far as the node can see.

use std::time::{Duration, Instant};

use arknet_node::task::{Act, Ended, FailureKind, TaskSpec};

use crate::harness::{Folder, end, failure, kind};

const DONE: &str = r#"{"done":{"device":"d","races_checked":true,"steps":1,"invocations":1,"cells":0,"bits":0,"executing_ms":1,"proving_ms":0,"verifying_ms":0,"claim":"0000000000000000000000000000000000000000000000000000000000000000"}}"#;

fn spec(folder: &Folder) -> TaskSpec {
    let mut spec = folder.spec(Act::Verify);
    spec.deadlines.starting = Duration::from_secs(2);
    spec.deadlines.executing = Duration::from_secs(2);
    spec
}

/// What a child that does this comes to.
async fn says(body: &str) -> Ended {
    let folder = Folder::collatz();
    let program = folder.script(body);
    let start = Instant::now();
    let ended = end(&program, &spec(&folder)).await;
    assert!(start.elapsed() < Duration::from_secs(20), "{body}");
    ended
}

#[tokio::test]
async fn an_honest_script_is_believed() {
    let ended = says(&format!("cat > /dev/null; echo '{DONE}'")).await;
    assert!(matches!(ended, Ended::Done(_)), "{ended:?}");
}

#[tokio::test]
async fn nonsense_ends_the_child() {
    for body in [
        "echo hello",
        "yes | tr -d '\\n'",
        "yes '{\"progress\":{\"phase\":\"executing\",\"percent\":1}}'",
        "head -c 100000000 /dev/zero",
        "echo '{\"progress\":{\"phase\":\"proving\",\"percent\":1}}'
         echo '{\"progress\":{\"phase\":\"executing\",\"percent\":1}}'
         sleep 100",
        "printf '{\"progress\"'",
        &format!("echo '{DONE}'; echo more"),
        &format!("echo '{DONE}'; echo '{DONE}'"),
        &format!("echo '{DONE}'; sleep 100"),
    ] {
        assert_eq!(kind(says(body).await), FailureKind::Unbelievable, "{body}");
    }
}

#[tokio::test]
async fn silence_and_endless_work_end() {
    assert_eq!(kind(says("sleep 100").await), FailureKind::TimedOut(None));
    let stuck = "echo '{\"progress\":{\"phase\":\"executing\",\"percent\":1}}'; sleep 100";
    assert!(matches!(
        kind(says(stuck).await),
        FailureKind::TimedOut(Some(_))
    ));
}

#[tokio::test]
async fn a_child_that_ends_badly_has_no_result() {
    assert_eq!(kind(says("exit 0").await), FailureKind::Crashed);
    assert_eq!(kind(says("kill -SEGV $$").await), FailureKind::Crashed);
    let after = format!("echo '{DONE}'; exit 3");
    assert_eq!(kind(says(&after).await), FailureKind::Crashed);
    let memory = "echo 'memory allocation of 123 bytes failed' >&2; kill -ABRT $$";
    assert_eq!(kind(says(memory).await), FailureKind::OutOfMemory);
}

#[tokio::test]
async fn standard_error_is_kept_in_part_and_without_escapes() {
    let flood =
        "head -c 10000000 /dev/zero | tr '\\0' x >&2; printf 'last\\033[2J words' >&2; exit 1";
    let failure = failure(says(flood).await);
    assert!(failure.stderr.ends_with("last?[2J words"));
    assert!(failure.stderr.len() <= 8 << 10);
}

#[tokio::test]
async fn what_a_child_leaves_behind_is_ended_with_it() {
    let folder = Folder::collatz();
    let left = folder.path().join("left");
    let body = format!("(sleep 3; touch {}) & echo '{DONE}'", left.display());
    // The one that stays holds the pipe open.
    let program = folder.script(&body);
    assert_eq!(
        kind(end(&program, &spec(&folder)).await),
        FailureKind::Unbelievable
    );
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(!left.exists());
}
