//! What becomes a job and what does not, and that what does not leaves no trace.

use arknet_protocol::{BufferContents, BufferRequest, KeyPair, Scope, Scopes, TokenId};

use super::number;
use crate::store::testing::{ADMISSION, Bench, NOON, give_token};
use crate::store::{
    AcceptError, Accepted, Admission, Quota, QuotaOverrides, Quotas, Standing, TokenRefused,
};

/// Rows that an acceptance writes.
const TRACES: &str = "SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM nonces) + (SELECT count(*) FROM events)
    + (SELECT count(*) FROM job_inputs) + (SELECT count(*) FROM audit WHERE action = 'job-accepted')";

#[tokio::test]
async fn the_same_bytes_are_one_job() {
    let bench = Bench::new().await;
    let first = bench.accept_at(NOON, bench.request(1)).await.unwrap();
    assert!(matches!(first, Accepted::Created(_)));
    let traces = number(&bench, TRACES);
    // Also when the request has expired meanwhile: its client asks what became of it.
    for later in [0, 10, 10_000_000] {
        let again = bench
            .accept_at(NOON.plus(later), bench.request(1))
            .await
            .unwrap();
        assert_eq!(again, Accepted::Existing(first.job()));
    }
    assert_eq!(number(&bench, TRACES), traces);
    let job = bench.store.job(first.job()).await.unwrap().unwrap();
    assert_eq!(job.request().unwrap(), bench.request(1));
    assert_eq!(job.body, bench.request(1).to_body());
}

#[tokio::test]
async fn what_is_refused_leaves_no_trace() {
    let bench = Bench::new().await;
    bench.job(1).await;
    let before = number(&bench, TRACES);
    let stranger = KeyPair::from_seed([9; 32]).unwrap();

    let mut other = bench.request(1);
    other.workgroups = [2, 1, 1];
    let error = bench.accept_at(NOON, other).await.unwrap_err();
    assert!(matches!(error, AcceptError::NonceUsed { .. }), "{error}");

    let mut audience = bench.request(2);
    audience.audience = stranger.public();
    let error = bench.accept_at(NOON, audience).await.unwrap_err();
    assert!(matches!(error, AcceptError::WrongAudience(key) if key == stranger.public()));

    let early = NOON.plus(-61_000);
    let mut late = bench.request(2);
    late.not_before += 120;
    let error = bench.accept_at(early, late).await.unwrap_err();
    assert!(matches!(error, AcceptError::NotYetValid { .. }), "{error}");

    let mut missing = bench.request(2);
    let digest = bench.give_blob(&stranger, b"of another client").await;
    missing.buffers.push(BufferRequest {
        name: "more".parse().unwrap(),
        contents: BufferContents::Input(digest),
    });
    let error = bench.accept_at(NOON, missing).await.unwrap_err();
    assert!(
        matches!(&error, AcceptError::MissingBlobs(blobs) if *blobs == [digest]),
        "{error}"
    );

    let expiry = NOON.plus(3_600_000);
    let error = bench.accept_at(expiry, bench.request(2)).await.unwrap_err();
    assert!(matches!(error, AcceptError::Expired { .. }), "{error}");
    assert_eq!(number(&bench, TRACES), before);
}

#[tokio::test]
async fn a_token_is_needed_and_its_end_counts_at_once() {
    let bench = Bench::new().await;
    let stranger = KeyPair::from_seed([9; 32]).unwrap();
    let store = &bench.store;
    let mut weak = Scopes::all().iter().collect::<Vec<_>>();
    weak.retain(|scope| *scope != Scope::JobsSubmit);
    let theirs = give_token(store, &stranger, Scopes::all(), None).await;
    let weak = give_token(store, &bench.client, weak.into_iter().collect(), None).await;
    let short = give_token(store, &bench.client, Scopes::all(), Some(NOON.plus(5))).await;
    let submit = |now, token| store.accept(now, bench.sign(bench.request(1)), token, ADMISSION);

    let refusal = |result: Result<Accepted, AcceptError>| match result {
        Err(AcceptError::Token(refused)) => refused,
        other => panic!("not refused: {other:?}"),
    };
    let unknown = TokenId([0; 8]);
    assert!(matches!(
        refusal(submit(NOON, unknown).await),
        TokenRefused::Unknown
    ));
    assert!(matches!(
        refusal(submit(NOON, theirs).await),
        TokenRefused::WrongClient(_)
    ));
    assert!(matches!(
        refusal(submit(NOON, weak).await),
        TokenRefused::WrongScope { .. }
    ));
    assert!(matches!(
        refusal(submit(NOON.plus(5), short).await),
        TokenRefused::Expired(_)
    ));
    assert!(submit(NOON, bench.token).await.is_ok());
    assert!(store.revoke_token(NOON, bench.token).await.unwrap());
    assert!(!store.revoke_token(NOON, bench.token).await.unwrap());
    // Not even to learn what became of the job.
    assert!(matches!(
        refusal(submit(NOON, bench.token).await),
        TokenRefused::Revoked(_)
    ));
}

#[tokio::test]
async fn quarantine_ends_by_itself_where_it_says_so() {
    let bench = Bench::new().await;
    let until = Some(NOON.plus(90_500));
    let (client, reason) = (bench.client.public(), "bad signatures".to_owned());
    bench
        .store
        .set_standing(NOON, client, Standing::Quarantined, reason, until, "node")
        .await
        .unwrap();
    let error = bench.accept_at(NOON, bench.request(1)).await.unwrap_err();
    assert!(
        matches!(&error, AcceptError::Quarantined { reason, retry_after: Some(91) } if reason == "bad signatures"),
        "{error:?}"
    );
    assert!(
        bench
            .accept_at(NOON.plus(90_500), bench.request(1))
            .await
            .is_ok()
    );
}

fn quotas(running: u64, queued: u64, bytes: u64, device_seconds: u64) -> Admission {
    let quotas = Quotas {
        running,
        queued,
        bytes,
        device_seconds,
    };
    Admission {
        quotas,
        max_queue: 100,
    }
}

async fn exceeded(
    bench: &Bench,
    nonce: u8,
    admission: Admission,
) -> Option<(Quota, u64, u64, Option<u64>)> {
    let signed = bench.sign(bench.request(nonce));
    match bench
        .store
        .accept(NOON, signed, bench.token, admission)
        .await
    {
        Ok(_) => None,
        Err(AcceptError::QuotaExceeded {
            which,
            limit,
            used,
            retry_after,
        }) => Some((which, limit, used, retry_after)),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn each_quota_has_its_edge() {
    let bench = Bench::new().await;
    assert_eq!(exceeded(&bench, 1, quotas(1, 2, 10_000, 10)).await, None);
    assert_eq!(exceeded(&bench, 2, quotas(1, 2, 10_000, 10)).await, None);
    let full = exceeded(&bench, 3, quotas(1, 2, 10_000, 10)).await;
    assert_eq!(full, Some((Quota::Queued, 2, 2, None)));
    // Two jobs may write 1000 bytes each, the kernel has 6, and one more job may write 1000.
    let stored = exceeded(&bench, 3, quotas(1, 9, 3005, 10)).await;
    assert_eq!(stored, Some((Quota::Bytes, 3005, 2006, None)));
    assert_eq!(exceeded(&bench, 3, quotas(1, 9, 3006, 10)).await, None);
    let none = exceeded(&bench, 4, quotas(0, 9, 10_000, 10)).await;
    assert_eq!(none, Some((Quota::Running, 0, 0, None)));

    let job = bench.sign(bench.request(1)).job();
    bench.verify(job).await;
    let sealing = bench.sealing(b"result").await;
    bench.store.seal(NOON, job, 1, sealing).await.unwrap();
    let used = exceeded(&bench, 4, quotas(9, 9, 10_000, 1)).await;
    assert_eq!(used, Some((Quota::DeviceSeconds, 1, 1, Some(43_200))));
    assert_eq!(exceeded(&bench, 4, quotas(9, 9, 10_000, 2)).await, None);

    // The operator gives this client more.
    let own = QuotaOverrides {
        queued: Some(50),
        ..QuotaOverrides::default()
    };
    let client = bench.client.public();
    bench.store.set_quotas(NOON, client, own).await.unwrap();
    assert_eq!(exceeded(&bench, 5, quotas(9, 1, 10_000, 9)).await, None);
    let full = Admission {
        max_queue: 2,
        ..ADMISSION
    };
    let signed = bench.sign(bench.request(6));
    let error = bench.store.accept(NOON, signed, bench.token, full).await;
    assert!(matches!(error, Err(AcceptError::QueueFull { limit: 2 })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_only_as_many_get_in_as_may() {
    let bench = Bench::new().await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..120_u32 {
        let mut request = bench.request(u8::try_from(number / 2).unwrap());
        // Each nonce twice, with different requests.
        request.workgroups[0] = 1 + number;
        let signed = bench.sign(request);
        let (store, token) = (bench.store.clone(), bench.token);
        calls.spawn(async move {
            let nonce = signed.request().nonce;
            let result = store
                .accept(NOON, signed, token, quotas(1, 40, 1 << 20, 9))
                .await;
            (nonce, result)
        });
    }
    let mut nonces = Vec::new();
    while let Some(call) = calls.join_next().await {
        let (nonce, result) = call.unwrap();
        match result {
            Ok(accepted) => {
                assert!(matches!(accepted, Accepted::Created(_)));
                assert!(!nonces.contains(&nonce), "nonce {nonce} was used twice");
                nonces.push(nonce);
            }
            Err(AcceptError::NonceUsed { .. } | AcceptError::QuotaExceeded { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(nonces.len(), 40);
    assert_eq!(number(&bench, "SELECT count(*) FROM jobs"), 40);
    bench.store.verify_audit(None).await.unwrap();
}
