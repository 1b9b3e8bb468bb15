//! Reads every blob again: disks forget.

use std::io::Read;

use arknet_protocol::{BlobDigest, BlobHasher};

use super::{BlobError, Blobs, CHUNK, blocking};

/// What reading every blob gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrubReport {
    /// Blobs read.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blobs whose file is missing or has other bytes.
    pub damaged: Vec<BlobDigest>,
}

impl Blobs {
    /// Reads and hashes every blob that there is when its turn comes.
    pub async fn scrub(&self) -> Result<ScrubReport, BlobError> {
        let mut report = ScrubReport::default();
        let mut after = None;
        loop {
            let page = self.0.store.blobs_after(after).await?;
            let Some(last) = page.last() else {
                return Ok(report);
            };
            after = Some(last.digest);
            for blob in page {
                report.blobs += 1;
                match self.check(blob.digest).await {
                    Ok(bytes) => report.bytes += bytes,
                    Err(BlobError::Damaged(digest)) => report.damaged.push(digest),
                    // Removed since the page was read.
                    Err(BlobError::NotStored(_)) => report.blobs -= 1,
                    Err(error) => return Err(error),
                }
            }
        }
    }

    async fn check(&self, digest: BlobDigest) -> Result<u64, BlobError> {
        let (file, length) = self.open(digest).await?;
        let mut file = file.into_std().await;
        blocking(move || {
            let mut hasher = BlobHasher::default();
            let mut chunk = vec![0; CHUNK];
            loop {
                // What the disk does not give back is as good as gone.
                let read = file
                    .read(&mut chunk)
                    .map_err(|_| BlobError::Damaged(digest))?;
                if read == 0 {
                    break;
                }
                hasher.update(&chunk[..read]);
            }
            match hasher.finish() == digest {
                true => Ok(length),
                false => Err(BlobError::Damaged(digest)),
            }
        })
        .await
    }
}
