//! A connection to NATS, which is made anew whenever it breaks.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event};
use tracing::{info, warn};

/// The longest pause between two attempts to connect. A fleet that comes back seconds after its server is fine.
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// How long a connection may take to come about.
const CONNECTING: Duration = Duration::from_secs(10);
/// How often a connection is tried for life. Two missing answers break it.
const PING: Duration = Duration::from_secs(10);
/// Bytes of a file with a password.
const MAX_SECRET: u64 = 4096;

/// Where NATS is and how to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatsConfig {
    /// Addresses of servers of one cluster, as `nats://host:port` or `tls://host:port`.
    pub servers: Vec<String>,
    /// How to be let in.
    pub auth: Auth,
    /// Certificates.
    pub tls: Tls,
}

/// How NATS knows who connects. Secrets are in files, which others must not be able to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// It does not ask, or goes by the certificate.
    #[default]
    None,
    /// By a token.
    Token(PathBuf),
    /// By a user's name and password.
    Password {
        /// The name.
        user: String,
        /// The file with the password.
        file: PathBuf,
    },
    /// By a file of credentials (JWT and seed).
    Credentials(PathBuf),
}

/// Certificates, in PEM files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Whether to refuse a server without TLS.
    pub required: bool,
    /// Who may sign the server's certificate, in place of the system's list.
    pub authority: Option<PathBuf>,
    /// This end's certificate and key, where the server asks for one.
    pub own: Option<(PathBuf, PathBuf)>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// A file with a secret cannot be used.
    #[error("the secret for NATS in {}: {source}", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is configured cannot lead to a connection.
    #[error("connecting to NATS at {servers}: {reason}")]
    Refused {
        /// The servers.
        servers: String,
        /// Why.
        reason: String,
    },
}

/// Connects, or goes on trying in the background: NATS may start later than its clients.
pub async fn connect(config: &NatsConfig, name: &str) -> Result<Client, ConnectionError> {
    let servers = config.servers.join(", ");
    let refused = |reason: String| ConnectionError::Refused {
        servers: servers.clone(),
        reason,
    };
    let mut options = ConnectOptions::new()
        .name(name)
        .retry_on_initial_connect()
        .connection_timeout(CONNECTING)
        .ping_interval(PING)
        .request_timeout(Some(CONNECTING))
        // A server could otherwise send its clients anywhere.
        .ignore_discovered_servers()
        .reconnect_delay_callback(pause)
        .event_callback(|event| async move { say(&event) });
    options = match &config.auth {
        Auth::None => options,
        Auth::Token(file) => options.token(secret(file)?),
        Auth::Password { user, file } => options.user_and_password(user.clone(), secret(file)?),
        Auth::Credentials(file) => {
            options
                .credentials(&secret(file)?)
                .map_err(|source| ConnectionError::Secret {
                    path: file.clone(),
                    source,
                })?
        }
    };
    if config.tls.required {
        options = options.require_tls(true);
    }
    if let Some(authority) = &config.tls.authority {
        options = options.add_root_certificates(authority.clone());
    }
    if let Some((certificate, key)) = &config.tls.own {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    options
        .connect(config.servers.as_slice())
        .await
        .map_err(|error| refused(error.to_string()))
}

fn pause(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(u32::MAX).min(10);
    Duration::from_millis(50 << doublings).min(MAX_PAUSE)
}

fn say(event: &Event) {
    match event {
        Event::Connected => info!("connected to NATS"),
        Event::Draining | Event::Closed => info!(%event, "the connection to NATS ends"),
        event => warn!(%event, "NATS"),
    }
}

/// The text of a file that only its owner can read.
fn secret(path: &Path) -> Result<String, ConnectionError> {
    let read = || {
        let file = File::open(path)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let mode = file.metadata()?.mode();
            if mode & 0o077 != 0 {
                let advice = format!("others can read it; run `chmod 600 {}`", path.display());
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, advice));
            }
        }
        let mut text = String::new();
        file.take(MAX_SECRET).read_to_string(&mut text)?;
        Ok(text.trim_end().to_owned())
    };
    read().map_err(|source| ConnectionError::Secret {
        path: path.to_owned(),
        source,
    })
}
