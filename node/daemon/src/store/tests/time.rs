//! Clocks that jump, and what is forgotten with time.

use arknet_protocol::{JobState, Reason};

use super::number;
use crate::store::testing::{Bench, NOON};
use crate::store::{AcceptError, Accepted, Retention};

const HOUR: i64 = 3_600_000;

const RETENTION: Retention = Retention {
    queued: 10 * HOUR,
    finished: 20 * HOUR,
    usage_days: 30,
};

#[tokio::test]
async fn a_clock_that_goes_back_revives_nothing() {
    let bench = Bench::new().await;
    let store = &bench.store;
    bench.job(1).await;
    let mut deadline = bench.request(2);
    deadline.options.deadline = Some(NOON.seconds() + 1800);
    let late = bench.accept_at(NOON, deadline).await.unwrap().job();

    let evening = NOON.plus(HOUR);
    let expired = store.expire(evening, RETENTION).await.unwrap();
    assert_eq!(expired.jobs, [late]);
    assert_eq!(expired.nonces, 2);
    let job = store.job(late).await.unwrap().unwrap().summary;
    assert_eq!(
        (job.state, job.reason),
        (JobState::Expired, Some(Reason::DeadlinePassed))
    );

    // Back at noon: what had expired stays expired, and time stands still until the clock has caught up.
    assert_eq!(store.clock_behind(NOON).await.unwrap(), 3_600_000);
    let mut other = bench.request(1);
    other.workgroups = [3, 1, 1];
    for request in [other, bench.request(3)] {
        let error = bench.accept_at(NOON, request).await.unwrap_err();
        assert!(
            matches!(error, AcceptError::Expired { now, .. } if now == evening),
            "{error}"
        );
    }
    let refused = store
        .retry(NOON, late, None, crate::store::testing::ADMISSION)
        .await;
    assert!(
        matches!(refused, Err(crate::store::RetryError::DeadlinePassed(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_forgotten_nonce_cannot_be_used_after_the_clock_was_set_back() {
    let bench = Bench::new().await;
    let store = &bench.store;
    bench.job(1).await;
    // The clock runs a year ahead for a while: nonces are forgotten and jobs are forgotten.
    let year = NOON.plus(365 * 24 * HOUR);
    assert_eq!(store.expire(year, RETENTION).await.unwrap().nonces, 1);
    store.expire(year.plus(24 * HOUR), RETENTION).await.unwrap();
    assert_eq!(number(&bench, "SELECT count(*) FROM jobs"), 0);
    store.reset_clock(NOON).await.unwrap();
    assert_eq!(store.clock_behind(NOON).await.unwrap(), 0);
    // The very same request and one with the same nonce: their nonce was forgotten, and they are refused.
    let mut other = bench.request(1);
    other.workgroups = [3, 1, 1];
    for request in [bench.request(1), other] {
        let error = bench.accept_at(NOON, request).await.unwrap_err();
        assert!(matches!(error, AcceptError::Expired { .. }), "{error}");
    }
    // One that expires later than any that was forgotten is taken.
    let mut fresh = bench.request(2);
    fresh.expires += 1;
    let accepted = bench.accept_at(NOON, fresh).await.unwrap();
    assert!(matches!(accepted, Accepted::Created(_)));
}

#[tokio::test]
async fn jobs_wait_only_so_long_and_are_shown_only_so_long() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let job = bench.job(1).await;
    let almost = NOON.plus(10 * HOUR - 1);
    assert!(
        store
            .expire(almost, RETENTION)
            .await
            .unwrap()
            .jobs
            .is_empty()
    );
    let then = NOON.plus(10 * HOUR);
    assert_eq!(store.expire(then, RETENTION).await.unwrap().jobs, [job]);
    let summary = store.job(job).await.unwrap().unwrap().summary;
    assert_eq!(summary.reason, Some(Reason::TimedOut));
    let later = then.plus(20 * HOUR);
    assert_eq!(
        store
            .expire(later.plus(-1), RETENTION)
            .await
            .unwrap()
            .forgotten,
        0
    );
    assert_eq!(store.expire(later, RETENTION).await.unwrap().forgotten, 1);
    assert_eq!(store.job(job).await.unwrap(), None);
    assert_eq!(number(&bench, "SELECT count(*) FROM events"), 0);
    store.verify_audit(None).await.unwrap();
}

#[tokio::test]
async fn a_sealed_job_does_not_expire() {
    let bench = Bench::new().await;
    let mut request = bench.request(1);
    request.options.deadline = Some(NOON.seconds() + 1800);
    let job = bench.accept_at(NOON, request).await.unwrap().job();
    bench.verify(job).await;
    let sealing = bench.sealing(b"result").await;
    bench.store.seal(NOON, job, 1, sealing).await.unwrap();
    let expired = bench
        .store
        .expire(NOON.plus(HOUR), RETENTION)
        .await
        .unwrap();
    assert!(expired.jobs.is_empty());
    let receipt = bench.give_blob(&bench.client, b"receipt").await;
    bench.store.finish(NOON, job, 1, receipt).await.unwrap();
}
