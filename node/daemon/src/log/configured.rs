//! The log as the operator's configuration has it.

use arknet_tlog::VerifierKey;

use super::error::LogError;
use super::key::load_key;
use super::service::LogConfig;
use super::witness::WitnessConfig;
use crate::config::Config;

impl LogConfig {
    /// The log of the node with this configuration: its files in the data folder, its key and record among the keys.
    pub fn of_node(config: &Config) -> Result<Self, LogError> {
        let keys = config.keys();
        let key = load_key(&keys.join("log.key"))?;
        if let Some(origin) = &config.log.origin
            && origin != key.public().name()
        {
            let (configured, key) = (origin.clone(), key.public().name().to_owned());
            return Err(LogError::OtherOrigin { configured, key });
        }
        let witnesses = config.log.witnesses.iter().map(|witness| {
            let key = witness.key.parse::<VerifierKey>();
            let key = key.map_err(|source| LogError::WitnessKey {
                key: witness.key.clone(),
                source,
            })?;
            Ok(WitnessConfig {
                key,
                url: witness.url.clone(),
            })
        });
        Ok(Self {
            folder: config.node.data.join("log"),
            record: keys.join("log.signed"),
            key,
            witnesses: witnesses.collect::<Result<_, LogError>>()?,
            witness_timeout: config.log.witness_time.0,
        })
    }
}
