//! The log over leaves that the tests hold: growing, dying at every write, lying databases, witnesses.

mod configured;
mod crash;
mod go;

mod grow;
mod history;
mod web;
mod witnesses;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arknet_tlog::{Directory, Entry, KeyKind, Policy, SecretKey, Trusted, audit};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tempfile::TempDir;

use super::*;

/// Leaves in memory.
#[derive(Default)]
struct Leaves(Mutex<Vec<Vec<u8>>>);

impl LeafStore for Leaves {
    fn size(&self) -> BoxFuture<'_, Result<u64, LeafError>> {
        let size = self.0.lock().unwrap().len() as u64;
        async move { Ok(size) }.boxed()
    }

    fn leaves(
        &self,
        range: std::ops::Range<u64>,
    ) -> BoxFuture<'_, Result<Vec<Vec<u8>>, LeafError>> {
        // Pages that fit neither tiles nor anything else.
        let end = range.end.min(range.start + 100);
        let page = self.0.lock().unwrap()[range.start as usize..end as usize].to_vec();
        async move { Ok(page) }.boxed()
    }
}

/// An entry like those of the node.
fn entry(number: u64) -> Vec<u8> {
    let mut claim = [0; 32];
    claim[..8].copy_from_slice(&number.to_le_bytes());
    Entry::Receipt {
        claim,
        seal: [2; 32],
        attestation: vec![3; 138],
    }
    .encode()
    .unwrap()
}

/// A node's data: leaves, a key and a folder.
struct Node {
    leaves: Arc<Leaves>,
    folder: TempDir,
    witnesses: Vec<WitnessConfig>,
}

impl Node {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        create_key(&folder.path().join("keys/log.key"), "node.example/log").unwrap();
        Self {
            leaves: Arc::default(),
            folder,
            witnesses: Vec::new(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, count: u64) {
        let mut leaves = self.leaves.0.lock().unwrap();
        for _ in 0..count {
            let number = leaves.len() as u64;
            leaves.push(entry(number));
        }
    }

    fn config(&self) -> LogConfig {
        LogConfig {
            folder: self.path("log"),
            record: self.path("keys/log.signed"),
            key: load_key(&self.path("keys/log.key")).unwrap(),
            witnesses: self.witnesses.clone(),
            witness_timeout: Duration::from_millis(500),
        }
    }

    async fn open(&self) -> Result<Log, LogError> {
        Log::open(self.config(), self.leaves.clone()).await
    }

    fn policy(&self) -> Policy {
        Policy::log(self.config().key.public().clone()).unwrap()
    }

    /// Reads everything that is served and holds it against the checkpoint and the leaves.
    fn audit(&self) -> Trusted {
        let mut files = Directory::new(self.path("log"));
        let trusted = self.policy().open(&files.checkpoint().unwrap()).unwrap();
        let leaves = self.leaves.0.lock().unwrap();
        let mut seen = 0;
        audit(&trusted.checkpoint, &mut files, |index, entry| {
            assert_eq!(entry, leaves[index as usize]);
            seen += 1;
        })
        .unwrap();
        assert_eq!(seen, trusted.checkpoint.size);
        trusted
    }
}

/// Every file under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn witness_key(seed: u8) -> SecretKey {
    SecretKey::from_seed(
        &format!("witness.example/{seed}"),
        KeyKind::Cosignature,
        &[seed; 32],
    )
    .unwrap()
}
