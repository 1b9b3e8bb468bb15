//! The way of a job, and everything that is refused on it.

use arknet_protocol::{BufferContents, JobState, Reason};

use super::number;
use crate::store::testing::{ADMISSION, Bench, DEVICE, NOON};
use crate::store::{ChangeError, Edge, End, Fence, JobFilter, News, Quota, Quotas, RetryError};

fn failed(detail: &str) -> End {
    End {
        reason: Some(Reason::ProviderFailed),
        detail: Some(detail.to_owned()),
        device_millis: 10,
    }
}

#[tokio::test]
async fn a_job_goes_its_whole_way_and_is_told_about() {
    let bench = Bench::new().await;
    let mut news = bench.store.listen();
    let job = bench.job(1).await;
    bench.verify(job).await;
    let sealing = bench.sealing(b"result").await;
    let index = bench
        .store
        .seal(NOON, job, 1, sealing.clone())
        .await
        .unwrap();
    assert_eq!(index, 0);
    let receipt = bench.give_blob(&bench.client, b"receipt").await;
    bench.store.finish(NOON, job, 1, receipt).await.unwrap();

    let done = bench.store.job(job).await.unwrap().unwrap();
    assert_eq!(done.summary.state, JobState::Done);
    assert_eq!(done.summary.leaf, Some(0));
    assert_eq!(done.summary.receipt, Some(receipt));
    assert_eq!(done.summary.device_millis, 1500);
    assert_eq!(
        done.outputs,
        [("data".to_owned(), sealing.outputs[0].digest, 6)]
    );
    assert_eq!(bench.store.leaf_count().await.unwrap(), 1);
    assert_eq!(
        bench.store.leaves(0..9).await.unwrap()[0].bytes,
        sealing.leaf
    );
    let usage = bench.store.usage(bench.client.public(), 9).await.unwrap();
    assert_eq!(usage, [(20_000, 1500, 1)]);

    let way = [
        JobState::Queued,
        JobState::Executing,
        JobState::Proving,
        JobState::Verifying,
        JobState::Done,
    ];
    let events = bench.store.events(job, 0).await.unwrap();
    assert_eq!(
        events.iter().map(|event| event.state).collect::<Vec<_>>(),
        way
    );
    for event in &events {
        assert_eq!(news.recv().await.unwrap(), News::Event(event.clone()));
    }
    let rest = bench.store.events(job, events[2].number).await.unwrap();
    assert_eq!(rest, events[3..]);

    // Once more, as after a crash between the change and its answer.
    bench.store.finish(NOON, job, 1, receipt).await.unwrap();
    assert_eq!(bench.store.events(job, 0).await.unwrap().len(), way.len());
}

#[tokio::test]
async fn who_was_left_behind_changes_nothing() {
    let bench = Bench::new().await;
    let job = bench.job(1).await;
    bench.start(job).await;
    let old = bench.fence(job).await;
    let attempt = bench
        .store
        .requeue(NOON, old, failed("lost"), NOON)
        .await
        .unwrap();
    assert_eq!(attempt, 2);
    bench.start(job).await;
    let stale = |result: Result<(), ChangeError>| {
        assert!(
            matches!(result, Err(ChangeError::Stale { attempt: 2, .. })),
            "{result:?}"
        );
    };
    let store = &bench.store;
    stale(store.advance(NOON, old, JobState::Proving).await);
    stale(store.end(NOON, old, JobState::Failed, failed("x")).await);
    stale(
        store
            .requeue(NOON, old, failed("x"), NOON)
            .await
            .map(|_| ()),
    );
    stale(store.claim(NOON, job, 1, DEVICE, ADMISSION.quotas).await);
    let sealing = bench.sealing(b"result").await;
    stale(store.seal(NOON, job, 1, sealing).await.map(|_| ()));
    stale(
        store
            .finish(NOON, job, 1, arknet_protocol::BlobDigest([0; 32]))
            .await,
    );
    assert_eq!(number(&bench, "SELECT device_millis FROM jobs"), 10);
    assert_eq!(store.leaf_count().await.unwrap(), 0);
}

#[tokio::test]
async fn only_what_may_follow_follows() {
    let bench = Bench::new().await;
    let job = bench.job(1).await;
    let queued = bench.fence(job).await;
    let store = &bench.store;
    let refused = |result: Result<(), ChangeError>| {
        assert!(
            matches!(result, Err(ChangeError::NotAllowed { .. })),
            "{result:?}"
        );
    };
    refused(store.advance(NOON, queued, JobState::Proving).await);
    refused(store.advance(NOON, queued, JobState::Executing).await);
    refused(
        store
            .end(NOON, queued, JobState::Done, End::default())
            .await,
    );
    refused(
        store
            .requeue(NOON, queued, End::default(), NOON)
            .await
            .map(|_| ()),
    );
    bench.verify(job).await;
    let receipt = bench.give_blob(&bench.client, b"receipt").await;
    // Not without a leaf.
    refused(store.finish(NOON, job, 1, receipt).await);
    let unstored = crate::store::Sealing {
        draft: arknet_protocol::BlobDigest([3; 32]),
        ..bench.sealing(b"result").await
    };
    assert!(store.seal(NOON, job, 1, unstored).await.is_err());
    assert_eq!(store.leaf_count().await.unwrap(), 0);
    let missing = Fence {
        job: arknet_protocol::JobId([0; 16]),
        ..queued
    };
    let result = store.advance(NOON, missing, JobState::Proving).await;
    assert!(matches!(result, Err(ChangeError::NoSuchJob(_))));
}

#[tokio::test]
async fn a_sealed_job_can_only_be_done() {
    let bench = Bench::new().await;
    let job = bench.job(1).await;
    bench.verify(job).await;
    let sealing = bench.sealing(b"result").await;
    let store = &bench.store;
    assert_eq!(store.seal(NOON, job, 1, sealing.clone()).await.unwrap(), 0);
    assert_eq!(store.seal(NOON, job, 1, sealing.clone()).await.unwrap(), 0);
    let other = crate::store::Sealing {
        leaf: b"another".to_vec(),
        ..sealing
    };
    assert!(matches!(
        store.seal(NOON, job, 1, other).await,
        Err(ChangeError::Sealed(_))
    ));
    assert_eq!(store.leaf_count().await.unwrap(), 1);
    let fence = bench.fence(job).await;
    let sealed = |result: Result<(), ChangeError>| {
        assert!(matches!(result, Err(ChangeError::Sealed(_))), "{result:?}");
    };
    sealed(store.end(NOON, fence, JobState::Failed, failed("x")).await);
    sealed(
        store
            .requeue(NOON, fence, failed("x"), NOON)
            .await
            .map(|_| ()),
    );
    sealed(store.cancel(NOON, job, None).await.map(|_| ()));
    let recovered = store.recover(NOON).await.unwrap();
    assert_eq!(recovered.sealed, [(job, 1)]);
    assert_eq!(bench.fence(job).await, fence);
    // What it took was charged once.
    assert_eq!(number(&bench, "SELECT device_millis FROM usage"), 1500);
}

#[tokio::test]
async fn a_node_that_starts_takes_up_what_was_in_work() {
    let bench = Bench::new().await;
    let (waiting, running, checking) = (bench.job(1).await, bench.job(2).await, bench.job(3).await);
    bench.start(running).await;
    bench.verify(checking).await;
    let recovered = bench.store.recover(NOON).await.unwrap();
    assert_eq!(recovered.requeued, [running, checking]);
    assert_eq!(
        (
            bench.fence(waiting).await.attempt,
            bench.fence(running).await.attempt
        ),
        (1, 2)
    );
    // A job that takes the node with it three times is given up.
    for _ in 0..2 {
        bench.start(running).await;
        bench.store.recover(NOON).await.unwrap();
    }
    let job = bench.store.job(running).await.unwrap().unwrap().summary;
    assert_eq!(
        (job.state, job.reason),
        (JobState::Failed, Some(Reason::ProviderFailed))
    );
    assert!(job.detail.unwrap().contains("ended 3 times"));
    // Its client may ask again.
    let client = Some(bench.client.public());
    let attempt = bench
        .store
        .retry(NOON, running, client, ADMISSION)
        .await
        .unwrap();
    assert_eq!(attempt, 4);
    bench.start(running).await;
    assert_eq!(bench.store.recover(NOON).await.unwrap().requeued, [running]);
}

#[tokio::test]
async fn cancel_and_retry_are_the_clients_own() {
    let bench = Bench::new().await;
    let job = bench.job(1).await;
    let store = &bench.store;
    let (client, stranger) = (Some(bench.client.public()), Some(bench.node.public()));
    assert!(matches!(
        store.cancel(NOON, job, stranger).await,
        Err(ChangeError::NoSuchJob(_))
    ));
    assert_eq!(
        store.cancel(NOON, job, client).await.unwrap(),
        JobState::Queued
    );
    assert!(matches!(
        store.cancel(NOON, job, client).await,
        Err(ChangeError::NotAllowed { .. })
    ));
    let refused = store.retry(NOON, job, stranger, ADMISSION).await;
    assert!(matches!(
        refused,
        Err(RetryError::Change(ChangeError::NoSuchJob(_)))
    ));
    assert_eq!(store.retry(NOON, job, client, ADMISSION).await.unwrap(), 2);
    let refused = store.retry(NOON, job, client, ADMISSION).await;
    assert!(matches!(
        refused,
        Err(RetryError::Change(ChangeError::NotAllowed { .. }))
    ));
    store.cancel(NOON, job, None).await.unwrap();
    let mut full = ADMISSION;
    full.quotas.queued = 0;
    let refused = store.retry(NOON, job, client, full).await;
    assert!(matches!(refused, Err(RetryError::Accept(_))), "{refused:?}");
}

#[tokio::test]
async fn quotas_hold_when_jobs_are_started() {
    let bench = Bench::new().await;
    let (first, second) = (bench.job(1).await, bench.job(2).await);
    let one = Quotas {
        running: 1,
        ..ADMISSION.quotas
    };
    let store = &bench.store;
    let queue = store.queue(NOON, one, 1).await.unwrap();
    assert_eq!(queue.len(), 1, "one for each client");
    assert_eq!(queue[0].job.id, first);
    store.claim(NOON, first, 1, DEVICE, one).await.unwrap();
    let refused = store.claim(NOON, second, 1, DEVICE, one).await;
    assert!(matches!(refused, Err(ChangeError::AtQuota(Quota::Running))));
    assert_eq!(store.queue(NOON, one, 9).await.unwrap(), []);
    let fence = bench.fence(first).await;
    let later = NOON.plus(5000);
    store
        .requeue(NOON, fence, failed("x"), later)
        .await
        .unwrap();
    let ids =
        |queue: Vec<crate::store::Candidate>| queue.iter().map(|it| it.job.id).collect::<Vec<_>>();
    assert_eq!(ids(store.queue(NOON, one, 9).await.unwrap()), [second]);
    assert_eq!(
        ids(store.queue(later, one, 9).await.unwrap()),
        [first, second]
    );
    let spent = Quotas {
        device_seconds: 0,
        ..one
    };
    assert_eq!(store.queue(later, spent, 9).await.unwrap(), []);
}

#[tokio::test]
async fn outputs_that_become_inputs_are_lineage() {
    let bench = Bench::new().await;
    let mut jobs = Vec::new();
    for step in 0..3_u8 {
        let mut request = bench.request(step);
        if step > 0 {
            let before = format!("output {}", step - 1);
            let digest = arknet_protocol::BlobDigest::of(before.as_bytes());
            request.buffers[0].contents = BufferContents::Input(digest);
        }
        let job = bench.accept_at(NOON, request).await.unwrap().job();
        bench.verify(job).await;
        let sealing = bench.sealing(format!("output {step}").as_bytes()).await;
        bench.store.seal(NOON, job, 1, sealing).await.unwrap();
        jobs.push(job);
    }
    let edge = |child: usize| Edge {
        child: jobs[child],
        input: "data".to_owned(),
        parent: jobs[child - 1],
        output: "data".to_owned(),
    };
    assert_eq!(
        bench.store.lineage(jobs[0], 10).await.unwrap(),
        [edge(1), edge(2)]
    );
    assert_eq!(bench.store.lineage(jobs[2], 1).await.unwrap(), [edge(2)]);
}

#[tokio::test]
async fn lists_go_on_where_they_stopped() {
    let bench = Bench::new().await;
    for nonce in 0..5 {
        bench.job(nonce).await;
    }
    let mut filter = JobFilter {
        client: Some(bench.client.public()),
        state: Some(JobState::Queued),
        before: None,
    };
    let mut numbers = Vec::new();
    loop {
        let page = bench.store.jobs(filter, 2).await.unwrap();
        numbers.extend(page.jobs.iter().map(|job| job.number));
        filter.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
    filter.client = Some(bench.node.public());
    assert_eq!(bench.store.jobs(filter, 9).await.unwrap().jobs, []);
    filter.client = None;
    filter.state = Some(JobState::Done);
    assert_eq!(bench.store.jobs(filter, 9).await.unwrap().jobs, []);
    assert_eq!(
        bench.store.state_counts().await.unwrap(),
        [(JobState::Queued, 5)]
    );
}
