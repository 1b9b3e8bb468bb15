//! Fetches a ticket's files from the node and brings results.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arknet_protocol::{BlobDigest, BlobHasher, KeyPair, PublicKey};
use reqwest::header::{CONTENT_LENGTH, RANGE};
use reqwest::{Body, Certificate, Client, Response, StatusCode, Url, redirect};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};
use tokio_util::io::ReaderStream;
use tracing::debug;

use super::heart::now_ms;
use crate::fleet::Ticket;
use crate::fleet::file_call::{FileCall, Method};
use crate::fleet::message::{BlobSize, ResultFile};

/// How long the node may take to answer, and between two pieces of a file.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes a second of the slowest upload that is waited for.
const SLOWEST: u64 = 256 << 10;
/// How long a connection may take to come about.
const CONNECTING: Duration = Duration::from_secs(5);
/// The pause before a call is tried again. Whether that is still wanted, the node says to heartbeats.
const PAUSE: Duration = Duration::from_millis(500);
/// Bytes of an error's text that are shown.
const SHOWN: usize = 300;

/// Why there is no courier.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// The address is none.
    #[error("`{url}` is not an http or https address of a node")]
    Url {
        /// The address.
        url: String,
    },
    /// The authority's certificate cannot be used.
    #[error("the certificate in {}: {reason}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Other parts of it.
    #[error("a client for files cannot be made: {0}")]
    Client(reqwest::Error),
}

/// Why a file was not fetched or brought.
#[derive(Debug, thiserror::Error)]
pub(super) enum Undelivered {
    /// The ticket is closed.
    #[error("the node has taken the attempt back")]
    Closed,
    /// The node refuses, and will refuse again.
    #[error("the node refuses: {0}")]
    Refused(String),
    /// The node sent another file than the assignment says.
    #[error("the node sent {got} in place of {wanted}")]
    Digest {
        /// What came.
        got: BlobDigest,
        /// What should have come.
        wanted: BlobDigest,
    },
    /// This machine's disk.
    #[error("the worker's disk: {0}")]
    Disk(#[from] io::Error),
}

/// How one try ended that was not the last.
enum Try {
    Again(String),
    Never(Undelivered),
}

impl From<io::Error> for Try {
    fn from(error: io::Error) -> Self {
        Self::Never(error.into())
    }
}

impl From<reqwest::Error> for Try {
    fn from(error: reqwest::Error) -> Self {
        Self::Again(error.without_url().to_string())
    }
}

/// Fetches and brings files.
pub(super) struct Courier {
    client: Client,
    url: Url,
    node: PublicKey,
    key: Arc<KeyPair>,
}

impl Courier {
    /// A courier to the node at this address.
    pub(super) fn new(
        url: &str,
        authority: Option<&Path>,
        node: PublicKey,
        key: Arc<KeyPair>,
    ) -> Result<Self, CourierError> {
        let wrong = || CourierError::Url {
            url: url.to_owned(),
        };
        let parsed = Url::parse(url).map_err(|_| wrong())?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.cannot_be_a_base() {
            return Err(wrong());
        }
        // Another part of the program may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECTING);
        if let Some(path) = authority {
            let wrong = |reason: String| CourierError::Authority {
                path: path.to_owned(),
                reason,
            };
            let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let certificates =
                Certificate::from_pem_bundle(&pem).map_err(|error| wrong(error.to_string()))?;
            builder = builder.tls_certs_only(certificates);
        }
        Ok(Self {
            client: builder.build().map_err(CourierError::Client)?,
            url: parsed,
            node,
            key,
        })
    }

    /// Fetches a blob to a new file. Tries until it has it, the node refuses, or the caller stops waiting.
    pub(super) async fn fetch(
        &self,
        ticket: Ticket,
        blob: BlobSize,
        to: &Path,
    ) -> Result<(), Undelivered> {
        let mut download = Download {
            file: File::create_new(to).await?,
            hasher: BlobHasher::default(),
            received: 0,
        };
        while download.received < blob.size {
            match self.go_on(ticket, blob, &mut download).await {
                Ok(()) => {}
                Err(Try::Never(why)) => return Err(why),
                Err(Try::Again(reason)) => {
                    debug!(%ticket, blob = %blob.digest, reason, "fetching again");
                    sleep(PAUSE).await;
                }
            }
        }
        download.file.flush().await?;
        let got = download.hasher.finish();
        if got != blob.digest {
            return Err(Undelivered::Digest {
                got,
                wanted: blob.digest,
            });
        }
        Ok(())
    }

    async fn go_on(
        &self,
        ticket: Ticket,
        blob: BlobSize,
        download: &mut Download,
    ) -> Result<(), Try> {
        let call = FileCall {
            method: Method::Get,
            ticket,
            digest: blob.digest,
        };
        let mut request = self.client.get(self.at(&call));
        for (name, value) in call.headers(&self.node, &self.key, now_ms()) {
            request = request.header(name, value);
        }
        if download.received > 0 {
            request = request.header(RANGE, format!("bytes={}-", download.received));
        }
        let mut response = accepted(soon(request.send()).await?).await?;
        let expected = if download.received > 0 {
            StatusCode::PARTIAL_CONTENT
        } else {
            StatusCode::OK
        };
        if response.status() != expected {
            let reason = format!("status {}", response.status());
            return Err(Try::Never(Undelivered::Refused(reason)));
        }
        while let Some(chunk) = soon(response.chunk()).await? {
            download.received += chunk.len() as u64;
            if download.received > blob.size {
                let reason = format!("it has more than {} bytes", blob.size);
                return Err(Try::Never(Undelivered::Refused(reason)));
            }
            download.hasher.update(&chunk);
            download.file.write_all(&chunk).await?;
        }
        if download.received < blob.size {
            return Err(Try::Again("it ended early".to_owned()));
        }
        Ok(())
    }

    /// Brings a file. Tries until it is there, the node refuses, or the caller stops waiting.
    pub(super) async fn bring(
        &self,
        ticket: Ticket,
        name: String,
        path: &Path,
    ) -> Result<ResultFile, Undelivered> {
        let (digest, size) = digest_of(path).await?;
        let call = FileCall {
            method: Method::Put,
            ticket,
            digest,
        };
        loop {
            match self.put(&call, path, size).await {
                Ok(()) => return Ok(ResultFile { name, digest, size }),
                Err(Try::Never(why)) => return Err(why),
                Err(Try::Again(reason)) => {
                    debug!(%ticket, name, reason, "bringing again");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn put(&self, call: &FileCall, path: &Path, size: u64) -> Result<(), Try> {
        let file = File::open(path).await?.take(size);
        let body = Body::wrap_stream(ReaderStream::with_capacity(file, 1 << 16));
        let mut request = self
            .client
            .put(self.at(call))
            .header(CONTENT_LENGTH, size)
            .timeout(PATIENCE + Duration::from_secs(size / SLOWEST))
            .body(body);
        for (name, value) in call.headers(&self.node, &self.key, now_ms()) {
            request = request.header(name, value);
        }
        accepted(request.send().await?).await?;
        Ok(())
    }

    fn at(&self, call: &FileCall) -> Url {
        let mut url = self.url.clone();
        url.set_path(&call.path());
        url
    }
}

struct Download {
    file: File,
    hasher: BlobHasher,
    received: u64,
}

/// An answer that comes before patience ends.
async fn soon<T>(answer: impl Future<Output = reqwest::Result<T>>) -> Result<T, Try> {
    match timeout(PATIENCE, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Try::Again("no answer for too long".to_owned())),
    }
}

/// The response, if it is a success.
async fn accepted(mut response: Response) -> Result<Response, Try> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    if status == StatusCode::GONE {
        return Err(Try::Never(Undelivered::Closed));
    }
    let mut text = Vec::new();
    while let Some(chunk) = soon(response.chunk()).await? {
        text.extend_from_slice(&chunk[..chunk.len().min(SHOWN - text.len())]);
        if text.len() == SHOWN {
            break;
        }
    }
    let text = String::from_utf8_lossy(&text);
    let text = format!(
        "status {}, {}",
        status.as_u16(),
        arknet_workload::printable::printable(&text)
    );
    // A full disk or a broken connection may be better in a moment; a wrong key, clock or path is not.
    let passes = status.is_server_error() || status == StatusCode::BAD_REQUEST;
    Err(if passes {
        Try::Again(text)
    } else {
        Try::Never(Undelivered::Refused(text))
    })
}

async fn digest_of(path: &Path) -> io::Result<(BlobDigest, u64)> {
    let mut file = File::open(path).await?;
    let mut hasher = BlobHasher::default();
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        let read = file.read(&mut buffer).await?;
        if read == 0 {
            return Ok((hasher.finish(), size));
        }
        hasher.update(&buffer[..read]);
        size += read as u64;
    }
}

/// The ordinary files of a folder, in the order of their names.
pub(super) async fn files_in(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut entries = fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        if entry.file_type().await?.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}
