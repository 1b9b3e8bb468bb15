//! How long a child lives: as long as it is wanted, and its node.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use arknet_node::task::{Act, Ended, FailureKind, Placement, TaskSpec};
use arknet_receipt::Preset;
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Folder, end, end_or, kind, program};

const RUN: Act = Act::Run {
    on: Placement::Cpu,
    reference: false,
};

/// The processes that another started.
fn children(of: u32) -> Vec<u32> {
    let of = of.to_string();
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let (_, fields) = stat.rsplit_once(") ")?;
            let mut fields = fields.split(' ');
            let (state, parent) = (fields.next()?, fields.next()?);
            (parent == of && state != "Z").then_some(pid)
        })
        .collect()
}

/// The child that works in a folder.
fn child_in(folder: &Folder) -> u32 {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let found = children(std::process::id()).into_iter().find(|pid| {
            fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == folder.path())
        });
        if let Some(pid) = found {
            return pid;
        }
        assert!(Instant::now() < deadline, "there is no child");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn is_gone(pid: u32) -> bool {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        let state = fs::read_to_string(format!("/proc/{pid}/stat"));
        if state.is_err() || state.is_ok_and(|state| state.contains(") Z ")) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

#[tokio::test]
async fn a_cancelled_child_is_ended_at_once() {
    let folder = Folder::slow();
    let started = tokio::sync::Notify::new();
    let start = Instant::now();
    let ended = end_or(
        &program(),
        &folder.spec(RUN),
        &mut |_| started.notify_one(),
        started.notified(),
    )
    .await;
    assert_eq!(ended, Ended::Cancelled);
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_phase_ends_by_its_deadline() {
    let folder = Folder::slow();
    let mut spec = folder.spec(Act::Prove {
        preset: Preset::S100,
    });
    spec.deadlines.executing = Duration::from_millis(300);
    assert!(matches!(
        kind(end(&program(), &spec).await),
        FailureKind::TimedOut(Some(_))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_child_is_a_failed_attempt() {
    let folder = Folder::slow();
    let spec = folder.spec(RUN);
    let attempt = tokio::spawn(async move { end(&program(), &spec).await });
    kill(child_in(&folder));
    assert_eq!(kind(attempt.await.unwrap()), FailureKind::Crashed);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_child_that_nobody_wants() {
    let folder = Folder::slow();
    let spec = folder.spec(RUN);
    let attempt = tokio::spawn(async move { end(&program(), &spec).await });
    let child = child_in(&folder);
    attempt.abort();
    assert!(is_gone(child));
}

#[test]
fn a_child_dies_with_its_node() {
    let folder = Folder::slow();
    let spec: TaskSpec = folder.spec(RUN);
    let mut node = Command::new(env!("CARGO_BIN_EXE_arknet-node-child"))
        .arg(serde_json::to_string(&spec).unwrap())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let child = loop {
        if let Some(child) = children(node.id()).first() {
            break *child;
        }
        assert!(Instant::now() < deadline, "there is no child");
    };
    // Until it has asked the kernel for this, it dies of its empty standard input.
    node.kill().unwrap();
    node.wait().unwrap();
    assert!(is_gone(child));
}
