//! Whether the log that is served is the one in the database, and none that was signed is lost.

use std::path::Path;

use arknet_tlog::{Checkpoint, Frontier, Hash, Note, Policy, VerifierKey};

use super::finding::Finding;
use crate::store::{Store, StoreError};

const CHECK: &str = "log";
const FORK: &str = "do not start the node: it would refuse to sign. Restore a newer backup; docs/operations.md, \"The log is \
                    halted\", says what there is to do without one";
/// A checkpoint with the signatures of many witnesses.
const MAX_BYTES: u64 = 1 << 20;

/// Holds the checkpoints in these files, the record of what was signed and what is served, against the entries in the
/// database.
pub(super) async fn check(files: [&Path; 2], key: &VerifierKey, store: &Store) -> Finding {
    let mut signed = None;
    for path in files {
        let checkpoint = match read(path, key) {
            Ok(Some(checkpoint)) => checkpoint,
            Ok(None) => continue,
            Err(reason) => {
                return Finding::bad(CHECK, format!("{}: {reason}", path.display()), FORK);
            }
        };
        if let Some(fault) = fault(&checkpoint, store).await {
            return fault;
        }
        signed = signed.max(Some(checkpoint.size));
    }
    match (signed, store.leaf_count().await) {
        (_, Err(error)) => unreadable(&error),
        (Some(signed), Ok(_)) => Finding::good(
            CHECK,
            format!("the database has the {signed} entries that were signed"),
        ),
        (None, Ok(0)) => Finding::good(CHECK, "it has no entries yet"),
        (None, Ok(count)) => Finding::bad(
            CHECK,
            format!(
                "the database has {count} entries, and {} is not there",
                files[0].display()
            ),
            FORK,
        ),
    }
}

/// What is wrong where the entries do not lead to a checkpoint.
async fn fault(checkpoint: &Checkpoint, store: &Store) -> Option<Finding> {
    let found = match root(store, checkpoint.size).await {
        Err(error) => return Some(unreadable(&error)),
        Ok((count, _)) if count < checkpoint.size => format!(
            "a checkpoint over {} entries was signed, and the database has {count}: it is older than what the world has seen",
            checkpoint.size
        ),
        Ok((_, root)) if root != checkpoint.root => {
            "the entries in the database are not those that were signed".to_owned()
        }
        Ok(_) => return None,
    };
    Some(Finding::bad(CHECK, found, FORK))
}

fn unreadable(error: &StoreError) -> Finding {
    Finding::bad(CHECK, error, "see what the database's own check says")
}

/// The checkpoint, where there is one.
fn read(path: &Path, key: &VerifierKey) -> Result<Option<Checkpoint>, String> {
    use std::io::Read;
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    let note = Note::parse(&bytes).map_err(|error| error.to_string())?;
    let policy = Policy::log(key.clone()).map_err(|error| error.to_string())?;
    let trusted = policy.check(&note).map_err(|error| error.to_string())?;
    Ok(Some(trusted.checkpoint))
}

/// The first entries of the database, at most `size`: how many there are, and their root.
async fn root(store: &Store, size: u64) -> Result<(u64, Hash), StoreError> {
    let mut tree = Frontier::new();
    while tree.size() < size {
        let leaves = store.leaves(tree.size()..size).await?;
        if leaves.is_empty() {
            break;
        }
        for leaf in &leaves {
            tree.append(Hash::of_entry(&leaf.bytes), |_, _| ());
        }
    }
    Ok((tree.size(), tree.root()))
}
