//! Backups of a node that works, and what a restore must not undo.

use std::path::{Path, PathBuf};

use arknet_protocol::BlobDigest;
use arknet_tlog::{Checkpoint, Frontier, Hash};

use super::{BackupError, BackupSource, LogStanding, RestoreTarget, back_up, restore};
use crate::blobs::{BlobSettings, Blobs};
use crate::store::testing::{ADMISSION, Bench, NOON};
use crate::store::{AcceptError, Accepted, Output, Sealing, Store};

const SETTINGS: BlobSettings = BlobSettings {
    max_bytes: 1 << 20,
    min_free: 0,
    unused_after: 1,
    partial_after: 1,
};

struct Place {
    bench: Bench,
    blobs: Blobs,
}

impl Place {
    /// A node with a job that is done.
    async fn new() -> Self {
        let bench = Bench::new().await;
        let blobs = Blobs::in_folder(bench.folder.path(), bench.store.clone(), SETTINGS).unwrap();
        let place = Self { bench, blobs };
        place.put(b"kernel").await;
        place.finish(1).await;
        place
    }

    async fn put(&self, bytes: &[u8]) -> BlobDigest {
        let client = Some(self.bench.client.public());
        let record = self
            .blobs
            .put_bytes(NOON, client, bytes.to_vec())
            .await
            .unwrap();
        record.digest
    }

    async fn finish(&self, nonce: u8) {
        let job = self.bench.job(nonce).await;
        self.bench.verify(job).await;
        let sealing = Sealing {
            leaf: vec![nonce],
            draft: self.put(b"draft").await,
            outputs: vec![Output {
                name: "data".to_owned(),
                digest: self.put(&[nonce; 100]).await,
            }],
            device_millis: 1,
        };
        let store = &self.bench.store;
        store.seal(NOON, job, 1, sealing).await.unwrap();
        store
            .finish(NOON, job, 1, self.put(b"receipt").await)
            .await
            .unwrap();
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.bench.folder.path().join(name)
    }

    fn source(&self) -> BackupSource {
        BackupSource {
            data: self.bench.folder.path().to_owned(),
            record: self.folder("keys/signed"),
            keys: None,
        }
    }

    fn target(&self, name: &str) -> RestoreTarget {
        RestoreTarget {
            data: self.folder(name),
            record: self.folder(name).join("keys/signed"),
            keys: self.folder(name).join("keys"),
        }
    }
}

/// Writes the record of a log that signed entries of one byte each.
fn record(path: &Path, leaves: &[u8]) {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.append(Hash::of_entry(&[*leaf]), |_, _| {});
    }
    let checkpoint = Checkpoint::new("example.org/log", leaves.len() as u64, frontier.root());
    let signature = "— example.org/log AAAAAQcHBwc=";
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("{checkpoint}\n{signature}\n")).unwrap();
}

#[tokio::test]
async fn what_is_restored_is_what_was_saved() {
    let place = Place::new().await;
    record(&place.folder("keys/signed"), &[1]);
    std::fs::write(place.folder("keys/node.key"), "secret").unwrap();
    let backup = place.folder("backup");
    let made = back_up(&place.source(), &backup, NOON).unwrap();
    // kernel, draft, output, receipt
    assert_eq!(
        (made.blobs, made.bytes, made.leaves, made.keys),
        (4, 6 + 5 + 100 + 7, 1, 0)
    );
    assert!(!backup.join("keys").exists());
    assert!(matches!(
        back_up(&place.source(), &backup, NOON),
        Err(BackupError::Exists(_))
    ));

    let target = place.target("restored");
    let report = restore(&backup, &target, NOON).unwrap();
    assert_eq!(report.node, place.bench.node.public());
    assert_eq!((report.blobs, report.leaves, report.keys), (4, 1, false));
    assert_eq!(report.log, LogStanding::Whole { signed: 1 });
    let store = Store::open(&target.data.join("node.db"), place.bench.node.public()).unwrap();
    let blobs = Blobs::in_folder(&target.data, store.clone(), SETTINGS).unwrap();
    assert_eq!(blobs.scrub().await.unwrap().damaged, []);
    assert_eq!(blobs.sweep().await.unwrap(), 0);
    assert_eq!(store.verify_audit(None).await.unwrap(), made.audit_entries);
    assert!(matches!(
        restore(&backup, &target, NOON),
        Err(BackupError::Occupied(_))
    ));
}

#[tokio::test]
async fn no_nonce_of_the_time_after_the_backup_can_be_used_again() {
    let place = Place::new().await;
    let backup = place.folder("backup");
    back_up(&place.source(), &backup, NOON).unwrap();
    // Accepted after the backup, and forgotten by the restore.
    place.bench.job(2).await;
    let target = place.target("restored");
    let later = NOON.plus(30_000);
    let report = restore(&backup, &target, later).unwrap();
    let store = Store::open(&target.data.join("node.db"), place.bench.node.public()).unwrap();
    let submit = |request| {
        store.accept(
            later,
            place.bench.sign(request),
            place.bench.token,
            ADMISSION,
        )
    };
    let replayed = submit(place.bench.request(2)).await;
    assert!(
        matches!(replayed, Err(AcceptError::Expired { .. })),
        "{replayed:?}"
    );
    // What the backup knows is still the same job.
    let known = submit(place.bench.request(1)).await;
    assert!(matches!(known, Ok(Accepted::Existing(_))), "{known:?}");
    let mut fresh = place.bench.request(3);
    fresh.not_before = report.requests_from.seconds();
    assert!(matches!(submit(fresh).await, Ok(Accepted::Created(_))));
}

#[tokio::test]
async fn a_log_that_signed_more_or_other_entries_is_reported() {
    let place = Place::new().await;
    let backup = place.folder("backup");
    back_up(&place.source(), &backup, NOON).unwrap();
    for (name, signed, expected) in [
        (
            "ahead",
            &[1, 2][..],
            LogStanding::Behind {
                signed: 2,
                found: 1,
            },
        ),
        ("other", &[9][..], LogStanding::Differs { signed: 1 }),
        ("whole", &[1][..], LogStanding::Whole { signed: 1 }),
        ("empty", &[][..], LogStanding::Whole { signed: 0 }),
    ] {
        let target = place.target(name);
        record(&target.record, signed);
        let before = std::fs::read(&target.record).unwrap();
        assert_eq!(
            restore(&backup, &target, NOON).unwrap().log,
            expected,
            "{name}"
        );
        assert_eq!(
            std::fs::read(&target.record).unwrap(),
            before,
            "the record was restored over"
        );
    }
    let unsigned = restore(&backup, &place.target("unsigned"), NOON).unwrap();
    assert_eq!(unsigned.log, LogStanding::Unsigned);
}

#[tokio::test]
async fn keys_are_saved_only_where_asked_and_never_restored_over() {
    let place = Place::new().await;
    record(&place.folder("keys/signed"), &[1]);
    std::fs::write(place.folder("keys/node.key"), "secret").unwrap();
    let backup = place.folder("backup");
    let source = BackupSource {
        keys: Some(place.folder("keys")),
        ..place.source()
    };
    assert_eq!(back_up(&source, &backup, NOON).unwrap().keys, 2);
    let fresh = place.target("fresh");
    assert!(restore(&backup, &fresh, NOON).unwrap().keys);
    assert_eq!(
        std::fs::read_to_string(fresh.keys.join("node.key")).unwrap(),
        "secret"
    );
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(fresh.keys.join("node.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = place.target("kept");
    std::fs::create_dir_all(&kept.keys).unwrap();
    std::fs::write(kept.keys.join("node.key"), "newer").unwrap();
    assert!(!restore(&backup, &kept, NOON).unwrap().keys);
    assert_eq!(
        std::fs::read_to_string(kept.keys.join("node.key")).unwrap(),
        "newer"
    );
}

#[tokio::test]
async fn a_damaged_backup_is_not_restored() {
    let place = Place::new().await;
    let backup = place.folder("backup");
    back_up(&place.source(), &backup, NOON).unwrap();
    let receipt = BlobDigest::of(b"receipt").to_string();
    let blob = backup.join("blobs").join(&receipt[..2]).join(&receipt[2..]);
    for (name, file) in [("database", backup.join("node.db")), ("blob", blob)] {
        let whole = std::fs::read(&file).unwrap();
        let mut bytes = whole.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let target = place.target(name);
        let error = restore(&backup, &target, NOON).unwrap_err();
        assert!(
            matches!(error, BackupError::Damaged(_) | BackupError::Blob(_)),
            "{error}"
        );
        assert!(!target.data.join("node.db").exists());
        // With the whole file again the same restore works, over what the first one left.
        std::fs::write(&file, whole).unwrap();
        restore(&backup, &target, NOON).unwrap();
    }
    std::fs::remove_file(backup.join("backup.json")).unwrap();
    let error = restore(&backup, &place.target("none"), NOON).unwrap_err();
    assert!(matches!(error, BackupError::Incomplete(_)), "{error}");
    std::fs::write(backup.join("backup.json"), "{\"version\": 1}").unwrap();
    let error = restore(&backup, &place.target("none"), NOON).unwrap_err();
    assert!(matches!(error, BackupError::Manifest { .. }), "{error}");
}

#[tokio::test]
async fn a_missing_blob_stops_a_backup_where_a_job_needs_it() {
    let place = Place::new().await;
    let unused = place.put(b"unused").await.to_string();
    let file = |digest: &str| place.folder("blobs").join(&digest[..2]).join(&digest[2..]);
    std::fs::remove_file(file(&unused)).unwrap();
    let made = back_up(&place.source(), &place.folder("first"), NOON).unwrap();
    assert_eq!(made.blobs, 4);
    restore(&place.folder("first"), &place.target("restored"), NOON).unwrap();
    let receipt = BlobDigest::of(b"receipt");
    std::fs::remove_file(file(&receipt.to_string())).unwrap();
    let second = place.folder("second");
    let error = back_up(&place.source(), &second, NOON).unwrap_err();
    assert!(
        matches!(error, BackupError::Blob(digest) if digest == receipt),
        "{error}"
    );
    assert!(!second.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_node_that_works_is_one_moment_of_it() {
    let place = std::sync::Arc::new(Place::new().await);
    let worker = tokio::spawn({
        let place = std::sync::Arc::clone(&place);
        async move {
            for nonce in 2..40 {
                place.finish(nonce).await;
            }
        }
    });
    let mut last = 0;
    for number in 0..3 {
        let (source, folder) = (place.source(), place.folder(&format!("backup-{number}")));
        let made = tokio::task::spawn_blocking(move || {
            back_up(&source, &folder, NOON).map(|made| (made, folder))
        });
        let (made, folder) = made.await.unwrap().unwrap();
        assert!(made.leaves >= last);
        last = made.leaves;
        let target = place.target(&format!("restored-{number}"));
        let report = restore(&folder, &target, NOON).unwrap();
        assert_eq!(report.leaves, made.leaves);
        let store = Store::open(&target.data.join("node.db"), place.bench.node.public()).unwrap();
        store.recover(NOON).await.unwrap();
        let blobs = Blobs::in_folder(&target.data, store, SETTINGS).unwrap();
        assert_eq!(blobs.scrub().await.unwrap().damaged, []);
    }
    worker.await.unwrap();
}
