//! The node's keys: there, whole, and of their owner alone.

use std::path::Path;

use arknet_protocol::{KeyFileError, KeyPair, PublicKey};
use arknet_tlog::VerifierKey;

use super::finding::Finding;
use crate::log::{self, LogError};

const CHECK: &str = "keys";
const LOST: &str = "put it back from your copy; a new one (`arknet node init`) makes a new node, which earlier clients do not know";

/// Checks the node's key, and gives its public half.
pub(super) fn node(path: &Path) -> (Finding, Option<PublicKey>) {
    match KeyPair::load(path) {
        Ok(key) => {
            let found = format!("the node is {}", key.public());
            (Finding::good(CHECK, found), Some(key.public()))
        }
        Err(error) => (Finding::bad(CHECK, &error, fix(&error, path)), None),
    }
}

/// Checks the log's key.
pub(super) fn log(path: &Path) -> (Finding, Option<VerifierKey>) {
    match log::load_key(path) {
        Ok(key) => {
            let public = key.public().clone();
            let found = format!("the log is {public}");
            (Finding::good(CHECK, found), Some(public))
        }
        Err(LogError::KeyFile(error)) => (Finding::bad(CHECK, &error, fix(&error, path)), None),
        Err(error) => (Finding::bad(CHECK, error, LOST), None),
    }
}

fn fix(error: &KeyFileError, path: &Path) -> String {
    let shown = path.display();
    match error {
        KeyFileError::Mode { .. } => format!("chmod 600 {shown}"),
        KeyFileError::Owner { .. } => {
            format!(
                "`chown` {shown} to the user that the node runs as, and run doctor as that user"
            )
        }
        _ => LOST.to_owned(),
    }
}
