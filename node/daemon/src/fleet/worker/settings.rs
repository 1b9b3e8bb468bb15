//! `worker.toml`: what an operator writes for a worker.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use arknet_protocol::PublicKey;
use arknet_workload::job::folder::parse_size;
use toml_edit::{DocumentMut, Item, Value};

use super::WorkerConfig;
use crate::fleet::nats::{Auth, NatsConfig, Tls};
use crate::task::Placement;

/// The version of the file that this build reads.
const VERSION: i64 = 1;
/// Bytes of a file.
const MAX_BYTES: u64 = 64 << 10;

/// Every key with what it means and, where it has one, its default.
const KEYS: &[(&str, &str, Option<&str>)] = &[
    (
        "node",
        "The key of the node to work for; `arknet node` prints it.",
        None,
    ),
    (
        "files",
        "Where that node's fleet listens: `listen` in its [fleet].",
        None,
    ),
    (
        "files_authority",
        "Who may sign that listener's certificate, in PEM, instead of the system's list.",
        Some("\"ca.pem\""),
    ),
    ("nats", "NATS servers of one cluster.", None),
    (
        "nats_token",
        "A file with a token for NATS.",
        Some("\"nats.token\""),
    ),
    (
        "nats_user",
        "The user for NATS, with `nats_password`.",
        Some("\"worker\""),
    ),
    (
        "nats_password",
        "A file with that user's password.",
        Some("\"nats.password\""),
    ),
    (
        "nats_credentials",
        "A file of credentials for NATS (JWT and seed).",
        Some("\"nats.creds\""),
    ),
    (
        "nats_tls",
        "Whether to refuse NATS servers without TLS.",
        Some("false"),
    ),
    (
        "nats_authority",
        "Who may sign the servers' certificates, in PEM, instead of the system's list.",
        Some("\"ca.pem\""),
    ),
    (
        "nats_certificate",
        "This worker's certificate for NATS, in PEM, where the servers ask for one.",
        Some("\"worker.pem\""),
    ),
    ("nats_key", "Its key, in PEM.", Some("\"worker-key.pem\"")),
    (
        "key",
        "The file with this worker's key, which the node's `workers` must name.",
        Some("\"worker.key\""),
    ),
    (
        "scratch",
        "The folder for work in hand.",
        Some("\"scratch\""),
    ),
    (
        "device",
        "What runs kernels: \"cpu\", \"wgpu\", \"wgpu-software\" (a driver that computes on the processor) or \"cuda:0\".",
        Some("\"cpu\""),
    ),
    (
        "memory",
        "Memory that an attempt may take; what is free when it starts, where this is not set.",
        Some("\"16GiB\""),
    ),
    ("proving", "The time that a proof may take.", Some("\"1h\"")),
    (
        "drain",
        "The time that what is in hand may still take when the worker is told to stop.",
        Some("\"10m\""),
    ),
    (
        "allow_weak_sandbox",
        "Whether to run strangers' jobs where the system lacks a wall of the sandbox. Only for trying things out.",
        Some("false"),
    ),
];

/// A worker's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSettings {
    /// What the worker is told.
    pub worker: WorkerConfig,
    /// The file with its key.
    pub key: PathBuf,
    /// What runs kernels.
    pub placement: Placement,
    /// Bytes of memory of an attempt.
    pub memory: Option<u64>,
    /// What a proof may take.
    pub proving: Duration,
    /// Whether to go on without a wall of the sandbox.
    pub allow_weak: bool,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{}: {source}; `arknet worker init` writes one", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not TOML.
    #[error("{}: {reason}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Keys or values are wrong; all of them are listed.
    #[error("{}: {}", path.display(), wrong.join("; "))]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        wrong: Vec<String>,
    },
}

impl WorkerSettings {
    /// Reads a file. Paths in it start from its folder.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        let read = || {
            use io::Read;
            let mut text = String::new();
            std::fs::File::open(path)?
                .take(MAX_BYTES)
                .read_to_string(&mut text)?;
            Ok(text)
        };
        let text = read().map_err(|source| SettingsError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text)
    }

    /// Reads the text of a file at `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
        let document: DocumentMut =
            text.parse()
                .map_err(|error: toml_edit::TomlError| SettingsError::Toml {
                    path: path.to_owned(),
                    reason: error.to_string(),
                })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut keys = Keys {
            document: &document,
            folder,
            wrong: Vec::new(),
        };
        keys.check_names();
        let settings = keys.settings();
        match settings {
            Some(settings) if keys.wrong.is_empty() => Ok(settings),
            _ => Err(SettingsError::Wrong {
                path: path.to_owned(),
                wrong: keys.wrong,
            }),
        }
    }

    /// The text of a new file.
    pub fn template(node: &PublicKey, files: &str, nats: &[String]) -> String {
        let mut text = format!(
            "# A worker of an ArkNet node: docs/fleet.md. Paths start from this file's folder.\nversion = {VERSION}\n"
        );
        for (key, doc, default) in KEYS {
            let value = match *key {
                "node" => Value::from(node.to_string()).to_string(),
                "files" => Value::from(files).to_string(),
                "nats" => nats
                    .iter()
                    .map(String::as_str)
                    .collect::<toml_edit::Array>()
                    .to_string(),
                _ => String::new(),
            };
            // Writing to a string does not fail.
            let _ = match default {
                None => write!(text, "\n# {doc}\n{key} = {}\n", value.trim()),
                Some(default) => write!(text, "\n# {doc}\n# {key} = {default}\n"),
            };
        }
        text
    }
}

/// The keys of a file, with what is wrong with them.
struct Keys<'a> {
    document: &'a DocumentMut,
    folder: &'a Path,
    wrong: Vec<String>,
}

impl Keys<'_> {
    fn check_names(&mut self) {
        match self.document.get("version").and_then(Item::as_integer) {
            Some(VERSION) => {}
            _ => self.wrong.push(format!("`version` must be {VERSION}")),
        }
        for (name, _) in self.document.iter() {
            let known = name == "version" || KEYS.iter().any(|(key, ..)| *key == name);
            if !known {
                self.wrong.push(format!("unknown key `{name}`"));
            }
        }
    }

    fn settings(&mut self) -> Option<WorkerSettings> {
        let node = self.required("node", "a node's key such as \"ed25519:0123…\"", |item| {
            item.as_str()?.parse().ok()
        });
        let files = self.required("files", "an address such as \"http://10.0.0.1:7119\"", text);
        let nats = self.required(
            "nats",
            "a list of addresses such as [\"nats://10.0.0.1:4222\"]",
            |item| {
                let servers = item
                    .as_array()?
                    .iter()
                    .map(|server| server.as_str().map(str::to_owned));
                servers
                    .collect::<Option<Vec<_>>>()
                    .filter(|servers| !servers.is_empty())
            },
        );
        let auth = self.auth();
        let own = (self.path("nats_certificate"), self.path("nats_key"));
        let own = match own {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                self.refuse("`nats_certificate` and `nats_key` go together");
                None
            }
        };
        let tls = Tls {
            required: self.flag("nats_tls"),
            authority: self.path("nats_authority"),
            own,
        };
        let in_folder = |name: &str| self.folder.join(name);
        let (key, scratch) = (in_folder("worker.key"), in_folder("scratch"));
        let key = self.path("key").unwrap_or(key);
        let scratch = self.path("scratch").unwrap_or(scratch);
        let authority = self.path("files_authority");
        let placement = self.or(
            "device",
            "\"cpu\", \"wgpu\", \"wgpu-software\" or \"cuda:N\"",
            |item| placement(item.as_str()?),
        );
        let memory = self.or("memory", "a size such as \"16GiB\"", |item| {
            parse_size(item.as_str()?)
        });
        let time = |item: &Item| span(item.as_str()?);
        let proving = self.or("proving", "a time such as \"1h\"", time);
        let drain = self.or("drain", "a time such as \"10m\"", time);
        let allow_weak = self.flag("allow_weak_sandbox");
        Some(WorkerSettings {
            worker: WorkerConfig {
                node: node?,
                files: files?,
                authority,
                nats: NatsConfig {
                    servers: nats?,
                    auth,
                    tls,
                },
                scratch,
                drain: drain.unwrap_or(Duration::from_secs(600)),
            },
            key,
            placement: placement.unwrap_or(Placement::Cpu),
            memory,
            proving: proving.unwrap_or(Duration::from_secs(3600)),
            allow_weak,
        })
    }

    fn auth(&mut self) -> Auth {
        let token = self.path("nats_token");
        let user = self.or("nats_user", "a name", text);
        let password = self.path("nats_password");
        let credentials = self.path("nats_credentials");
        match (token, user, password, credentials) {
            (None, None, None, None) => Auth::None,
            (Some(file), None, None, None) => Auth::Token(file),
            (None, Some(user), Some(file), None) => Auth::Password { user, file },
            (None, None, None, Some(file)) => Auth::Credentials(file),
            _ => {
                self.refuse(
                    "one of `nats_token`, `nats_credentials`, and `nats_user` with `nats_password` can be set",
                );
                Auth::None
            }
        }
    }

    /// The value of a key that must be there.
    fn required<T>(
        &mut self,
        key: &str,
        expected: &str,
        read: impl Fn(&Item) -> Option<T>,
    ) -> Option<T> {
        if self.document.get(key).is_none() {
            self.wrong
                .push(format!("`{key}` is missing: it must be {expected}"));
            return None;
        }
        self.or(key, expected, read)
    }

    /// The value of a key, if it is there. A wrong one is noted.
    fn or<T>(&mut self, key: &str, expected: &str, read: impl Fn(&Item) -> Option<T>) -> Option<T> {
        let value = read(self.document.get(key)?);
        if value.is_none() {
            self.wrong.push(format!("`{key}` must be {expected}"));
        }
        value
    }

    fn path(&mut self, key: &str) -> Option<PathBuf> {
        let folder = self.folder;
        self.or(key, "a path", |item| Some(folder.join(item.as_str()?)))
    }

    fn flag(&mut self, key: &str) -> bool {
        self.or(key, "true or false", Item::as_bool)
            .unwrap_or(false)
    }

    fn refuse(&mut self, what: &str) {
        self.wrong.push(what.to_owned());
    }
}

fn text(item: &Item) -> Option<String> {
    item.as_str().map(str::to_owned)
}

/// A time in seconds, minutes or hours, at most a month.
fn span(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(scale)?;
    (1..=30 * 24 * 3600)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

fn placement(text: &str) -> Option<Placement> {
    Some(match text {
        "cpu" => Placement::Cpu,
        "wgpu" => Placement::Wgpu { software: false },
        "wgpu-software" => Placement::Wgpu { software: true },
        other => Placement::Cuda {
            number: other.strip_prefix("cuda:")?.parse().ok()?,
        },
    })
}

#[cfg(test)]
mod tests {
    use arknet_protocol::KeyPair;

    use super::*;

    fn node() -> PublicKey {
        KeyPair::from_seed([1; 32]).unwrap().public()
    }

    fn parse(more: &str) -> Result<WorkerSettings, String> {
        let nats = ["nats://10.0.0.1:4222".to_owned()];
        let text = WorkerSettings::template(&node(), "http://10.0.0.1:7119", &nats);
        let text = format!("{text}{more}\n");
        WorkerSettings::parse(Path::new("/etc/w/worker.toml"), &text)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_init_writes_is_read() {
        let settings = parse("").unwrap();
        assert_eq!(settings.worker.node, node());
        assert_eq!(settings.key, Path::new("/etc/w/worker.key"));
        assert_eq!(settings.worker.drain, Duration::from_secs(600));
        assert_eq!(settings.placement, Placement::Cpu);
    }

    #[test]
    fn the_defaults_in_the_text_are_of_the_right_form() {
        for (key, _, default) in KEYS {
            let Some(default) = default else { continue };
            let more = match *key {
                "nats_user" => "nats_user = \"a\"\nnats_password = \"b\"".to_owned(),
                "nats_password" => continue,
                "nats_certificate" => "nats_certificate = \"a\"\nnats_key = \"b\"".to_owned(),
                "nats_key" => continue,
                key => format!("{key} = {default}"),
            };
            parse(&more).unwrap();
        }
        assert_eq!(parse("memory = \"16GiB\"").unwrap().memory, Some(16 << 30));
        let cuda = parse("device = \"cuda:3\"").unwrap().placement;
        assert_eq!(cuda, Placement::Cuda { number: 3 });
    }

    #[test]
    fn everything_wrong_is_named() {
        for (more, expected) in [
            ("devise = \"cpu\"", "unknown key `devise`"),
            ("device = \"gpu\"", "`device` must be"),
            ("drain = \"0s\"", "`drain` must be a time"),
            ("drain = \"9999h\"", "`drain` must be a time"),
            ("memory = 5", "`memory` must be a size"),
            (
                "nats_token = \"a\"\nnats_credentials = \"b\"",
                "one of `nats_token`",
            ),
            ("nats_user = \"a\"", "one of `nats_token`"),
            ("nats_key = \"a\"", "go together"),
            ("version = 2", "duplicate key"),
            ("[more]\nx = 1", "unknown key `more`"),
        ] {
            let error = parse(more).unwrap_err();
            assert!(error.contains(expected), "{more}: {error}");
        }
        let error = WorkerSettings::parse(Path::new("w"), "")
            .unwrap_err()
            .to_string();
        for missing in ["version", "node", "files", "nats"] {
            assert!(error.contains(&format!("`{missing}`")), "{error}");
        }
    }
}
