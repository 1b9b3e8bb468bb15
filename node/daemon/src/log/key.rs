//! The log's key: a file of its own, in the form of Go's `note` package, so that other tools can read it.

use std::path::Path;

use arknet_protocol::{PublicKey, read_secret, save_new_secret};
use arknet_tlog::{KeyKind, SecretKey, VerifierKey};

use super::error::LogError;

/// The name of a node's log where its operator chose none: one that no other node has.
pub fn default_origin(node: &PublicKey) -> String {
    let hex: String = node
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("arknet.local/{}", &hex[..32])
}

/// Makes the key of a new log with this name, in a new file, and gives what others check the log with.
pub fn create_key(path: &Path, origin: &str) -> Result<VerifierKey, LogError> {
    let made = SecretKey::generate(origin, KeyKind::Ed25519).map_err(LogError::Origin)?;
    let (key, text) = made.ok_or(LogError::NoRandomness)?;
    save_new_secret(path, &format!("{text}\n"))?;
    Ok(key.public().clone())
}

/// Reads the log's key. The log's name is in it.
pub fn load_key(path: &Path) -> Result<SecretKey, LogError> {
    let text = read_secret(path)?;
    let key = SecretKey::parse(text.strip_suffix('\n').unwrap_or(&text));
    let key = key.and_then(|key| match key.public().kind() {
        KeyKind::Ed25519 => Ok(key),
        kind @ KeyKind::Cosignature => {
            Err(arknet_tlog::KeyError::UnknownKind { code: kind.code() })
        }
    });
    key.map_err(|source| LogError::Key {
        path: path.to_owned(),
        source,
    })
}
