//! A log that the node wrote, checked by the Go project's own packages (`ci/install-go-tlog` builds the checker).

use std::fs;
use std::process::{Command, Output};

use super::*;

/// The checker, or nothing where it is not installed and not required.
fn checker() -> Option<PathBuf> {
    let named = std::env::var_os("ARKNET_TEST_LOG_CHECK").map(PathBuf::from);
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.go-tlog/log-check");
    let found = named.or_else(|| usual.exists().then_some(usual));
    if found.is_none() {
        let required = std::env::var_os("ARKNET_REQUIRE_GO").is_some_and(|value| value == "1");
        assert!(
            !required,
            "ARKNET_REQUIRE_GO is set and there is no checker: run ci/install-go-tlog"
        );
    }
    found
}

fn check(checker: &Path, node: &Node, others: &[PathBuf]) -> Output {
    let key = node.config().key.public().to_string();
    Command::new(checker)
        .arg(node.path("log"))
        .arg(key)
        .args(others)
        .output()
        .unwrap()
}

/// Grows a log through these sizes; Go must accept each, with every earlier checkpoint and some proofs.
async fn grow_checked(checker: &Path, node: &Node, sizes: &[u64]) {
    let log = node.open().await.unwrap();
    let mut others = Vec::new();
    for &size in sizes {
        let missing = size - node.leaves.0.lock().unwrap().len() as u64;
        node.append(missing);
        log.publish().await.unwrap();
        let checkpoint = node.path(&format!("checkpoint-{size}"));
        fs::copy(node.path("log/checkpoint"), &checkpoint).unwrap();
        others.push(checkpoint);
        for index in [0, size / 2, size.saturating_sub(1)] {
            if index < size {
                let proof = node.path(&format!("{size}-{index}.tlog-proof"));
                fs::write(&proof, log.include(index).await.unwrap().to_string()).unwrap();
                others.push(proof);
            }
        }
        let output = check(checker, node, &others);
        assert!(
            output.status.success(),
            "{size}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[tokio::test]
async fn go_accepts_the_log() {
    let Some(checker) = checker() else { return };
    let node = Node::new();
    grow_checked(&checker, &node, &[0, 1, 2, 255, 256, 257, 600]).await;
    // A cosigned checkpoint is one for Go too, which does not know the kind of the cosignature.
    let path = node.path("log/checkpoint");
    let mut note = arknet_tlog::Note::parse(&fs::read(&path).unwrap()).unwrap();
    assert!(note.add(witness_key(1).cosign(note.text(), 1)));
    fs::write(&path, note.to_string()).unwrap();
    assert!(check(&checker, &node, &[]).status.success());
    // Three levels of tiles.
    grow_checked(&checker, &Node::new(), &[66_000]).await;
}

#[tokio::test]
async fn go_refuses_what_is_not_the_log() {
    let Some(checker) = checker() else { return };
    let node = Node::new();
    grow_checked(&checker, &node, &[600]).await;
    for name in [
        "log/tile/0/001",
        "log/tile/0/002.p/88",
        "log/tile/1/000.p/2",
        "log/tile/entries/001",
        "log/checkpoint",
    ] {
        let path = node.path(name);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[30] ^= 1;
        fs::write(&path, bad).unwrap();
        assert!(!check(&checker, &node, &[]).status.success(), "{name}");
        fs::write(&path, good).unwrap();
    }
    assert!(check(&checker, &node, &[]).status.success());
    // The same key with another history.
    let other = Node::new();
    fs::copy(node.path("keys/log.key"), other.path("key")).unwrap();
    fs::rename(other.path("key"), other.path("keys/log.key")).unwrap();
    drop(other.open().await.unwrap());
    let entries = (0..300).map(|i| entry(i + 1));
    other.leaves.0.lock().unwrap().extend(entries);
    drop(other.open().await.unwrap());
    let fork = other.path("log/checkpoint");
    assert!(!check(&checker, &node, &[fork]).status.success());
}

#[tokio::test]
async fn go_accepts_logs_that_survived_a_crash() {
    use std::sync::atomic::AtomicU64;
    let Some(checker) = checker() else { return };
    for fuse in (0..60).step_by(7) {
        let node = Node::new();
        let durable = durable::Durable {
            fuse: Some(Arc::new(AtomicU64::new(fuse))),
        };
        let mut signed = Vec::new();
        if let Ok(log) = Log::open_with(node.config(), node.leaves.clone(), durable).await {
            for step in [5, 260, 300] {
                node.append(step);
                let _ = log.publish().await;
                let copy = node.path(&format!("signed-{step}"));
                if fs::copy(node.path("keys/log.signed"), &copy).is_ok() {
                    signed.push(copy);
                }
            }
        }
        drop(node.open().await.unwrap());
        let output = check(&checker, &node, &signed);
        assert!(
            output.status.success(),
            "fuse {fuse}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
