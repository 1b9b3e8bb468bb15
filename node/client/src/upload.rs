//! Uploads that go on where they stopped.

use std::io::SeekFrom;
use std::sync::Arc;
use std::time::Duration;

use arknet_protocol::api::BlobStatus;
use arknet_protocol::{BlobDigest, Code};
use futures_util::stream::{self, Stream};
use reqwest::Body;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use tokio::fs::File;
use tokio::io::{self, AsyncReadExt, AsyncSeekExt};
use tokio::sync::watch;

use crate::blob::{Blob, BlobSource};
use crate::client::Client;
use crate::error::ClientError;
use crate::fetch;

const WHAT: &str = "an upload";
/// Bytes that are handed to the connection at a time.
const PIECE: usize = 64 << 10;
/// The most bytes of the answer.
const ANSWER: u64 = 64 << 10;

/// Is told how many bytes of a blob are on their way.
pub type Progress = Arc<dyn Fn(u64) + Send + Sync>;

impl Client {
    /// Where the node has a blob. A node that has nothing of it has zero bytes.
    pub async fn blob(&self, digest: BlobDigest) -> Result<BlobStatus, ClientError> {
        let digest_text = digest.to_string();
        let path = ["v1", "blobs", &digest_text, "status"];
        match self.get(&path, "the question about a blob", ANSWER).await {
            Err(error) if error.code() == Some(Code::NotFound) => Ok(BlobStatus {
                digest,
                received: 0,
                complete: false,
            }),
            result => result,
        }
    }

    /// Makes sure that the node has a blob, and says whether anything had to be sent for it.
    pub async fn upload(&self, blob: &Blob, progress: Progress) -> Result<bool, ClientError> {
        let mut status = self.blob(blob.digest()).await?;
        if status.complete {
            return Ok(false);
        }
        let mut backoff = self.backoff();
        loop {
            let offset = status.received;
            let error = match self.upload_from(blob, offset, &progress).await {
                Ok(done) if done.complete => return Ok(true),
                Ok(_) => ClientError::Broken {
                    what: WHAT.to_owned(),
                    reason: "the node has not got all of it".to_owned(),
                },
                Err(error) => error,
            };
            backoff.wait(error).await?;
            status = self.blob(blob.digest()).await?;
            if status.complete {
                return Ok(true);
            }
            if status.received > offset {
                backoff.succeeded();
            }
        }
    }

    /// Sends what comes after `offset`.
    async fn upload_from(
        &self,
        blob: &Blob,
        offset: u64,
        progress: &Progress,
    ) -> Result<BlobStatus, ClientError> {
        let Some(left) = blob.size().checked_sub(offset) else {
            return Err(ClientError::Answer {
                what: "the question about a blob".to_owned(),
                reason: format!("it has {offset} bytes of a blob of {}", blob.size()),
            });
        };
        let (moved, mut movement) = watch::channel(offset);
        let progress = Arc::clone(progress);
        let report = move |at| {
            progress(at);
            moved.send_replace(at);
        };
        let body = match blob.source() {
            BlobSource::Bytes(bytes) => {
                Body::wrap_stream(pieces_of_bytes(Arc::clone(bytes), offset, report))
            }
            BlobSource::File(path) => {
                let failed = |source| ClientError::Source {
                    path: path.clone(),
                    source,
                };
                let mut file = File::open(path).await.map_err(failed)?;
                if file.metadata().await.map_err(failed)?.len() != blob.size() {
                    return Err(failed(io::Error::other(
                        "it has changed since its digest was made",
                    )));
                }
                file.seek(SeekFrom::Start(offset)).await.map_err(failed)?;
                Body::wrap_stream(pieces_of_file(file, offset, left, report))
            }
        };
        let request = self
            .upload_request(self.url(&["v1", "blobs", &blob.digest().to_string()]))
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, left)
            .header("Upload-Offset", offset)
            .header("Upload-Length", blob.size())
            .body(body);
        let idle = self.idle();
        let call = async {
            let response = fetch::send(request, self.address(), WHAT).await?;
            fetch::json(response, WHAT, ANSWER).await
        };
        tokio::select! {
            result = call => result,
            () = silence(&mut movement, idle) => Err(ClientError::Broken {
                what: WHAT.to_owned(),
                reason: format!("nothing moved for {} seconds", idle.as_secs()),
            }),
        }
    }
}

/// Is done once nothing has moved for so long.
async fn silence(movement: &mut watch::Receiver<u64>, idle: Duration) {
    loop {
        match tokio::time::timeout(idle, movement.changed()).await {
            Ok(Ok(())) => {}
            // All is sent; now the node has as long to answer.
            Ok(Err(_)) => return tokio::time::sleep(idle).await,
            Err(_) => return,
        }
    }
}

fn pieces_of_bytes(
    bytes: Arc<[u8]>,
    offset: u64,
    report: impl Fn(u64) + Send + 'static,
) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static {
    // An offset past the end was refused before, so it fits what is in memory.
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    stream::unfold((bytes, start, report), |(bytes, at, report)| async move {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let piece = rest[..rest.len().min(PIECE)].to_vec();
        let next = at + piece.len();
        report(next as u64);
        Some((Ok(piece), (bytes, next, report)))
    })
}

/// Exactly `left` bytes, so that a file that has changed breaks the upload instead of confusing it.
fn pieces_of_file(
    file: File,
    offset: u64,
    left: u64,
    report: impl Fn(u64) + Send + 'static,
) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static {
    let state = (file, offset, left, report);
    stream::try_unfold(state, |(mut file, at, left, report)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
        let length = file.read(&mut piece).await?;
        if length == 0 {
            return Err(io::Error::other("the file shrank while it was sent"));
        }
        piece.truncate(length);
        let (at, left) = (at + length as u64, left - length as u64);
        report(at);
        Ok(Some((piece, (file, at, left, report))))
    })
}
