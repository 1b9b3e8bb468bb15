//! The log that grows: from leaves to a checkpoint that is served, and proofs out of it.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use arknet_tlog::{
    Checkpoint, Directory, Frontier, Hash, LogProof, Policy, SecretKey, Tile, TiledTree,
    VerifierKey, inclusion,
};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::spawn_blocking;

use super::durable::Durable;
use super::edge::Edge;
use super::error::LogError;
use super::leaves::LeafStore;
use super::record::{Record, Signed, read_note};
use super::witness::{WitnessConfig, WitnessStatus, Witnesses};

/// What a log is opened with.
#[derive(Debug)]
pub struct LogConfig {
    /// The folder of the files that are served: `checkpoint` and `tile/…`.
    pub folder: PathBuf,
    /// The record of the highest checkpoint that was signed; beside the key, not beside the database.
    pub record: PathBuf,
    /// The key, with the log's name in it.
    pub key: SecretKey,
    /// Who is asked to cosign.
    pub witnesses: Vec<WitnessConfig>,
    /// How long a witness may take.
    pub witness_timeout: Duration,
}

/// The node's log. Clones are the same log.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    leaves: Arc<dyn LeafStore>,
    folder: PathBuf,
    policy: Policy,
    served: RwLock<Arc<Signed>>,
    witnesses: Witnesses,
    /// Who holds this writes the log.
    writer: Arc<Mutex<Writer>>,
}

/// How the log is doing.
#[derive(Clone, Debug)]
pub struct LogStatus {
    /// The log's name.
    pub origin: String,
    /// What others check it with.
    pub key: VerifierKey,
    /// Entries that are served.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The signed checkpoint, as it is served.
    pub checkpoint: String,
    /// The witnesses, and what each did last.
    pub witnesses: Vec<WitnessStatus>,
}

/// What only one task at a time may have.
struct Writer {
    key: SecretKey,
    folder: PathBuf,
    record: Record,
    durable: Durable,
    /// The tree over the entries whose tiles are written.
    edge: Edge,
    /// The last checkpoint that was signed.
    signed: Signed,
    /// Full tiles whose parts may go once the checkpoint is served.
    filled: Vec<Tile>,
}

impl Log {
    /// Opens the log, checks the leaves against everything that was signed, completes its files and serves its
    /// latest checkpoint. Reads every entry twice.
    pub async fn open(config: LogConfig, leaves: Arc<dyn LeafStore>) -> Result<Self, LogError> {
        Self::open_with(config, leaves, Durable::default()).await
    }

    pub(super) async fn open_with(
        config: LogConfig,
        leaves: Arc<dyn LeafStore>,
        durable: Durable,
    ) -> Result<Self, LogError> {
        let LogConfig {
            folder,
            record,
            key,
            witnesses,
            witness_timeout,
        } = config;
        let policy = Policy::log(key.public().clone());
        let record = Record::new(record);
        let policy = policy.map_err(|source| LogError::BadRecord {
            path: record.path().to_owned(),
            source,
        })?;
        let witnesses = Witnesses::new(witnesses, witness_timeout)?;
        let recorded = record.load(&policy)?;
        let served = load_served(&folder, recorded.is_some(), &policy)?;
        let size = leaves.size().await.map_err(LogError::Leaves)?;

        let mut heads: Vec<&Signed> = recorded.iter().chain(&served).collect();
        heads.sort_by_key(|head| head.checkpoint.size);
        check_history(&*leaves, size, &heads).await?;
        let latest = heads.last().map(|&head| head.clone());
        if latest.is_none() && size > 0 {
            return Err(LogError::NoRecord {
                leaves: size,
                path: record.path().to_owned(),
            });
        }
        let signed = match latest {
            Some(latest) => {
                witnesses.check_start(&latest).await?;
                latest
            }
            None => sign(&key, 0, Hash::empty_root()),
        };
        let writer = Writer {
            key,
            folder: folder.clone(),
            record,
            durable,
            edge: Edge::default(),
            signed: signed.clone(),
            filled: Vec::new(),
        };
        let log = Self(Arc::new(Inner {
            leaves,
            folder,
            policy,
            served: RwLock::new(Arc::new(signed)),
            witnesses,
            writer: Arc::new(Mutex::new(writer)),
        }));
        let writer = log.0.writer.clone().lock_owned().await;
        // Also where nothing is new: after a crash the record, tiles or the checkpoint may be missing.
        let writer = log.grow(writer, size).await?;
        let signed = writer.signed.clone();
        log.serve(writer, signed).await?;
        Ok(log)
    }

    /// What others check the log with. Its name is the log's.
    pub fn key(&self) -> &VerifierKey {
        self.0.policy.log_key()
    }

    /// How the log is doing.
    pub fn status(&self) -> LogStatus {
        let served = self.served();
        LogStatus {
            origin: served.checkpoint.origin.clone(),
            key: self.key().clone(),
            size: served.checkpoint.size,
            root: served.checkpoint.root,
            checkpoint: served.note.to_string(),
            witnesses: self.0.witnesses.status(),
        }
    }

    /// The checkpoint that is served.
    pub(super) fn served(&self) -> Arc<Signed> {
        self.0
            .served
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The folder of the files that are served.
    pub(super) fn folder(&self) -> &PathBuf {
        &self.0.folder
    }

    /// The proof that the entry of this number is in the log, under a checkpoint that is served. Many that wait at
    /// once share one checkpoint.
    pub async fn include(&self, index: u64) -> Result<LogProof, LogError> {
        if self.served().checkpoint.size <= index {
            self.publish().await?;
        }
        let served = self.served();
        let folder = self.0.folder.clone();
        spawn_blocking(move || prove(index, &served, folder)).await?
    }

    /// Brings what is served up to the leaves: writes their tiles, signs, has the witnesses cosign, and serves the
    /// checkpoint. Does nothing where there is nothing new and no witness is missing.
    pub async fn publish(&self) -> Result<(), LogError> {
        let writer = self.0.writer.clone().lock_owned().await;
        let size = self.0.leaves.size().await.map_err(LogError::Leaves)?;
        let writer = self.grow(writer, size).await?;
        let mut signed = match self.served() {
            // It may have cosignatures already.
            served if served.checkpoint == writer.signed.checkpoint => Signed::clone(&served),
            _ => writer.signed.clone(),
        };
        let cosigned = self.0.witnesses.cosign(&mut signed, &self.0.folder).await;
        if cosigned || signed.checkpoint != self.served().checkpoint {
            self.serve(writer, signed).await?;
        }
        Ok(())
    }

    /// Publishes what nobody waits for, and asks witnesses again that did not answer. Ends with its task.
    pub async fn tend(self, every: Duration) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.publish().await {
                tracing::error!(%error, "the log could not be published");
            }
        }
    }

    /// Makes files of the leaves up to `size`, and signs a checkpoint over them where it is a new one.
    async fn grow(
        &self,
        mut writer: OwnedMutexGuard<Writer>,
        size: u64,
    ) -> Result<OwnedMutexGuard<Writer>, LogError> {
        // A failure on the way must leave the writer as it was: then the next attempt starts over.
        let mut edge = writer.edge.clone();
        while edge.size() < size {
            let page = page(&*self.0.leaves, edge.size(), size).await?;
            (writer, edge) = spawn_blocking(move || {
                writer.extend(&mut edge, page)?;
                Ok::<_, LogError>((writer, edge))
            })
            .await??;
        }
        spawn_blocking(move || {
            writer.sign(edge)?;
            Ok(writer)
        })
        .await?
    }

    /// Serves a signed checkpoint. Its tiles and its record are written.
    async fn serve(&self, writer: OwnedMutexGuard<Writer>, signed: Signed) -> Result<(), LogError> {
        let (mut writer, signed) = spawn_blocking(move || {
            let text = signed.note.to_string();
            writer
                .durable
                .put(&writer.folder.join("checkpoint"), text.as_bytes())?;
            Ok::<_, LogError>((writer, signed))
        })
        .await??;
        *self
            .0
            .served
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(signed);
        // Parts of a tile may go once the full tile is in a checkpoint that is served.
        for tile in std::mem::take(&mut writer.filled) {
            writer
                .durable
                .drop_folder(&writer.folder.join(format!("{tile}.p")));
        }
        Ok(())
    }
}

impl Writer {
    /// Appends entries to the edge and writes the tiles that they fill.
    fn extend(&mut self, edge: &mut Edge, entries: Vec<Vec<u8>>) -> Result<(), LogError> {
        let mut full = Vec::new();
        for entry in entries {
            let index = edge.size();
            edge.append(entry, &mut full)
                .map_err(LogError::bad_leaf(index))?;
        }
        for (tile, bytes) in full {
            self.durable
                .put(&self.folder.join(tile.to_string()), &bytes)?;
            self.filled.push(tile);
        }
        Ok(())
    }

    /// Writes the last tiles, then signs and records a checkpoint over the edge, unless that is the last one signed.
    fn sign(&mut self, edge: Edge) -> Result<(), LogError> {
        let size = edge.size();
        for (tile, bytes) in edge.partial().map_err(LogError::bad_leaf(size))? {
            self.durable
                .put(&self.folder.join(tile.to_string()), &bytes)?;
        }
        let signed = if size > self.signed.checkpoint.size {
            sign(&self.key, size, edge.root())
        } else {
            self.signed.clone()
        };
        self.record.save(&signed, &self.durable)?;
        (self.edge, self.signed) = (edge, signed);
        Ok(())
    }
}

fn sign(key: &SecretKey, size: u64, root: Hash) -> Signed {
    let checkpoint = Checkpoint::new(key.public().name(), size, root);
    let note = key.sign(checkpoint.to_string());
    Signed { checkpoint, note }
}

/// The checkpoint that was served last. It can be made again, so a damaged one matters only where it is the only
/// word of what was signed.
fn load_served(
    folder: &std::path::Path,
    recorded: bool,
    policy: &Policy,
) -> Result<Option<Signed>, LogError> {
    let path = folder.join("checkpoint");
    let Some(bytes) = read_note(&path)? else {
        return Ok(None);
    };
    match Signed::read(&bytes, policy) {
        Ok(signed) => Ok(Some(signed)),
        Err(error) if recorded => {
            tracing::warn!(path = %path.display(), %error, "the served checkpoint is damaged and is written anew");
            Ok(None)
        }
        Err(source) => Err(LogError::BadRecord { path, source }),
    }
}

/// Checks that the leaves lead to the root of every checkpoint that was signed. `heads` are in order of size.
async fn check_history(
    leaves: &dyn LeafStore,
    size: u64,
    heads: &[&Signed],
) -> Result<(), LogError> {
    let mut tree = Frontier::new();
    for head in heads {
        let head = &head.checkpoint;
        if head.size > size {
            return Err(LogError::Behind {
                leaves: size,
                signed: head.size,
            });
        }
        while tree.size() < head.size {
            for entry in page(leaves, tree.size(), head.size).await? {
                tree.append(Hash::of_entry(&entry), |_, _| ());
            }
        }
        if tree.root() != head.root {
            return Err(LogError::Forked {
                size: head.size,
                computed: tree.root(),
                signed: head.root,
            });
        }
    }
    Ok(())
}

/// The next leaves, at least one and none past `end`.
async fn page(leaves: &dyn LeafStore, from: u64, end: u64) -> Result<Vec<Vec<u8>>, LogError> {
    let page = leaves.leaves(from..end).await.map_err(LogError::Leaves)?;
    if page.is_empty() || page.len() as u64 > end - from {
        let reason = format!("{} came instead of the next of {}", page.len(), end - from);
        return Err(LogError::BadLeaves {
            index: from,
            reason,
        });
    }
    Ok(page)
}

/// Makes a proof from the files, and checks it: files can be damaged.
fn prove(index: u64, served: &Signed, folder: PathBuf) -> Result<LogProof, LogError> {
    let size = served.checkpoint.size;
    if index >= size {
        return Err(LogError::NoSuchEntry { index, size });
    }
    let mut files = Directory::new(&folder);
    let damaged = |reason: String| LogError::Damaged {
        path: folder,
        reason,
    };
    let mut tree = TiledTree::new(size, &mut files);
    let made = inclusion(index, size, &mut tree).map_err(|error| error.to_string());
    let made = made.and_then(|path| {
        let entry = arknet_tlog::Subtrees::subtree(&mut tree, 0, index)
            .map_err(|error| error.to_string())?;
        let proof = LogProof {
            extra: None,
            index,
            path,
            checkpoint: served.note.clone(),
        };
        proof.check_path(entry).map_err(|error| error.to_string())?;
        Ok(proof)
    });
    made.map_err(damaged)
}
