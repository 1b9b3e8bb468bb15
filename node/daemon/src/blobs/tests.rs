//! Uploads, outputs, garbage, and disks that fail.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arknet_protocol::{BlobDigest, PublicKey};

use super::disk::{Disk, DiskFile, SystemDisk};
use super::{Begun, BlobError, BlobSettings, Blobs, Upload};
use crate::store::testing::{ADMISSION, Bench, NOON};
use crate::store::{BeginUploadError, Quotas, UnixMillis};

const SETTINGS: BlobSettings = BlobSettings {
    max_bytes: 20 << 20,
    min_free: 0,
    unused_after: 1000,
    partial_after: 1000,
};

/// A disk that takes only so many bytes more, and may fail to sync.
struct FailingDisk {
    left: Arc<AtomicI64>,
    syncs: Arc<AtomicI64>,
}

struct FailingFile {
    file: Box<dyn DiskFile>,
    left: Arc<AtomicI64>,
    syncs: Arc<AtomicI64>,
}

impl FailingDisk {
    fn wrap(&self, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(FailingFile {
            file,
            left: Arc::clone(&self.left),
            syncs: Arc::clone(&self.syncs),
        })
    }
}

impl Disk for FailingDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        SystemDisk.create(path).map(|file| self.wrap(file))
    }

    fn resume(&self, path: &Path, offset: u64) -> io::Result<Box<dyn DiskFile>> {
        SystemDisk.resume(path, offset).map(|file| self.wrap(file))
    }

    fn create_folder(&self, path: &Path) -> io::Result<bool> {
        SystemDisk.create_folder(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemDisk.rename(from, to)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        SystemDisk.sync_folder(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        SystemDisk.remove(path)
    }

    fn free(&self, _: &Path) -> io::Result<u64> {
        Ok(self.left.load(Ordering::Relaxed).unsigned_abs())
    }
}

impl DiskFile for FailingFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let before = self.left.fetch_sub(bytes.len() as i64, Ordering::Relaxed);
        if before >= bytes.len() as i64 {
            return self.file.append(bytes);
        }
        // As a real one: what still fits is written.
        let fits = usize::try_from(before).unwrap_or(0);
        self.left.store(0, Ordering::Relaxed);
        self.file.append(&bytes[..fits])?;
        Err(io::ErrorKind::StorageFull.into())
    }

    fn sync(&mut self) -> io::Result<()> {
        match self.syncs.fetch_sub(1, Ordering::Relaxed) {
            0 => Err(io::Error::other("the disk does not answer")),
            _ => self.file.sync(),
        }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.cut(length)
    }

    fn reader(&self) -> io::Result<Box<dyn io::Read + Send>> {
        self.file.reader()
    }
}

struct Place {
    bench: Bench,
    blobs: Blobs,
}

impl Place {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let blobs = Blobs::in_folder(bench.folder.path(), bench.store.clone(), SETTINGS).unwrap();
        Self { bench, blobs }
    }

    fn client(&self) -> PublicKey {
        self.bench.client.public()
    }

    async fn begin(
        &self,
        digest: BlobDigest,
        length: usize,
        offset: u64,
    ) -> Result<Begun, BlobError> {
        let quotas = ADMISSION.quotas;
        self.blobs
            .begin(NOON, self.client(), digest, length as u64, offset, quotas)
            .await
    }

    async fn upload(&self, digest: BlobDigest, length: usize, offset: u64) -> Box<Upload> {
        match self.begin(digest, length, offset).await.unwrap() {
            Begun::Upload(upload) => upload,
            Begun::Complete(_) => panic!("it is there already"),
        }
    }

    async fn send(&self, bytes: &[u8]) -> Result<BlobDigest, BlobError> {
        let digest = BlobDigest::of(bytes);
        let mut upload = self.upload(digest, bytes.len(), 0).await;
        for chunk in bytes.chunks(100_000) {
            upload.write(NOON, chunk).await?;
        }
        upload.end(NOON).await.map(|status| status.digest)
    }

    /// The file of the blob that the bench has a row of.
    async fn kernel(&self) -> BlobDigest {
        let client = Some(self.client());
        let record = self.blobs.put_bytes(NOON, client, b"kernel".to_vec()).await;
        record.unwrap().digest
    }

    /// Files under a folder of the data folder.
    fn files(&self, folder: &str) -> usize {
        fn count(path: &Path) -> usize {
            let entries = std::fs::read_dir(path)
                .unwrap()
                .map(|entry| entry.unwrap().path());
            entries
                .map(|path| if path.is_dir() { count(&path) } else { 1 })
                .sum()
        }
        count(&self.bench.folder.path().join(folder))
    }
}

fn data(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 % 251) as u8).collect()
}

#[tokio::test]
async fn what_is_sent_is_what_is_read() {
    let place = Place::new().await;
    for length in [0, 1, 300_000, 5 << 20] {
        let bytes = data(length);
        let digest = place.send(&bytes).await.unwrap();
        assert_eq!(place.blobs.bytes(digest, 1 << 30).await.unwrap(), bytes);
        let status = place.blobs.status(place.client(), digest).await.unwrap();
        assert!(status.complete && status.received == length as u64);
        let copy = place.bench.folder.path().join(format!("copy-{length}"));
        assert_eq!(
            place.blobs.copy_to(digest, &copy).await.unwrap(),
            length as u64
        );
        assert_eq!(std::fs::read(&copy).unwrap(), bytes);
        assert!(matches!(
            place.begin(digest, length, 0).await.unwrap(),
            Begun::Complete(_)
        ));
    }
    assert_eq!(place.files("partial"), 0);
    let error = place
        .blobs
        .bytes(BlobDigest::of(&data(1)), 0)
        .await
        .unwrap_err();
    assert!(matches!(error, BlobError::TooLarge { bytes: 1, limit: 0 }));
}

#[tokio::test]
async fn an_upload_goes_on_where_it_stopped() {
    let place = Place::new().await;
    let bytes = data(9 << 20);
    let digest = BlobDigest::of(&bytes);
    let mut upload = place.upload(digest, bytes.len(), 0).await;
    upload.write(NOON, &bytes[..5 << 20]).await.unwrap();
    assert!(matches!(
        place.begin(digest, bytes.len(), 0).await,
        Err(BlobError::Busy)
    ));
    // The connection breaks: what was synced counts.
    drop(upload);
    let received = place
        .blobs
        .status(place.client(), digest)
        .await
        .unwrap()
        .received;
    assert!((4 << 20..=5 << 20).contains(&received), "{received}");
    let wrong = place.begin(digest, bytes.len(), 1).await;
    assert!(
        matches!(wrong, Err(BlobError::WrongOffset { got: 1, expected }) if expected == received)
    );
    let other = place.begin(digest, 7, received).await;
    assert!(matches!(
        other,
        Err(BlobError::Begin(BeginUploadError::OtherLength(_)))
    ));

    // A call that ends early on purpose keeps all of it.
    let mut upload = place.upload(digest, bytes.len(), received).await;
    let middle = received as usize + 1000;
    upload
        .write(NOON, &bytes[received as usize..middle])
        .await
        .unwrap();
    let status = upload.end(NOON).await.unwrap();
    assert_eq!((status.received, status.complete), (middle as u64, false));

    let mut upload = place.upload(digest, bytes.len(), middle as u64).await;
    upload.write(NOON, &bytes[middle..]).await.unwrap();
    assert!(matches!(
        upload.write(NOON, b"x").await,
        Err(BlobError::TooMany(_))
    ));
    assert!(upload.end(NOON).await.unwrap().complete);
    assert_eq!(place.blobs.bytes(digest, 1 << 30).await.unwrap(), bytes);
}

#[tokio::test]
async fn wrong_bytes_leave_nothing() {
    let place = Place::new().await;
    let digest = BlobDigest::of(b"announced");
    for parts in [&[&b"different"[..]][..], &[&b"diff"[..], &b"erent"[..]][..]] {
        let mut offset = 0;
        let mut result = Ok(());
        for part in parts {
            let mut upload = place.upload(digest, 9, offset).await;
            upload.write(NOON, part).await.unwrap();
            offset += part.len() as u64;
            result = upload.end(NOON).await.map(|_| ());
        }
        assert!(
            matches!(result, Err(BlobError::DigestMismatch { got, .. }) if got == BlobDigest::of(b"different"))
        );
        assert_eq!((place.files("partial"), place.files("blobs")), (0, 0));
        assert_eq!(
            place
                .blobs
                .status(place.client(), digest)
                .await
                .unwrap()
                .received,
            0
        );
    }
}

#[tokio::test]
async fn a_digest_alone_gives_nobody_a_blob() {
    let place = Place::new().await;
    let digest = place.send(b"a secret of the first client").await.unwrap();
    let second = place.bench.node.public();
    let store = &place.bench.store;
    assert!(!place.blobs.status(second, digest).await.unwrap().complete);
    let begun = place
        .blobs
        .begin(NOON, second, digest, 28, 0, ADMISSION.quotas)
        .await
        .unwrap();
    let Begun::Upload(mut upload) = begun else {
        panic!("given away")
    };
    upload
        .write(NOON, b"a guess of the second client")
        .await
        .unwrap();
    assert!(matches!(
        upload.end(NOON).await,
        Err(BlobError::DigestMismatch { .. })
    ));
    assert!(store.blob(Some(second), digest).await.unwrap().is_none());
    assert!(place.blobs.open(digest).await.is_ok());
}

#[tokio::test]
async fn limits_are_checked_before_a_byte_is_taken() {
    let place = Place::new().await;
    let digest = BlobDigest([1; 32]);
    let large = place.begin(digest, (20 << 20) + 1, 0).await;
    assert!(matches!(large, Err(BlobError::TooLarge { .. })));
    let quotas = Quotas {
        bytes: 10,
        ..ADMISSION.quotas
    };
    let over = place
        .blobs
        .begin(NOON, place.client(), digest, 5, 0, quotas)
        .await;
    assert!(matches!(
        over,
        Err(BlobError::Begin(BeginUploadError::QuotaExceeded { .. }))
    ));
    assert_eq!(place.files("partial"), 0);
}

async fn failing(place: &Place, bytes: i64, syncs: i64) -> (Blobs, Arc<AtomicI64>) {
    let left = Arc::new(AtomicI64::new(bytes));
    let disk = FailingDisk {
        left: Arc::clone(&left),
        syncs: Arc::new(AtomicI64::new(syncs)),
    };
    let (folder, store) = (place.bench.folder.path(), place.bench.store.clone());
    let blobs = Blobs::with_disk(folder, store, SETTINGS, Box::new(disk)).unwrap();
    (blobs, left)
}

#[tokio::test]
async fn a_full_disk_is_said_and_what_was_safe_stays_safe() {
    let mut place = Place::new().await;
    let bytes = data(8 << 20);
    let digest = BlobDigest::of(&bytes);
    let (blobs, left) = failing(&place, 9 << 20, i64::MAX).await;
    place.blobs = blobs;
    let mut upload = place.upload(digest, bytes.len(), 0).await;
    // Something else fills the disk meanwhile.
    upload.write(NOON, &bytes[..5 << 20]).await.unwrap();
    left.store(100_000, Ordering::Relaxed);
    let full = upload.write(NOON, &bytes[5 << 20..]).await;
    assert!(matches!(full, Err(BlobError::Full)), "{full:?}");
    assert!(upload.end(NOON).await.is_err());
    let received = place
        .blobs
        .status(place.client(), digest)
        .await
        .unwrap()
        .received;
    let partial = place.blobs.0.layout.upload(&place.client(), &digest);
    assert_eq!(
        std::fs::metadata(&partial).unwrap().len(),
        received,
        "debris fills the disk"
    );
    // No room for the rest: refused before a byte is taken.
    assert!(matches!(
        place.begin(digest, bytes.len(), received).await,
        Err(BlobError::Full)
    ));
    let put = place.blobs.put_bytes(NOON, None, data(200_000)).await;
    assert!(matches!(put, Err(BlobError::Full)), "{put:?}");
    assert_eq!((place.files("partial"), place.files("blobs")), (1, 0));

    left.store(50 << 20, Ordering::Relaxed);
    let mut upload = place.upload(digest, bytes.len(), received).await;
    upload
        .write(NOON, &bytes[received as usize..])
        .await
        .unwrap();
    assert!(upload.end(NOON).await.unwrap().complete);
    assert_eq!(place.blobs.bytes(digest, 1 << 30).await.unwrap(), bytes);
}

#[tokio::test]
async fn what_cannot_be_synced_does_not_exist() {
    let mut place = Place::new().await;
    let bytes = data(1000);
    let (blobs, _) = failing(&place, i64::MAX, 0).await;
    place.blobs = blobs;
    assert!(place.send(&bytes).await.is_err());
    let status = place
        .blobs
        .status(place.client(), BlobDigest::of(&bytes))
        .await
        .unwrap();
    assert!(!status.complete);
    let (blobs, _) = failing(&place, i64::MAX, 0).await;
    assert!(blobs.put_bytes(NOON, None, bytes).await.is_err());
    assert_eq!(place.files("blobs"), 0);
}

#[tokio::test]
async fn an_output_must_be_a_plain_file() {
    let place = Place::new().await;
    let folder = place.bench.folder.path();
    let secret = folder.join("secret");
    std::fs::write(&secret, "key").unwrap();
    let (link, hard, pipe) = (
        folder.join("link"),
        folder.join("hard"),
        folder.join("pipe"),
    );
    let put = |path: &Path| {
        let (blobs, path) = (place.blobs.clone(), path.to_owned());
        async move { blobs.put_file(NOON, None, &path, 10).await }
    };
    assert_eq!(put(&secret).await.unwrap().bytes, 3);
    std::os::unix::fs::symlink(&secret, &link).unwrap();
    assert!(put(&link).await.is_err());
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    assert!(matches!(put(&pipe).await, Err(BlobError::NotPlain(_))));
    assert!(matches!(put(folder).await, Err(BlobError::NotPlain(_))));
    std::fs::hard_link(&secret, &hard).unwrap();
    assert!(matches!(put(&hard).await, Err(BlobError::NotPlain(_))));
    std::fs::remove_file(&hard).unwrap();
    std::fs::write(&secret, "eleven bytes").unwrap();
    assert!(matches!(
        put(&secret).await,
        Err(BlobError::TooLarge { limit: 10, .. })
    ));
    assert_eq!((place.files("partial"), place.files("blobs")), (0, 1));
}

#[tokio::test]
async fn what_nobody_needs_goes_and_what_a_crash_left_too() {
    let place = Place::new().await;
    let used = place.kernel().await;
    place.bench.job(1).await;
    let unused = place.send(b"unused").await.unwrap();
    let mut upload = place.upload(BlobDigest::of(b"unfinished"), 10, 0).await;
    upload.write(NOON, b"unfin").await.unwrap();
    upload.end(NOON).await.unwrap();
    let later = |millis| UnixMillis(NOON.0 + millis);
    assert_eq!(place.blobs.collect(later(1000)).await.unwrap().blobs, 0);
    let collected = place.blobs.collect(later(1001)).await.unwrap();
    assert_eq!((collected.blobs, collected.uploads), (1, 1));
    assert_eq!((place.files("partial"), place.files("blobs")), (0, 1));
    assert!(matches!(
        place.blobs.open(unused).await,
        Err(BlobError::NotStored(_))
    ));

    let data = place.bench.folder.path();
    let orphan = place.blobs.0.layout.blob(&BlobDigest([0x77; 32]));
    std::fs::create_dir(orphan.parent().unwrap()).unwrap();
    std::fs::write(&orphan, "no row").unwrap();
    std::fs::write(data.join("partial/new-7"), "half").unwrap();
    std::fs::write(data.join("partial/ab-cd"), "half").unwrap();
    assert_eq!(place.blobs.sweep().await.unwrap(), 3);
    assert_eq!((place.files("partial"), place.files("blobs")), (0, 1));
    assert!(place.blobs.open(used).await.is_ok());
}

#[tokio::test]
async fn a_scrub_finds_what_the_disk_forgot() {
    let place = Place::new().await;
    place.kernel().await;
    let rotten = place.send(&data(1000)).await.unwrap();
    let gone = place.send(b"gone").await.unwrap();
    let good = place.blobs.scrub().await.unwrap();
    assert_eq!((good.blobs, good.bytes, good.damaged.len()), (3, 1010, 0));
    let path = place.blobs.0.layout.blob(&rotten);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[500] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    std::fs::remove_file(place.blobs.0.layout.blob(&gone)).unwrap();
    let mut damaged = place.blobs.scrub().await.unwrap().damaged;
    damaged.sort();
    let mut expected = [rotten, gone];
    expected.sort();
    assert_eq!(damaged, expected);
    assert!(matches!(
        place.blobs.bytes(rotten, 9999).await,
        Err(BlobError::Damaged(_))
    ));
    let copy = place.bench.folder.path().join("copy");
    assert!(matches!(
        place.blobs.copy_to(rotten, &copy).await,
        Err(BlobError::Damaged(_))
    ));
    assert!(!copy.exists());
    // Its client sends it again, and it is whole again.
    let record = place
        .blobs
        .put_bytes(NOON, Some(place.client()), data(1000))
        .await
        .unwrap();
    assert_eq!(record.digest, rotten);
    assert!(place.blobs.bytes(rotten, 9999).await.is_ok());
}
