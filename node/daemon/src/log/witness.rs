//! Witnesses: others who look at every checkpoint and cosign those that only grow (`tlog-witness`).
//!
//! A witness that does not answer delays a checkpoint by the timeout once and is then left alone for a while; the
//! checkpoint is served without it. What a witness answers is believed only as far as its signature goes.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arknet_tlog::{
    AddCheckpoint, Directory, KeyKind, NoteSignature, PolicyError, TiledTree, VerifierKey,
    consistency,
};
use futures_util::future::join_all;
use tokio::task::spawn_blocking;

use super::error::LogError;
use super::record::Signed;

/// The most witnesses of a log: a receipt carries the cosignatures of all.
const MAX_WITNESSES: usize = 16;
/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 16 << 10;
/// How long a witness that failed is left alone at first, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));

/// A witness to ask.
#[derive(Clone, Debug)]
pub struct WitnessConfig {
    /// Its cosigning key, as it publishes it.
    pub key: VerifierKey,
    /// Its submission prefix, such as `https://witness.example/arknet`.
    pub url: String,
}

/// What a witness did last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessStatus {
    /// Its name.
    pub name: String,
    /// Entries of the last checkpoint that it cosigned since the node started.
    pub cosigned: Option<u64>,
    /// Why the last attempt failed, if it did.
    pub error: Option<String>,
}

/// Why witnesses cannot be asked, or one did not cosign.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// Too many.
    #[error("{got} witnesses are more than the {MAX_WITNESSES} that a log may have")]
    TooMany {
        /// How many are configured.
        got: usize,
    },
    /// Keys that make no sense together.
    #[error(transparent)]
    Keys(#[from] PolicyError),
    /// An address that is none.
    #[error("`{url}` is not an http or https address")]
    BadUrl {
        /// The address.
        url: String,
    },
    /// No way to make requests.
    #[error("cannot make an HTTP client: {0}")]
    Client(#[source] reqwest::Error),
    /// No answer.
    #[error("no answer: {}", innermost(.0))]
    NoAnswer(#[source] reqwest::Error),
    /// An answer that is longer than any should be.
    #[error("the answer has more than {MAX_ANSWER} bytes")]
    LongAnswer,
    /// A refusal.
    #[error("it answered with status {status}: {reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The beginning of what it said.
        reason: String,
    },
    /// A witness that saw a larger log.
    #[error("it cosigned a checkpoint over {seen} entries, and only {size} were ever signed here")]
    Ahead {
        /// Entries that it saw.
        seen: u64,
        /// Entries signed here.
        size: u64,
    },
    /// A signature that does not hold, or none.
    #[error("its answer holds no cosignature of it on this checkpoint")]
    NotCosigned,
    /// The log's own files.
    #[error("the log's files: {0}")]
    Files(String),
}

/// The deepest cause, which says more than that a request failed.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The witnesses of a log.
pub(super) struct Witnesses {
    all: Vec<Witness>,
    client: reqwest::Client,
}

struct Witness {
    key: VerifierKey,
    address: String,
    memory: Mutex<Memory>,
}

/// What is known of a witness since the node started.
#[derive(Default)]
struct Memory {
    /// Entries of the last checkpoint that it says it cosigned.
    seen: u64,
    cosigned: Option<u64>,
    error: Option<String>,
    /// When it may be asked again, and how long it is left alone after the next failure.
    again: Option<(Instant, Duration)>,
}

impl Witnesses {
    pub(super) fn new(
        configs: Vec<WitnessConfig>,
        timeout: Duration,
    ) -> Result<Self, WitnessError> {
        if configs.len() > MAX_WITNESSES {
            return Err(WitnessError::TooMany { got: configs.len() });
        }
        check_keys(&configs)?;
        let mut all = Vec::new();
        for WitnessConfig { key, url } in configs {
            let web = url.starts_with("https://") || url.starts_with("http://");
            if !web || reqwest::Url::parse(&url).is_err() {
                return Err(WitnessError::BadUrl { url });
            }
            let address = format!("{}/add-checkpoint", url.trim_end_matches('/'));
            all.push(Witness {
                key,
                address,
                memory: Mutex::default(),
            });
        }
        // Whoever installed a provider before may have chosen another; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(WitnessError::Client)?;
        Ok(Self { all, client })
    }

    pub(super) fn status(&self) -> Vec<WitnessStatus> {
        let status = |witness: &Witness| {
            let memory = witness.memory();
            WitnessStatus {
                name: witness.key.name().to_owned(),
                cosigned: memory.cosigned,
                error: memory.error.clone(),
            }
        };
        self.all.iter().map(status).collect()
    }

    /// Asks every witness whether it saw more than `latest`, which is all that is known to have been signed. One that
    /// does not answer cannot say so; that is no reason not to start.
    pub(super) async fn check_start(&self, latest: &Signed) -> Result<(), LogError> {
        let size = latest.checkpoint.size;
        let asked = self.all.iter().map(|witness| async move {
            // With an old size of 0 a witness that saw anything says how much.
            let request = AddCheckpoint {
                old: 0,
                proof: Vec::new(),
                checkpoint: latest.note.clone(),
            };
            (witness, witness.send(&self.client, &request).await)
        });
        for (witness, answer) in join_all(asked).await {
            match answer {
                Ok(Answer::Saw(seen)) if seen > size => {
                    let witness = witness.key.name().to_owned();
                    return Err(LogError::WitnessAhead {
                        witness,
                        seen,
                        known: size,
                    });
                }
                Ok(Answer::Saw(seen)) => witness.memory().seen = seen,
                Ok(Answer::Cosigned(_)) => witness.memory().seen = size,
                Err(error) => {
                    tracing::warn!(witness = witness.key.name(), %error, "a witness of the log does not answer");
                }
            }
        }
        Ok(())
    }

    /// Adds the cosignatures that are missing and can be had. Says whether there are more than before.
    pub(super) async fn cosign(&self, signed: &mut Signed, folder: &Path) -> bool {
        let now = Instant::now();
        let missing = self.all.iter().filter(|witness| {
            let there = signed
                .note
                .signatures()
                .iter()
                .any(|signature| signature.is_by(&witness.key));
            !there && witness.memory().again.is_none_or(|(at, _)| at <= now)
        });
        let asked = missing.map(|witness| witness.cosign(&self.client, signed, folder));
        let cosignatures = join_all(asked).await;
        let mut more = false;
        for cosignature in cosignatures.into_iter().flatten() {
            more |= signed.note.add(cosignature);
        }
        more
    }
}

/// What a witness answers.
enum Answer {
    Cosigned(NoteSignature),
    /// It cosigned a checkpoint over so many entries last, and wants a proof from there.
    Saw(u64),
}

impl Witness {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its cosignature, or nothing; its memory says why.
    async fn cosign(
        &self,
        client: &reqwest::Client,
        signed: &Signed,
        folder: &Path,
    ) -> Option<NoteSignature> {
        let size = signed.checkpoint.size;
        match self.ask(client, signed, folder).await {
            Ok(cosignature) => {
                let mut memory = self.memory();
                *memory = Memory {
                    seen: size,
                    cosigned: Some(size),
                    ..Memory::default()
                };
                Some(cosignature)
            }
            Err(error) => {
                tracing::warn!(witness = self.key.name(), size, %error, "a witness did not cosign the log's checkpoint");
                let mut memory = self.memory();
                let wait = memory
                    .again
                    .map_or(BACKOFF.0, |(_, wait)| (wait * 2).min(BACKOFF.1));
                memory.error = Some(error.to_string());
                memory.again = Some((Instant::now() + wait, wait));
                None
            }
        }
    }

    async fn ask(
        &self,
        client: &reqwest::Client,
        signed: &Signed,
        folder: &Path,
    ) -> Result<NoteSignature, WitnessError> {
        let size = signed.checkpoint.size;
        let mut old = self.memory().seen.min(size);
        // Once from where the witness should be, and once from where it says it is.
        for last in [false, true] {
            let proof = prove(old, size, folder).await?;
            let request = AddCheckpoint {
                old,
                proof,
                checkpoint: signed.note.clone(),
            };
            match self.send(client, &request).await? {
                Answer::Cosigned(cosignature) => return Ok(cosignature),
                Answer::Saw(seen) if seen > size => return Err(WitnessError::Ahead { seen, size }),
                Answer::Saw(seen) if last => {
                    let reason =
                        format!("it asks for a proof from {seen} entries, after one from {old}");
                    return Err(WitnessError::Refused {
                        status: 409,
                        reason,
                    });
                }
                Answer::Saw(seen) => old = seen,
            }
        }
        Err(WitnessError::NotCosigned)
    }

    async fn send(
        &self,
        client: &reqwest::Client,
        request: &AddCheckpoint,
    ) -> Result<Answer, WitnessError> {
        let sent = client
            .post(&self.address)
            .body(request.to_string())
            .send()
            .await;
        let mut response = sent.map_err(WitnessError::NoAnswer)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(WitnessError::NoAnswer)? {
            body.extend(chunk);
            if body.len() > MAX_ANSWER {
                return Err(WitnessError::LongAnswer);
            }
        }
        let text = String::from_utf8_lossy(&body);
        match status {
            200 => self
                .cosignature(&text, request)
                .ok_or(WitnessError::NotCosigned)
                .map(Answer::Cosigned),
            409 => match text.trim_end().parse() {
                Ok(seen) => Ok(Answer::Saw(seen)),
                Err(_) => Err(refused(status, &text)),
            },
            _ => Err(refused(status, &text)),
        }
    }

    /// The line of the answer that is this witness's cosignature on the checkpoint.
    fn cosignature(&self, answer: &str, request: &AddCheckpoint) -> Option<NoteSignature> {
        answer
            .lines()
            .filter_map(NoteSignature::parse)
            .find(|signature| {
                let mut note = request.checkpoint.clone();
                signature.is_by(&self.key)
                    && note.add(signature.clone())
                    && self.key.verify(&note).is_ok()
            })
    }
}

/// The beginning of what a witness says about a refusal, fit for a log line.
fn refused(status: u16, text: &str) -> WitnessError {
    let reason = text.chars().filter(|c| !c.is_control()).take(200).collect();
    WitnessError::Refused { status, reason }
}

/// Keys of witnesses, each of another witness.
fn check_keys(configs: &[WitnessConfig]) -> Result<(), PolicyError> {
    for (index, WitnessConfig { key, .. }) in configs.iter().enumerate() {
        if key.kind() != KeyKind::Cosignature {
            return Err(PolicyError::WrongKind {
                name: key.name().to_owned(),
            });
        }
        let same = |other: &WitnessConfig| {
            other.key.name() == key.name() || other.key.public() == key.public()
        };
        if configs[..index].iter().any(same) {
            return Err(PolicyError::DuplicateWitness {
                name: key.name().to_owned(),
            });
        }
    }
    Ok(())
}

/// The proof that the log of `old` entries grew into that of `size`.
async fn prove(old: u64, size: u64, folder: &Path) -> Result<Vec<arknet_tlog::Hash>, WitnessError> {
    let mut files = Directory::new(folder);
    let proof = spawn_blocking(move || {
        let mut tree = TiledTree::new(size, &mut files);
        consistency(old, size, &mut tree).map_err(|error| error.to_string())
    });
    let proof = proof
        .await
        .map_err(|error| WitnessError::Files(error.to_string()))?;
    proof.map_err(WitnessError::Files)
}
