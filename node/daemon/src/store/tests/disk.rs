//! Full, read-only and damaged disks: an error that says so, nothing half done, and everything as before once it is well.

use std::os::unix::fs::PermissionsExt as _;

use arknet_protocol::KeyPair;
use rusqlite::Connection;

use crate::store::testing::{Bench, NOON};
use crate::store::{AcceptError, Store, StoreError, connection, migrations};

/// Opens the bench's database as one that may have no more than `pages` pages.
fn limited(bench: &Bench, pages: i64) -> Store {
    let path = bench.path();
    let mut connection = connection::open_writer(&path).unwrap();
    migrations::migrate(&mut connection).unwrap();
    let _: i64 = connection
        .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| {
            row.get(0)
        })
        .unwrap();
    Store::with_connection(&path, bench.node.public(), connection).unwrap()
}

#[tokio::test]
async fn a_full_disk_refuses_and_forgets_nothing() {
    let mut bench = Bench::new().await;
    let pages = super::number(&bench, "PRAGMA page_count");
    bench.store = limited(&bench, pages + 4);
    let mut accepted = Vec::new();
    let mut full = 0;
    for nonce in 0..200 {
        match bench.accept_at(NOON, bench.request(nonce)).await {
            Ok(job) => accepted.push(job.job()),
            Err(AcceptError::Store(StoreError::Full)) => full += 1,
            Err(other) => panic!("{other}"),
        }
        if full == 5 {
            break;
        }
    }
    assert!(
        full == 5 && !accepted.is_empty(),
        "{full} refusals, {} jobs",
        accepted.len()
    );
    // Reading goes on, and what was refused left nothing.
    for job in &accepted {
        assert!(bench.store.job(*job).await.unwrap().is_some());
    }
    assert_eq!(
        super::number(&bench, "SELECT count(*) FROM nonces"),
        accepted.len() as i64
    );
    bench.store.verify_audit(None).await.unwrap();
    // With space again the same requests are taken, and none twice.
    bench.store = Store::open(&bench.path(), bench.node.public()).unwrap();
    for nonce in 0..(accepted.len() + full) {
        let nonce = u8::try_from(nonce).unwrap();
        bench.accept_at(NOON, bench.request(nonce)).await.unwrap();
    }
    assert_eq!(
        super::number(&bench, "SELECT count(*) FROM jobs"),
        (accepted.len() + full) as i64
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_batch_on_a_full_disk_only_what_was_answered_has_happened() {
    let mut bench = Bench::new().await;
    let pages = super::number(&bench, "PRAGMA page_count");
    bench.store = limited(&bench, pages + 30);
    let mut calls = tokio::task::JoinSet::new();
    for nonce in 0..200 {
        let signed = bench.sign(bench.request(nonce));
        let (store, token) = (bench.store.clone(), bench.token);
        let admission = crate::store::testing::ADMISSION;
        calls.spawn(async move {
            let id = signed.job();
            store
                .accept(NOON, signed, token, admission)
                .await
                .map(|_| id)
        });
    }
    let mut accepted = Vec::new();
    while let Some(call) = calls.join_next().await {
        match call.unwrap() {
            Ok(id) => accepted.push(id),
            Err(AcceptError::Store(StoreError::Full | StoreError::RolledBack))
            | Err(AcceptError::QuotaExceeded { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert!(accepted.len() < 200);
    let reopened = Store::open(&bench.path(), bench.node.public()).unwrap();
    for id in &accepted {
        assert!(
            reopened.job(*id).await.unwrap().is_some(),
            "{id} was accepted and is lost"
        );
    }
    assert_eq!(
        super::number(&bench, "SELECT count(*) FROM jobs"),
        accepted.len() as i64
    );
    reopened.verify_audit(None).await.unwrap();
}

#[tokio::test]
async fn a_folder_or_file_that_cannot_be_written_says_so() {
    let node = KeyPair::from_seed([1; 32]).unwrap().public();
    let missing = std::path::Path::new("/nonexistent/node.db");
    let error = Store::open(missing, node).err().unwrap().to_string();
    assert!(error.contains("/nonexistent/node.db"), "{error}");
    let bench = Bench::new().await;
    let path = bench.path();
    bench.store.clone().close().await;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    // Root may write all the same.
    if !rustix::process::geteuid().is_root() {
        let error = Store::open(&path, bench.node.public()).err().unwrap();
        assert!(
            matches!(error, StoreError::ReadOnly(_) | StoreError::Open { .. }),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_change_that_panics_is_an_error_and_the_next_one_works() {
    let bench = Bench::new().await;
    let result: Result<(), StoreError> = bench
        .store
        .write(NOON, |tx| {
            tx.run("INSERT INTO meta VALUES ('x', 'y')", [])?;
            panic!("by the test")
        })
        .await;
    assert!(matches!(result, Err(StoreError::Panicked(text)) if text == "by the test"));
    assert_eq!(
        super::number(&bench, "SELECT count(*) FROM meta WHERE name = 'x'"),
        0
    );
    bench.job(1).await;
}

#[tokio::test]
async fn a_damaged_database_is_called_damaged() {
    let bench = Bench::new().await;
    bench.job(1).await;
    let connection = Connection::open(bench.path()).unwrap();
    connection
        .execute_batch("UPDATE jobs SET kind = 'magic'")
        .unwrap();
    let id = bench.sign(bench.request(1)).job();
    let error = bench.store.job(id).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Corrupt(text) if text.contains("magic")),
        "{error}"
    );
    let text = bench.folder.path().join("text.db");
    std::fs::write(&text, "not a database, but long enough to be read as the header of one, which has 100 bytes in all").unwrap();
    let error = Store::open(&text, bench.node.public()).err().unwrap();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
}
