//! What a client knows of a node: where it is, which keys are its, and the token to show it.
//!
//! A profile is a small TOML file. It holds a secret, the token, so only its owner may read it; a file that is there is
//! never written over.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use arknet_client::NodeAddress;
use arknet_protocol::{PublicKey, Token};
use arknet_tlog::VerifierKey;
use arknet_workload::printable::printable_path;
use arknet_workload::regular::{self, OpenError};
use toml_edit::{DocumentMut, Item, value};

use super::places::Places;
use super::private;

const VERSION: i64 = 1;
const MAX_BYTES: u64 = 64 << 10;
const KEYS: [&str; 8] = [
    "version",
    "node",
    "node_key",
    "log_key",
    "client",
    "token",
    "roots",
    "allow_plain_http",
];

/// The name of a profile, which is also a file's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProfileName(String);

/// Text that is no name of a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a profile's name has 1 to 64 of the characters a-z A-Z 0-9 . _ - and does not begin with a dot"
)]
pub(crate) struct InvalidProfileName;

/// A node as a client knows it.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Where it is.
    pub(crate) node: NodeAddress,
    /// Its key: the audience of requests, and who must have signed a receipt.
    pub(crate) node_key: PublicKey,
    /// The key of its log, in which a receipt must be.
    pub(crate) log_key: Option<VerifierKey>,
    /// The client that the token belongs to.
    pub(crate) client: Option<PublicKey>,
    /// What the node lets this client in for.
    pub(crate) token: Option<Token>,
    /// A file with certificates (PEM) to trust beside the system's.
    pub(crate) roots: Option<PathBuf>,
    /// Whether the token may travel in the open.
    pub(crate) allow_plain_http: bool,
}

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProfileError {
    #[error(
        "there is no profile `{name}` ({}); `arknet node init` makes one on the node's own machine, `arknet profile add \
         {name} --node https://…` elsewhere{known}",
        printable_path(path)
    )]
    Missing {
        name: String,
        path: PathBuf,
        known: String,
    },
    #[error("the profile `{}` {source}", printable_path(path))]
    Open { path: PathBuf, source: OpenError },
    #[error(
        "the profile `{}` holds a token and can be read by others than its owner (mode {mode:03o}); run `chmod 600 {}`, and \
         have the token replaced if others may have read it",
        printable_path(path),
        printable_path(path)
    )]
    Mode { path: PathBuf, mode: u32 },
    #[error("the profile `{}` is wrong: {reason}", printable_path(path))]
    Contents { path: PathBuf, reason: String },
    #[error("cannot write the profile `{}`: {source}", printable_path(path))]
    Write { path: PathBuf, source: io::Error },
    #[error(
        "there is a profile `{name}` already ({}), and profiles are not written over; choose another name, or remove the file",
        printable_path(path)
    )]
    Exists { name: String, path: PathBuf },
}

impl ProfileName {
    /// The profile that is used where none is named.
    pub(crate) fn default_name() -> Self {
        Self("default".to_owned())
    }
}

impl FromStr for ProfileName {
    type Err = InvalidProfileName;

    fn from_str(text: &str) -> Result<Self, InvalidProfileName> {
        let fine = (1..=64).contains(&text.len())
            && !text.starts_with('.')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        fine.then(|| Self(text.to_owned()))
            .ok_or(InvalidProfileName)
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Profile {
    /// Reads a profile.
    pub(crate) fn load(places: &Places, name: &ProfileName) -> Result<Self, ProfileError> {
        let path = places.profile(name);
        let open = |source| match source {
            OpenError::Missing => ProfileError::Missing {
                name: name.to_string(),
                path: path.clone(),
                known: known(places),
            },
            source => ProfileError::Open {
                path: path.clone(),
                source,
            },
        };
        let file = regular::open(&path).map_err(open)?;
        if let Some(mode) = private::open_to_others(&file).map_err(|e| open(e.into()))? {
            return Err(ProfileError::Mode { path, mode });
        }
        let bytes = private::read(file, MAX_BYTES).map_err(|error| open(error.into()))?;
        let text = String::from_utf8(bytes).map_err(|error| error.to_string());
        text.and_then(|text| Self::parse(&text))
            .map_err(|reason| ProfileError::Contents { path, reason })
    }

    /// Every profile's name, in order. A folder that is not there has none.
    pub(crate) fn names(places: &Places) -> Vec<ProfileName> {
        let Ok(entries) = fs::read_dir(places.profiles()) else {
            return Vec::new();
        };
        let mut names: Vec<ProfileName> = entries
            .filter_map(|entry| {
                let name = entry.ok()?.file_name().into_string().ok()?;
                name.strip_suffix(".toml")?.parse().ok()
            })
            .collect();
        names.sort();
        names
    }

    /// Writes a profile that was not there.
    pub(crate) fn save_new(
        &self,
        places: &Places,
        name: &ProfileName,
    ) -> Result<PathBuf, ProfileError> {
        let path = places.profile(name);
        private::create_folder(&places.profiles())
            .and_then(|()| private::write_new(&path, self.text().as_bytes()))
            .map_err(|source| match source.kind() {
                io::ErrorKind::AlreadyExists => ProfileError::Exists {
                    name: name.to_string(),
                    path: path.clone(),
                },
                _ => ProfileError::Write {
                    path: path.clone(),
                    source,
                },
            })?;
        Ok(path)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let document: DocumentMut = text
            .parse()
            .map_err(|error: toml_edit::TomlError| error.message().replace('\n', " "))?;
        if let Some((key, _)) = document.iter().find(|(key, _)| !KEYS.contains(key)) {
            return Err(format!("unknown key `{key}`; it knows {}", KEYS.join(", ")));
        }
        let version = document.get("version").and_then(Item::as_integer);
        if version != Some(VERSION) {
            return Err(format!("`version` must be {VERSION}"));
        }
        let texts = Texts(&document);
        let allow_plain_http = match document.get("allow_plain_http") {
            None => false,
            Some(item) => item
                .as_bool()
                .ok_or("`allow_plain_http` must be true or false")?,
        };
        Ok(Self {
            node: texts.required("node")?,
            node_key: texts.required("node_key")?,
            log_key: texts.optional("log_key")?,
            client: texts.optional("client")?,
            token: texts.optional("token")?,
            roots: texts.optional("roots")?,
            allow_plain_http,
        })
    }

    fn text(&self) -> String {
        let mut document = DocumentMut::new();
        document["version"] = value(VERSION);
        document["node"] = value(self.node.to_string());
        document["node_key"] = value(self.node_key.to_string());
        if let Some(key) = &self.log_key {
            document["log_key"] = value(key.to_string());
        }
        if let Some(client) = &self.client {
            document["client"] = value(client.to_string());
        }
        if let Some(token) = &self.token {
            document["token"] = value(token.reveal());
        }
        if let Some(roots) = &self.roots {
            document["roots"] = value(roots.to_string_lossy().into_owned());
        }
        if self.allow_plain_http {
            document["allow_plain_http"] = value(true);
        }
        format!(
            "# A node as `arknet submit` and `arknet jobs` know it. The token is a secret.\n{document}"
        )
    }

    /// Where the certificates to trust are, relative to the profiles' folder.
    pub(crate) fn roots_path(&self, places: &Places) -> Option<PathBuf> {
        let roots: &Path = self.roots.as_deref()?;
        Some(places.profiles().join(roots))
    }
}

struct Texts<'a>(&'a DocumentMut);

impl Texts<'_> {
    fn optional<T: FromStr>(&self, key: &str) -> Result<Option<T>, String>
    where
        T::Err: fmt::Display,
    {
        let Some(item) = self.0.get(key) else {
            return Ok(None);
        };
        let text = item
            .as_str()
            .ok_or_else(|| format!("`{key}` must be text in quotes"))?;
        text.parse()
            .map(Some)
            .map_err(|error| format!("`{key}`: {error}"))
    }

    fn required<T: FromStr>(&self, key: &str) -> Result<T, String>
    where
        T::Err: fmt::Display,
    {
        self.optional(key)?
            .ok_or_else(|| format!("it lacks the key `{key}`"))
    }
}

/// The profiles there are, for a message.
fn known(places: &Places) -> String {
    let names: Vec<String> = Profile::names(places)
        .iter()
        .map(ProfileName::to_string)
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("; there is {}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arknet_protocol::KeyPair;

    fn example() -> Profile {
        Profile {
            node: "http://127.0.0.1:7117".parse().unwrap(),
            node_key: KeyPair::generate().unwrap().public(),
            log_key: Some(
                "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
                    .parse()
                    .unwrap(),
            ),
            client: Some(KeyPair::generate().unwrap().public()),
            token: Some(Token::generate().unwrap()),
            roots: Some("ca.pem".into()),
            allow_plain_http: true,
        }
    }

    #[test]
    fn a_profile_survives_its_text() {
        let full = example();
        let bare = Profile {
            log_key: None,
            client: None,
            token: None,
            roots: None,
            allow_plain_http: false,
            ..example()
        };
        for profile in [full, bare] {
            let text = profile.text();
            let read = Profile::parse(&text).unwrap();
            assert_eq!(read.text(), text);
            assert_eq!(read.node, profile.node);
            assert_eq!(read.token, profile.token);
        }
    }

    #[test]
    fn mistakes_are_named() {
        let text = example().text();
        for (from, to, says) in [
            ("version = 1", "version = 2", "`version` must be 1"),
            ("node_key", "nodekey", "unknown key `nodekey`"),
            ("http://", "gopher://", "`node`"),
            ("ark_", "arc_", "`token`: a token has the form"),
            ("plain_http = true", "plain_http = 1", "true or false"),
        ] {
            let error = Profile::parse(&text.replace(from, to)).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_token_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.toml");
        private::write_new(&path, example().text().as_bytes()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        let file = || regular::open(&path).unwrap();
        assert_eq!(private::open_to_others(&file()).unwrap(), None);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(private::open_to_others(&file()).unwrap(), Some(0o640));
        assert!(private::write_new(&path, b"").is_err());
    }

    #[test]
    fn names_are_file_names() {
        for name in ["default", "a.b-c_D9"] {
            assert_eq!(name.parse::<ProfileName>().unwrap().to_string(), name);
        }
        for name in ["", ".", "..", ".a", "a/b", "a b", "ä"] {
            assert!(name.parse::<ProfileName>().is_err(), "{name}");
        }
    }
}
