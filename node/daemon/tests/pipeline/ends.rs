//! Jobs that have no result, by what they are or by what their client wants.

use std::time::Duration;

use arknet_node::store::UnixMillis;
use arknet_protocol::api::DeviceState;
use arknet_protocol::{JobKind, JobState, Reason};

use crate::harness::{COLLATZ, SLOW, TRAPS, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_traps_fails_with_its_place() {
    let world = World::new();
    let node = world.start().await;
    let request = world.request(&node, TRAPS, JobKind::Prove).await;
    let id = world.submit(&node, request).await;
    let job = node.wait_for(id, JobState::Failed).await.summary;
    assert_eq!((job.reason, job.attempt), (Some(Reason::Trapped), 1));
    let detail = job.detail.unwrap();
    assert!(detail.contains("kernel.wgsl:4"), "{detail}");
    // The device did nothing wrong.
    assert_eq!(node.store.devices().await.unwrap()[0].failures, 0);
    node.scheduler.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_frees_its_device() {
    let world = World::new();
    let node = world.start().await;
    let request = world.request(&node, SLOW, JobKind::Run).await;
    let slow = world.submit(&node, request).await;
    node.wait_for(slow, JobState::Executing).await;
    let request = world.request(&node, COLLATZ, JobKind::Run).await;
    let next = world.submit(&node, request).await;
    let client = Some(world.client.public());
    let now = UnixMillis::now();
    node.store.cancel(now, slow, client).await.unwrap();
    node.wait_for(next, JobState::Done).await;
    let job = node.wait_for(slow, JobState::Cancelled).await.summary;
    assert_eq!(job.reason, Some(Reason::ByClient));
    node.scheduler.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_ends_at_its_deadline() {
    let world = World::new();
    let node = world.start().await;
    let mut request = world.request(&node, SLOW, JobKind::Run).await;
    request.options.deadline = Some(UnixMillis::now().seconds() + 3);
    let id = world.submit(&node, request).await;
    node.wait_for(id, JobState::Executing).await;
    let job = node.wait_for(id, JobState::Expired).await.summary;
    assert_eq!(job.reason, Some(Reason::DeadlinePassed));
    node.wait_for_device(DeviceState::Idle).await;
    node.scheduler.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_ends_queues_again_what_it_does_not_finish() {
    let mut world = World::new();
    world.grace = Duration::from_millis(100);
    let node = world.start().await;
    let request = world.request(&node, SLOW, JobKind::Run).await;
    let id = world.submit(&node, request).await;
    node.wait_for(id, JobState::Executing).await;
    let store = node.store.clone();
    node.scheduler.stop().await;
    let job = store.job(id).await.unwrap().unwrap().summary;
    assert_eq!((job.state, job.attempt), (JobState::Queued, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_in_work_is_taken_up_again_after_a_crash() {
    let world = World::new();
    let node = world.start().await;
    let request = world.request(&node, SLOW, JobKind::Run).await;
    let id = world.submit(&node, request).await;
    node.wait_for(id, JobState::Executing).await;
    node.crash().await;
    let node = world.start().await;
    let again = node
        .wait(id, |job| {
            job.summary.attempt == 2 && job.summary.state == JobState::Executing
        })
        .await;
    assert_eq!(again.summary.leaf, None);
    node.store
        .cancel(UnixMillis::now(), id, None)
        .await
        .unwrap();
    node.scheduler.stop().await;
}
