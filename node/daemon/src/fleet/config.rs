//! What an operator decides about a fleet.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use arknet_protocol::PublicKey;

use super::nats::{Auth, NatsConfig, Tls};
use crate::config;

/// The node's side of a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetConfig {
    /// Where NATS is.
    pub nats: NatsConfig,
    /// Where workers fetch files and bring results.
    pub listen: SocketAddr,
    /// Certificate and key for that listener. Without them what passes can be read on the way, but not changed.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The workers. Nobody else gets work, files or a hearing.
    pub workers: Vec<WorkerEntry>,
    /// How long a worker may be silent before its attempts are given to others.
    pub lease: Duration,
}

/// A worker of a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerEntry {
    /// The operator's name for it.
    pub name: String,
    /// Its key.
    pub key: PublicKey,
}

impl FleetConfig {
    /// The fleet of a node's configuration, if it has one.
    pub fn of(configured: &config::Fleet) -> Option<Self> {
        let listen = configured.listen?;
        if configured.nats.is_empty() {
            return None;
        }
        let auth = match (
            &configured.nats_token,
            &configured.nats_user,
            &configured.nats_password,
            &configured.nats_credentials,
        ) {
            (Some(file), ..) => Auth::Token(file.clone()),
            (None, Some(user), Some(file), _) => Auth::Password {
                user: user.clone(),
                file: file.clone(),
            },
            (None, .., Some(file)) => Auth::Credentials(file.clone()),
            _ => Auth::None,
        };
        let pair =
            |first: &Option<PathBuf>, second: &Option<PathBuf>| first.clone().zip(second.clone());
        let workers = configured.workers.iter().map(|worker| WorkerEntry {
            name: worker.name.clone(),
            key: worker.key,
        });
        Some(Self {
            nats: NatsConfig {
                servers: configured.nats.clone(),
                auth,
                tls: Tls {
                    required: configured.nats_tls,
                    authority: configured.nats_authority.clone(),
                    own: pair(&configured.nats_certificate, &configured.nats_key),
                },
            },
            listen,
            tls: pair(&configured.tls_certificate, &configured.tls_key),
            workers: workers.collect(),
            lease: configured.lease.0,
        })
    }
}
