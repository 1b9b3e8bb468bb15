//! The files of one ticket: which its worker may fetch, and where those go that it brings.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use arknet_protocol::{BlobDigest, BlobHasher};
use futures_util::{Stream, StreamExt};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::message::ResultFile;

/// How long the next bytes of an upload may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Uploads at one time. The others wait.
const AT_ONCE: usize = 2;

/// Why a file cannot be fetched or brought.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeskError {
    /// Not one of the ticket's files.
    #[error("this ticket has no such file")]
    Unknown,
    /// More bytes than all results of the ticket may have.
    #[error("the file is too large: {room} bytes of results are left for this ticket")]
    TooLarge {
        /// What is left.
        room: u64,
    },
    /// It ended early, late or not at all.
    #[error("the file did not arrive: {0}")]
    Broken(String),
    /// It is another file.
    #[error("the file has digest {got}")]
    Digest {
        /// What came.
        got: BlobDigest,
    },
    /// The node cannot read or write it.
    #[error("the node's disk: {0}")]
    Disk(#[from] io::Error),
}

/// The files of one ticket.
#[derive(Debug)]
pub(super) struct Desk {
    blobs: HashMap<BlobDigest, PathBuf>,
    incoming: PathBuf,
    room: Mutex<u64>,
    uploads: Semaphore,
}

impl Desk {
    /// A desk with these files to fetch, that takes so many bytes into a folder of its own.
    pub(super) fn new(
        blobs: impl IntoIterator<Item = (BlobDigest, PathBuf)>,
        incoming: PathBuf,
        room: u64,
    ) -> Self {
        Self {
            blobs: blobs.into_iter().collect(),
            incoming,
            room: Mutex::new(room),
            uploads: Semaphore::new(AT_ONCE),
        }
    }

    /// Opens a file for its worker.
    pub(super) async fn fetch(&self, digest: &BlobDigest) -> Result<(File, u64), DeskError> {
        let path = self.blobs.get(digest).ok_or(DeskError::Unknown)?;
        let file = File::open(path).await?;
        let size = file.metadata().await?.len();
        Ok((file, size))
    }

    /// Takes a file of a length and a digest. It is there whole or not at all; what is there is not taken again.
    pub(super) async fn bring<E: fmt::Display>(
        &self,
        digest: &BlobDigest,
        size: u64,
        bytes: impl Stream<Item = Result<axum::body::Bytes, E>> + Unpin,
    ) -> Result<(), DeskError> {
        let path = self.path(digest);
        // Closed only with the desk, which nobody does.
        let _turn = self.uploads.acquire().await;
        if fs::try_exists(&path).await? {
            return Ok(());
        }
        self.reserve(size)?;
        let part = self.incoming.join(format!("{digest}.part"));
        let brought = match write(&part, size, bytes).await {
            Ok(got) if got == *digest => fs::rename(&part, &path).await.map_err(DeskError::from),
            Ok(got) => Err(DeskError::Digest { got }),
            Err(error) => Err(error),
        };
        if brought.is_err() {
            self.give_back(size);
            // What cannot be removed goes with the folder.
            let _ = fs::remove_file(&part).await;
        }
        brought
    }

    /// Moves a file that was brought to where it belongs.
    pub(super) async fn hand_over(&self, file: &ResultFile, to: &Path) -> Result<(), DeskError> {
        let path = self.path(&file.digest);
        match fs::metadata(&path).await {
            Ok(found) if found.len() == file.size => {}
            _ => return Err(DeskError::Unknown),
        }
        // Two outputs may have the same bytes.
        fs::copy(&path, to).await?;
        Ok(())
    }

    fn path(&self, digest: &BlobDigest) -> PathBuf {
        self.incoming.join(digest.to_string())
    }

    fn reserve(&self, size: u64) -> Result<(), DeskError> {
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        *room = room
            .checked_sub(size)
            .ok_or(DeskError::TooLarge { room: *room })?;
        Ok(())
    }

    fn give_back(&self, size: u64) {
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        *room = room.saturating_add(size);
    }
}

/// Writes exactly `size` bytes and returns their digest.
async fn write<E: fmt::Display>(
    path: &Path,
    size: u64,
    mut bytes: impl Stream<Item = Result<axum::body::Bytes, E>> + Unpin,
) -> Result<BlobDigest, DeskError> {
    let mut file = File::create(path).await?;
    let mut hasher = BlobHasher::default();
    let mut left = size;
    let broken = |reason: &str| DeskError::Broken(reason.to_owned());
    loop {
        let next = timeout(PATIENCE, bytes.next()).await;
        let Some(chunk) = next.map_err(|_| broken("no bytes came for too long"))? else {
            break;
        };
        let chunk = chunk.map_err(|error| DeskError::Broken(error.to_string()))?;
        left = left
            .checked_sub(chunk.len() as u64)
            .ok_or_else(|| broken("more bytes came than were announced"))?;
        hasher.update(&chunk);
        file.write_all(&chunk).await?;
    }
    if left > 0 {
        return Err(broken("it ended early"));
    }
    file.flush().await?;
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::body::Bytes;
    use futures_util::stream;

    use super::*;

    fn chunks(parts: &[&'static str]) -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin {
        let parts: Vec<_> = parts.iter().map(|part| Ok(Bytes::from(*part))).collect();
        stream::iter(parts)
    }

    #[tokio::test]
    async fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::new([], folder.path().to_owned(), 10);
        let digest = BlobDigest::of(b"abcdef");
        let file = ResultFile {
            name: "x".to_owned(),
            digest,
            size: 6,
        };
        let to = folder.path().join("x");
        for (size, parts) in [
            (6, vec!["abc"]),
            (6, vec!["abc", "defg"]),
            (6, vec!["abcdex"]),
            (5, vec!["abcdef"]),
            (11, vec!["abcdef"]),
        ] {
            assert!(desk.bring(&digest, size, chunks(&parts)).await.is_err());
            assert!(desk.hand_over(&file, &to).await.is_err());
        }
        // Nothing of what failed counts, and what is there costs nothing again.
        for _ in 0..3 {
            desk.bring(&digest, 6, chunks(&["abc", "def"]))
                .await
                .unwrap();
        }
        desk.hand_over(&file, &to).await.unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), b"abcdef");
        let second = BlobDigest::of(b"ghijk");
        let refused = desk.bring(&second, 5, chunks(&["ghijk"])).await;
        assert!(matches!(refused, Err(DeskError::TooLarge { room: 4 })));
        let names = std::fs::read_dir(folder.path()).unwrap();
        assert_eq!(names.count(), 2);
    }

    #[tokio::test]
    async fn only_the_ticket_s_files_are_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("input");
        std::fs::write(&path, "abc").unwrap();
        let desk = Desk::new(
            [(BlobDigest::of(b"abc"), path)],
            folder.path().to_owned(),
            0,
        );
        assert_eq!(desk.fetch(&BlobDigest::of(b"abc")).await.unwrap().1, 3);
        let refused = desk.fetch(&BlobDigest::of(b"input")).await;
        assert!(matches!(refused, Err(DeskError::Unknown)));
    }
}
