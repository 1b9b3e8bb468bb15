//! Databases that are not what was signed: nothing more may be signed then.

use std::fs;

use super::*;

async fn refused(node: &Node) -> LogError {
    let before = fs::read(node.path("log/checkpoint")).ok();
    let error = node.open().await.err().expect("it must not open");
    assert_eq!(
        fs::read(node.path("log/checkpoint")).ok(),
        before,
        "nothing may change"
    );
    error
}

async fn grown(count: u64) -> Node {
    let node = Node::new();
    drop(node.open().await.unwrap());
    node.append(count);
    drop(node.open().await.unwrap());
    node
}

#[tokio::test]
async fn a_database_from_a_backup_is_behind() {
    let node = grown(300).await;
    node.leaves.0.lock().unwrap().truncate(299);
    let error = refused(&node).await;
    assert!(matches!(
        error,
        LogError::Behind {
            leaves: 299,
            signed: 300
        }
    ));
    // New leaves in the place of the lost ones are a fork, as many as there may be.
    node.leaves.0.lock().unwrap().push(entry(1000));
    assert!(matches!(
        refused(&node).await,
        LogError::Forked { size: 300, .. }
    ));
    node.append(50);
    assert!(matches!(
        refused(&node).await,
        LogError::Forked { size: 300, .. }
    ));
    // The checkpoint alone is enough to know, and so is the record.
    fs::remove_file(node.path("keys/log.signed")).unwrap();
    assert!(matches!(
        refused(&node).await,
        LogError::Forked { size: 300, .. }
    ));
    let other = grown(300).await;
    fs::remove_file(other.path("log/checkpoint")).unwrap();
    other.leaves.0.lock().unwrap()[7] = entry(1000);
    assert!(matches!(
        refused(&other).await,
        LogError::Forked { size: 300, .. }
    ));
}

#[tokio::test]
async fn a_copy_that_went_its_own_way_is_a_fork() {
    let node = grown(10).await;
    // The record says 10 entries, the served checkpoint is of a longer history that shares only some.
    let copy = grown(0).await;
    fs::copy(node.path("keys/log.key"), copy.path("key")).unwrap();
    fs::rename(copy.path("key"), copy.path("keys/log.key")).unwrap();
    for name in ["keys/log.signed", "log/checkpoint"] {
        fs::remove_file(copy.path(name)).unwrap();
    }
    drop(copy.open().await.unwrap());
    copy.leaves
        .0
        .lock()
        .unwrap()
        .extend((0..20).map(|i| entry(i + 5)));
    drop(copy.open().await.unwrap());
    fs::copy(copy.path("log/checkpoint"), node.path("log/checkpoint")).unwrap();
    node.append(10);
    assert!(matches!(
        refused(&node).await,
        LogError::Forked { size: 20, .. }
    ));
}

#[tokio::test]
async fn without_a_record_nothing_is_signed() {
    let node = grown(5).await;
    fs::remove_file(node.path("keys/log.signed")).unwrap();
    // The served checkpoint says as much, and the record is made again from it.
    drop(node.open().await.unwrap());
    assert!(node.path("keys/log.signed").exists());
    fs::remove_file(node.path("keys/log.signed")).unwrap();
    let served = fs::read(node.path("log/checkpoint")).unwrap();
    fs::remove_file(node.path("log/checkpoint")).unwrap();
    assert!(matches!(
        refused(&node).await,
        LogError::NoRecord { leaves: 5, .. }
    ));
    // The way out that the error names.
    fs::write(node.path("keys/log.signed"), served).unwrap();
    drop(node.open().await.unwrap());
    node.audit();
}

#[tokio::test]
async fn a_record_that_is_no_record_stops_the_log() {
    let node = grown(5).await;
    let record = node.path("keys/log.signed");
    let good = fs::read(&record).unwrap();
    for bad in [&b""[..], &good[..good.len() - 3], b"hello\n"] {
        fs::write(&record, bad).unwrap();
        assert!(matches!(refused(&node).await, LogError::BadRecord { .. }));
    }
    let stranger = SecretKey::from_seed("node.example/log", KeyKind::Ed25519, &[9; 32]).unwrap();
    let text = arknet_tlog::Note::parse(&good).unwrap().text().to_owned();
    fs::write(&record, stranger.sign(text).to_string()).unwrap();
    assert!(matches!(refused(&node).await, LogError::BadRecord { .. }));
    let directory = node.path("keys/folder");
    fs::create_dir(&directory).unwrap();
    fs::remove_file(&record).unwrap();
    fs::rename(directory, &record).unwrap();
    assert!(matches!(refused(&node).await, LogError::Io { .. }));
}
