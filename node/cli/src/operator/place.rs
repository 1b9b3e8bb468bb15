//! The files of a node.

use std::fs::DirBuilder;
use std::path::{Path, PathBuf};

use arknet_node::config::Config;
use arknet_node::store::Store;
use arknet_protocol::KeyPair;

use super::OperatorError;

/// The key of a node.
pub(super) const NODE_KEY: &str = "node.key";
/// The key of its log.
pub(super) const LOG_KEY: &str = "log.key";
/// Its database.
const DATABASE: &str = "node.db";

/// Reads the configuration, with the environment over it. Variables that are not text belong to others.
pub(super) fn load(path: &Path) -> Result<Config, OperatorError> {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(Config::load(path, variables)?)
}

/// The file of the node's key.
pub(super) fn node_key(config: &Config) -> PathBuf {
    config.keys().join(NODE_KEY)
}

/// The file of the log's key.
pub(super) fn log_key(config: &Config) -> PathBuf {
    config.keys().join(LOG_KEY)
}

/// The record of the highest checkpoint that the log signed.
pub(super) fn log_record(config: &Config) -> PathBuf {
    config.keys().join("log.signed")
}

/// The file of the database.
pub(super) fn database(config: &Config) -> PathBuf {
    config.node.data.join(DATABASE)
}

/// Opens the database of the node that the configuration is of. The node may run meanwhile.
pub(super) fn open_store(config: &Config) -> Result<Store, OperatorError> {
    let key = KeyPair::load(&node_key(config))?;
    Ok(Store::open(&database(config), key.public())?)
}

/// Makes a folder for this user alone. One that is there stays as it is.
pub(super) fn create_folder(path: &Path) -> Result<(), OperatorError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(OperatorError::file(path))
}
