//! Tokens, the audit log, devices, clients, blobs of clients.

use arknet_protocol::{BlobDigest, KeyPair, Scopes, Token};
use rusqlite::Connection;

use super::number;
use crate::store::testing::{ADMISSION, Bench, DEVICE, NOON};
use crate::store::{
    AuditError, BeginUploadError, DeviceReport, NewToken, Quotas, Store, StoreError, TokenRefused,
};

#[tokio::test]
async fn a_token_is_known_by_its_secret_alone() {
    let bench = Bench::new().await;
    let token = Token::generate().unwrap();
    let new = NewToken {
        id: token.id(),
        hash: token.hash(),
        client: bench.client.public(),
        scopes: Scopes::all(),
        label: "é".repeat(200),
        expires_at: Some(NOON.plus(10)),
    };
    let store = &bench.store;
    store.create_token(NOON, new).await.unwrap();
    let record = store.authenticate(NOON, token.clone()).await.unwrap();
    assert_eq!(record.client, bench.client.public());
    assert_eq!(record.label, "é".repeat(100));
    let guessed: Token = format!("ark_{}_{}", token.id(), "00".repeat(32))
        .parse()
        .unwrap();
    assert!(matches!(
        store.authenticate(NOON, guessed).await,
        Err(TokenRefused::Unknown)
    ));
    let expired = store.authenticate(NOON.plus(10), token.clone()).await;
    assert!(matches!(expired, Err(TokenRefused::Expired(_))));
    // The secret is nowhere in the files.
    let secret = token.reveal().rsplit('_').next().unwrap().to_owned();
    for entry in std::fs::read_dir(bench.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(64).any(|window| window == secret.as_bytes()));
    }
    assert_eq!(
        store
            .tokens(Some(bench.client.public()))
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        store.tokens(Some(bench.node.public())).await.unwrap().len(),
        0
    );
}

#[tokio::test]
async fn no_entry_of_the_audit_log_can_be_changed_unseen() {
    let bench = Bench::new().await;
    for nonce in 0..4 {
        bench.job(nonce).await;
    }
    let store = &bench.store;
    let seen = store.audit_head().await.unwrap();
    let count = store.verify_audit(seen).await.unwrap();
    assert_eq!(
        store.audit_entries(None, 99).await.unwrap().len() as u64,
        count
    );
    let long = "ü".repeat(9999);
    store
        .audit(NOON, long.clone(), "refused", long, String::new())
        .await
        .unwrap();
    assert_eq!(
        store.audit_entries(None, 1).await.unwrap()[0].actor.len(),
        1024
    );
    store.verify_audit(seen).await.unwrap();

    let connection = Connection::open(bench.path()).unwrap();
    let tampered = async |sql: &str| {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        connection.execute_batch(sql).unwrap();
        connection.execute_batch("COMMIT").unwrap();
        store.verify_audit(seen).await.unwrap_err()
    };
    for column in [
        "at = at + 1",
        "actor = 'x'",
        "action = 'x'",
        "subject = 'x'",
        "detail = detail || 'x'",
    ] {
        let sql = format!(
            "CREATE TABLE keep AS SELECT * FROM audit; UPDATE audit SET {column} WHERE number = 2"
        );
        let error = tampered(&sql).await;
        assert!(matches!(error, AuditError::Changed(2)), "{column}: {error}");
        connection
            .execute_batch(
                "DELETE FROM audit; INSERT INTO audit SELECT * FROM keep; DROP TABLE keep",
            )
            .unwrap();
        store.verify_audit(seen).await.unwrap();
    }
    // Text moved from one field to the next.
    let moved = "UPDATE audit SET actor = actor || substr(action, 1, 1), action = substr(action, 2) WHERE number = 3";
    assert!(matches!(tampered(moved).await, AuditError::Changed(3)));
    assert!(matches!(
        tampered("DELETE FROM audit WHERE number = 1").await,
        AuditError::Gap(1)
    ));
    let cut = format!("DELETE FROM audit WHERE number >= {}", seen.unwrap().0);
    tampered(&cut).await;
    // A log that was cut or made anew is a good chain; who has seen a later hash knows better.
    tampered("DELETE FROM audit").await;
    assert_eq!(store.verify_audit(None).await.unwrap(), 0);
    let error = store.verify_audit(seen).await.unwrap_err();
    assert!(matches!(error, AuditError::RolledBack(_)), "{error}");
}

#[tokio::test]
async fn devices_are_known_by_what_they_did() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let report = |failed, rate| DeviceReport {
        failed,
        busy_millis: 100,
        rates: vec![("cells", rate)],
    };
    for (failed, rate, failures) in [
        (false, 100.0, 0),
        (true, f64::NAN, 1),
        (true, -1.0, 2),
        (false, 200.0, 0),
    ] {
        let result = store
            .device_report(NOON, DEVICE, report(failed, rate))
            .await
            .unwrap();
        assert_eq!(result, failures);
    }
    let devices = store.devices().await.unwrap();
    let rate = devices[0].rates["cells"];
    assert_eq!((rate.value, rate.samples), (125.0, 2));
    let hours = store.device_hours(DEVICE, 0).await.unwrap();
    assert_eq!(
        (hours[0].jobs, hours[0].failures, hours[0].busy_millis),
        (4, 2, 400)
    );
    store
        .set_drained(NOON, DEVICE, Some("3 failures".to_owned()), "node")
        .await
        .unwrap();
    assert_eq!(store.devices().await.unwrap()[0].drained_at, Some(NOON));
    store
        .set_drained(NOON, DEVICE, None, "operator")
        .await
        .unwrap();
    let device = &store.devices().await.unwrap()[0];
    assert_eq!((device.drained_at, &device.reason), (None, &None));
}

#[tokio::test]
async fn uploads_are_charged_when_they_begin() {
    let bench = Bench::new().await;
    let client = bench.client.public();
    let quotas = Quotas {
        bytes: 100,
        ..ADMISSION.quotas
    };
    let begin = |number: u8, bytes| {
        bench
            .store
            .begin_upload(NOON, client, BlobDigest([number; 32]), bytes, quotas)
    };
    // The kernel has 6 bytes.
    assert!(begin(1, 90).await.is_ok());
    assert!(begin(1, 90).await.is_ok(), "the same upload goes on");
    assert!(matches!(
        begin(1, 91).await,
        Err(BeginUploadError::OtherLength(90))
    ));
    let refused = begin(2, 5).await;
    assert!(matches!(
        refused,
        Err(BeginUploadError::QuotaExceeded {
            limit: 100,
            used: 96,
            bytes: 5
        })
    ));
    assert!(begin(2, 4).await.is_ok());
    bench
        .store
        .drop_upload(NOON, client, BlobDigest([1; 32]))
        .await
        .unwrap();
    for number in 10..41 {
        assert!(begin(number, 0).await.is_ok());
    }
    assert!(matches!(
        begin(50, 0).await,
        Err(BeginUploadError::TooMany(32))
    ));
    assert_eq!(
        bench
            .store
            .forget_uploads(NOON.plus(1), NOON.plus(1))
            .await
            .unwrap()
            .len(),
        32
    );
}

#[tokio::test]
async fn blobs_are_forgotten_when_no_job_needs_them() {
    let bench = Bench::new().await;
    let job = bench.job(1).await;
    bench.verify(job).await;
    let sealing = bench.sealing(b"result").await;
    let (draft, output) = (sealing.draft, sealing.outputs[0].digest);
    bench.store.seal(NOON, job, 1, sealing).await.unwrap();
    let unused = bench.give_blob(&bench.client, b"unused").await;
    let store = &bench.store;
    let later = NOON.plus(1000);
    assert_eq!(store.forget_blobs(later, NOON).await.unwrap(), []);
    assert_eq!(store.forget_blobs(later, later).await.unwrap(), [unused]);
    let receipt = bench.give_blob(&bench.client, b"receipt").await;
    store.finish(NOON, job, 1, receipt).await.unwrap();
    assert_eq!(
        store.forget_blobs(later, later.plus(1)).await.unwrap(),
        [draft]
    );
    // kernel, result and receipt are left, and charged.
    assert_eq!(number(&bench, "SELECT bytes FROM stored"), 6 + 6 + 7);
    assert_eq!(store.blob_bytes().await.unwrap(), 19);
    assert!(
        store
            .blob(Some(bench.client.public()), output)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        store
            .blob(Some(bench.node.public()), output)
            .await
            .unwrap()
            .is_none()
    );
    assert!(store.blob(None, output).await.unwrap().is_some());
}

#[tokio::test]
async fn a_database_is_of_one_node() {
    let bench = Bench::new().await;
    let other = KeyPair::from_seed([5; 32]).unwrap().public();
    let path = bench.path();
    let error = Store::open(&path, other).err().unwrap();
    assert!(matches!(error, StoreError::OtherNode { .. }), "{error}");
    bench.store.clone().close().await;
    assert!(Store::open(&path, bench.node.public()).is_ok());
}
