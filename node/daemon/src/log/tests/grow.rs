//! A log that grows, and proofs out of it.

use arknet_tlog::Hash;

use super::*;

#[tokio::test]
async fn what_is_appended_is_served_and_proven() {
    let node = Node::new();
    let log = node.open().await.unwrap();
    assert_eq!(node.audit().checkpoint.size, 0);
    let mut size = 0;
    for step in [1, 1, 253, 1, 1, 256, 100] {
        node.append(step);
        size += step;
        log.publish().await.unwrap();
        assert_eq!(node.audit().checkpoint.size, size);
        assert_eq!(log.status().size, size);
        for index in [0, size / 2, size - 1] {
            let proof = log.include(index).await.unwrap();
            let entry = Hash::of_entry(&entry(index));
            let trusted = proof.verify(entry, &node.policy()).unwrap();
            assert_eq!(trusted.checkpoint.size, size);
        }
    }
    assert!(matches!(
        log.include(size).await,
        Err(LogError::NoSuchEntry { .. })
    ));
    // Of tiles that are full only the full one is left.
    assert!(!node.path("log/tile/0/000.p").exists());
    assert!(!node.path("log/tile/entries/001.p").exists());
    assert!(node.path("log/tile/0/002.p/101").exists());
    assert!(
        files(&node.path("log"))
            .iter()
            .all(|path| path.extension().is_none_or(|e| e != "new"))
    );
}

#[tokio::test]
async fn many_that_wait_share_a_checkpoint() {
    let node = Node::new();
    let log = node.open().await.unwrap();
    node.append(200);
    let proofs = futures_util::future::join_all((0..200).map(|index| {
        let log = log.clone();
        async move { (index, log.include(index).await.unwrap()) }
    }));
    for (index, proof) in proofs.await {
        proof
            .verify(Hash::of_entry(&entry(index)), &node.policy())
            .unwrap();
    }
    // One bundle, not one for each.
    assert_eq!(files(&node.path("log/tile/entries")).len(), 1);
}

#[tokio::test]
async fn leaves_that_no_bundle_can_hold_stop_the_log() {
    let node = Node::new();
    let log = node.open().await.unwrap();
    node.append(1);
    log.publish().await.unwrap();
    node.leaves.0.lock().unwrap().push(vec![0; 70_000]);
    assert!(matches!(
        log.publish().await,
        Err(LogError::BadLeaves { index: 1, .. })
    ));
    assert_eq!(node.audit().checkpoint.size, 1);
}

#[test]
fn the_key_is_kept_to_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let node = Node::new();
    let path = node.path("keys/log.key");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(
        create_key(&path, "node.example/log").is_err(),
        "a key is never overwritten"
    );
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(load_key(&path), Err(LogError::KeyFile(_))));
    assert!(matches!(
        create_key(&node.path("keys/other"), "a b"),
        Err(LogError::Origin(_))
    ));
    let (_, witness) = SecretKey::generate("w", KeyKind::Cosignature)
        .unwrap()
        .unwrap();
    arknet_protocol::save_new_secret(&node.path("keys/witness"), &witness).unwrap();
    assert!(matches!(
        load_key(&node.path("keys/witness")),
        Err(LogError::Key { .. })
    ));
}
