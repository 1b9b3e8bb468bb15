//! A machine that dies at every single write, and files that rot.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use arknet_tlog::{Follower, Note};

use super::*;
use crate::log::durable::Durable;

/// What anybody could have seen: every checkpoint that was signed must be the beginning of the log for ever.
fn witnessed(node: &Node) -> Vec<arknet_tlog::Checkpoint> {
    let read = |name: &str| fs::read(node.path(name)).ok();
    let notes = [read("keys/log.signed"), read("log/checkpoint")];
    notes
        .into_iter()
        .flatten()
        .map(|bytes| node.policy().open(&bytes).unwrap().checkpoint)
        .collect()
}

#[tokio::test]
async fn a_log_that_dies_at_any_write_is_consistent() {
    // Two bundles fill up on the way, so that full tiles, parts, folders, record and checkpoint are all cut off once.
    let steps = [3, 250, 10, 256];
    let mut died = 0;
    for fuse in 0.. {
        let node = Node::new();
        let durable = Durable {
            fuse: Some(Arc::new(AtomicU64::new(fuse))),
        };
        let left = durable.fuse.clone().unwrap();
        let mut seen = Vec::new();
        if let Ok(log) = Log::open_with(node.config(), node.leaves.clone(), durable).await {
            for step in steps {
                node.append(step);
                // A node goes on after a failed write; all that follow fail too.
                let _ = log.publish().await;
                seen.extend(witnessed(&node));
            }
        }
        let whole = left.load(Ordering::SeqCst) > 0;
        seen.extend(witnessed(&node));
        drop(node.open().await.unwrap());
        let now = node.audit().checkpoint;
        assert_eq!(
            now.size,
            node.leaves.0.lock().unwrap().len() as u64,
            "fuse {fuse}"
        );
        for checkpoint in seen {
            let mut files = Directory::new(node.path("log"));
            Follower::at(&checkpoint, now.size, &mut files).unwrap();
        }
        if whole {
            break;
        }
        died += 1;
    }
    assert!(died > 40, "only {died} writes were cut off");
}

#[tokio::test]
async fn a_full_disk_is_survived_without_a_restart() {
    let node = Node::new();
    let fuse = Arc::new(AtomicU64::new(u64::MAX));
    let durable = Durable {
        fuse: Some(fuse.clone()),
    };
    let log = Log::open_with(node.config(), node.leaves.clone(), durable)
        .await
        .unwrap();
    for left in 0..40 {
        node.append(30);
        fuse.store(left % 13, Ordering::SeqCst);
        let full = log.publish().await;
        assert!(
            matches!(full, Err(LogError::Io { .. })) || left % 13 >= 8,
            "{full:?}"
        );
        fuse.store(u64::MAX, Ordering::SeqCst);
        log.publish().await.unwrap();
        assert_eq!(node.audit().checkpoint.size, (left + 1) * 30);
    }
}

#[tokio::test]
async fn damaged_and_missing_files_are_written_anew() {
    let node = Node::new();
    node.append(0);
    drop(node.open().await.unwrap());
    node.append(300);
    drop(node.open().await.unwrap());
    let before = fs::read(node.path("log/checkpoint")).unwrap();
    let all = files(&node.path("log"));
    assert!(all.len() > 5);
    for path in &all {
        let good = fs::read(path).unwrap();
        for damage in 0..3 {
            match damage {
                0 => fs::remove_file(path).unwrap(),
                // A torn write.
                1 => fs::write(path, &good[..good.len() / 2]).unwrap(),
                _ => fs::write(path, vec![0; good.len()]).unwrap(),
            }
            drop(node.open().await.unwrap());
            assert_eq!(fs::read(path).unwrap(), good, "{}", path.display());
        }
    }
    node.audit();
    assert_eq!(
        fs::read(node.path("log/checkpoint")).unwrap(),
        before,
        "nothing new was signed"
    );
}

#[tokio::test]
async fn files_that_rot_are_not_proven_from() {
    let node = Node::new();
    drop(node.open().await.unwrap());
    node.append(300);
    let log = node.open().await.unwrap();
    let path = node.path("log/tile/0/000");
    let mut bytes = fs::read(&path).unwrap();
    bytes[40] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(
        log.include(5).await,
        Err(LogError::Damaged { .. })
    ));
    assert!(matches!(
        log.include(1).await,
        Err(LogError::Damaged { .. })
    ));
}

#[tokio::test]
async fn cosignatures_survive_a_restart() {
    let node = Node::new();
    drop(node.open().await.unwrap());
    node.append(2);
    drop(node.open().await.unwrap());
    let path = node.path("log/checkpoint");
    let mut note = Note::parse(&fs::read(&path).unwrap()).unwrap();
    assert!(note.add(witness_key(7).cosign(note.text(), 99)));
    fs::write(&path, note.to_string()).unwrap();
    drop(node.open().await.unwrap());
    assert_eq!(fs::read(&path).unwrap(), note.to_string().into_bytes());
}
