//! What the operator decides: `arknet.toml`, and variables of the environment that win over it.
//!
//! Every key is declared once, in `sections.rs`, with its type, its default and the text that explains it. From that come
//! the reader, the names of the variables, and the file that `arknet node init` writes. Nothing is ignored: a key or a
//! variable that is not known is refused by its name, a value of the wrong form is refused with its place, and all that is
//! wrong is said at once. Everything is checked before anything is opened or bound.

mod check;
mod error;
mod reader;
mod sections;
mod setting;
mod suggestion;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use crate::blobs::BlobSettings;
use crate::store::{Admission, Quotas as StoreQuotas, Retention as StoreRetention};

use reader::Reader;
use sections::SECTIONS;

pub use error::{ConfigError, Place, Wrong};
pub use sections::{Abuse, Devices, Fleet, Http, Jobs, Log, Node, Quotas, Retention, Telemetry};
pub use setting::{Backend, NamedKey, Size, Span, Witness};

/// The version of the file that this program reads.
pub const VERSION: i64 = 1;
/// The name of the file.
pub const FILE: &str = "arknet.toml";
/// Bytes of a file that are read.
const MAX_BYTES: u64 = 1 << 20;

/// What the operator decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The node itself.
    pub node: Node,
    /// The listeners.
    pub http: Http,
    /// What a job may take.
    pub jobs: Jobs,
    /// What a client may have.
    pub quotas: Quotas,
    /// What is kept.
    pub retention: Retention,
    /// What happens to clients that misbehave.
    pub abuse: Abuse,
    /// The transparency log.
    pub log: Log,
    /// What jobs run on.
    pub devices: Devices,
    /// Workers on other machines.
    pub fleet: Fleet,
    /// What the node says about itself.
    pub telemetry: Telemetry,
}

impl Config {
    /// Reads the file `path`, with `environment` (names and values of variables) over it. Paths in it start from its folder.
    pub fn load(
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = read(path)?;
        Self::parse(path, &text, environment)
    }

    /// Reads the text of a file that is to be found at `path`.
    pub fn parse(
        path: &Path,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(path, text, environment)?;
        let mut config = Self {
            node: reader.section(),
            http: reader.section(),
            jobs: reader.section(),
            quotas: reader.section(),
            retention: reader.section(),
            abuse: reader.section(),
            log: reader.section(),
            devices: reader.section(),
            fleet: reader.section(),
            telemetry: reader.section(),
        };
        check::check(&config, &mut reader);
        reader.finish()?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        config.resolve(folder.unwrap_or(Path::new(".")));
        Ok(config)
    }

    /// The text of a new file: every key with what it does, set to its default and commented out, so that a later version
    /// may choose better ones.
    pub fn template() -> String {
        let mut text = format!(
            "# The configuration of an ArkNet node. docs/operations.md says more.\n\
             #\n\
             # Every line that starts with `#` shows a key with its default; remove the `#` to set it. A variable of the\n\
             # environment wins over the file: ARKNET_HTTP_LISTEN is `listen` in [http]. Paths start from this file's folder.\n\
             # Sizes are like \"512MiB\", times like \"30s\", \"10m\", \"24h\" or \"30d\".\n\
             \n\
             version = {VERSION}\n"
        );
        for section in SECTIONS {
            text.push('\n');
            for line in section.doc {
                text.push_str(format!("#{line}").trim_end());
                text.push('\n');
            }
            text.push_str(&format!("[{}]\n", section.name));
            for key in (section.keys)() {
                for line in key.doc {
                    text.push_str(format!("#{line}").trim_end());
                    text.push('\n');
                }
                text.push_str(&format!("# {} = {}\n", key.name, key.default));
            }
        }
        text
    }

    /// Makes paths start from `folder`.
    fn resolve(&mut self, folder: &Path) {
        self.node.data = folder.join(&self.node.data);
        let optional: [&mut Option<PathBuf>; 12] = [
            &mut self.node.keys,
            &mut self.http.tls_certificate,
            &mut self.http.tls_key,
            &mut self.fleet.nats_token,
            &mut self.fleet.nats_password,
            &mut self.fleet.nats_credentials,
            &mut self.fleet.nats_authority,
            &mut self.fleet.nats_certificate,
            &mut self.fleet.nats_key,
            &mut self.fleet.tls_certificate,
            &mut self.fleet.tls_key,
            &mut self.node.scratch,
        ];
        for path in optional.into_iter().flatten() {
            *path = folder.join(&*path);
        }
    }

    /// The folder of the node's keys.
    pub fn keys(&self) -> PathBuf {
        let keys = self.node.keys.clone();
        keys.unwrap_or_else(|| self.node.data.join("keys"))
    }

    /// The folder for children's files.
    pub fn scratch(&self) -> PathBuf {
        let scratch = self.node.scratch.clone();
        scratch.unwrap_or_else(|| self.node.data.join("scratch"))
    }

    /// What the node takes.
    pub fn admission(&self) -> Admission {
        Admission {
            quotas: StoreQuotas {
                running: self.quotas.running.into(),
                queued: self.quotas.queued.into(),
                bytes: self.quotas.bytes.0,
                device_seconds: self.quotas.device_time_per_day.0.as_secs(),
            },
            max_queue: self.jobs.queue.into(),
        }
    }

    /// How blobs are kept.
    pub fn blobs(&self) -> BlobSettings {
        BlobSettings {
            max_bytes: self.jobs.blob.0,
            min_free: self.retention.min_free.0,
            unused_after: self.retention.unused_blobs.millis(),
            partial_after: self.retention.uploads.millis(),
        }
    }

    /// How long other things are kept.
    pub fn retention(&self) -> StoreRetention {
        StoreRetention {
            queued: self.jobs.waiting.millis(),
            finished: self.retention.jobs.millis(),
            usage_days: self.retention.usage.millis() / 86_400_000,
        }
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let io = |source| ConfigError::Read {
        path: path.to_owned(),
        source,
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(io)?;
    std::io::Read::read_to_string(&mut std::io::Read::take(file, MAX_BYTES + 1), &mut text)
        .map_err(io)?;
    match text.len() as u64 <= MAX_BYTES {
        true => Ok(text),
        false => Err(ConfigError::TooLong(path.to_owned())),
    }
}
