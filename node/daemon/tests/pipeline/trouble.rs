//! Attempts that fail on the node's side.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use arknet_node::task::Program;
use arknet_protocol::api::DeviceState;
use arknet_protocol::{JobKind, JobState, Reason};

use crate::harness::{COLLATZ, World};

/// A child that does what a script does.
fn script(world: &World, body: &str) -> Program {
    let path = world.path().join("script");
    fs::write(&path, format!("#!/bin/bash\n{body}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    Program::at(path)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_keeps_failing_is_drained_and_the_job_given_up() {
    let mut world = World::new();
    world.program = script(&world, "kill -SEGV $$");
    let node = world.start().await;
    let request = world.request(&node, COLLATZ, JobKind::Run).await;
    let id = world.submit(&node, request).await;
    let job = node.wait_for(id, JobState::Failed).await.summary;
    assert_eq!((job.reason, job.attempt), (Some(Reason::ProviderFailed), 3));
    let detail = job.detail.unwrap();
    assert!(
        detail.contains("3 attempts") && detail.contains("crashed"),
        "{detail}"
    );
    node.wait_for_device(DeviceState::Drained).await;
    let device = &node.store.devices().await.unwrap()[0];
    assert_eq!(device.failures, 3);
    assert!(
        device
            .reason
            .as_ref()
            .unwrap()
            .contains("3 failures in a row")
    );

    // It gets nothing until it is back.
    let request = world.request(&node, COLLATZ, JobKind::Run).await;
    let waiting = world.submit(&node, request).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let summary = node.store.job(waiting).await.unwrap().unwrap().summary;
    assert_eq!((summary.state, summary.attempt), (JobState::Queued, 1));
    let cpu = node.scheduler.devices()[0].fingerprint.unwrap();
    node.scheduler.restore(cpu).await;
    node.wait_for(waiting, JobState::Failed).await;
    node.scheduler.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_attempt_is_made_again() {
    let mut world = World::new();
    let flag = world.path().join("tried");
    let honest = env!("CARGO_BIN_EXE_arknet-node-child");
    let body = format!(
        "if [ -e {0} ]; then exec env -i ARKNET_PART=task {honest}; fi; touch {0}; kill -SEGV $$",
        flag.display()
    );
    world.program = script(&world, &body);
    let node = world.start().await;
    let request = world.request(&node, COLLATZ, JobKind::Run).await;
    let id = world.submit(&node, request).await;
    let job = node.wait_for(id, JobState::Done).await.summary;
    assert_eq!(job.attempt, 2);
    assert_eq!(node.store.devices().await.unwrap()[0].failures, 0);
    node.scheduler.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_does_not_verify_is_never_published() {
    let mut world = World::new();
    let honest = env!("CARGO_BIN_EXE_arknet-node-child");
    // The output is changed before the node sees it.
    let body = format!(
        "told=$(cat); printf %s \"$told\" | env -i ARKNET_PART=task {honest}
         status=$?
         case $told in *'\"act\":\"verify\"'*) ;; *) printf '\\001' | dd of=out/buffer-made conv=notrunc status=none;; esac
         exit $status"
    );
    world.program = script(&world, &body);
    world.drain_after = 2;
    let node = world.start().await;
    let request = world.request(&node, COLLATZ, JobKind::Run).await;
    let id = world.submit(&node, request).await;
    node.wait_for_device(DeviceState::Drained).await;
    let job = node.store.job(id).await.unwrap().unwrap();
    assert_eq!(
        (job.summary.state, job.summary.attempt),
        (JobState::Queued, 3)
    );
    assert_eq!((job.summary.leaf, job.outputs.len()), (None, 0));
    assert_eq!(node.store.leaf_count().await.unwrap(), 0);
    let device = &node.store.devices().await.unwrap()[0];
    assert!(device.reason.is_some(), "{device:?}");
    node.scheduler.stop().await;
}
