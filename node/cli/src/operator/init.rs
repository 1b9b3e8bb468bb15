//! `arknet node init`: everything that a node needs before its first start, and a client that it knows.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use arknet_client::NodeAddress;
use arknet_node::config::{self, Config};
use arknet_node::log;
use arknet_node::store::{NewToken, UnixMillis};
use arknet_protocol::{KeyPair, PublicKey, Scopes, Token};
use arknet_tlog::VerifierKey;
use serde_json::json;

use super::{OperatorError, place};
use crate::answer::{Answer, Rows};
use crate::client::{self, Identity, Places, Profile, ProfileName};
use crate::error::{CliError, NodeError};

/// What was done, in order.
struct Steps {
    rows: Rows,
    wrote: Vec<String>,
    kept: Vec<String>,
}

impl Steps {
    fn wrote(&mut self, what: &str, path: &Path) {
        self.rows
            .row("wrote", format!("{}\n{what}", path.display()));
        self.wrote.push(path.display().to_string());
    }

    fn kept(&mut self, what: &str, path: &Path) {
        self.rows.row("kept", format!("{}\n{what}", path.display()));
        self.kept.push(path.display().to_string());
    }
}

/// Makes a node in `folder`. What is there is kept.
pub(super) fn init(folder: &Path, profile: Option<&ProfileName>) -> Result<Answer, CliError> {
    let mut steps = Steps {
        rows: Rows::default(),
        wrote: Vec::new(),
        kept: Vec::new(),
    };
    place::create_folder(folder)?;
    let file = folder.join(config::FILE);
    write_config(&file, &mut steps)?;
    let config = place::load(&file)?;
    place::create_folder(&config.node.data)?;
    place::create_folder(&config.keys())?;
    let node = node_key(&config, &mut steps)?;
    let log = log_key(&config, &node, &mut steps)?;
    let profile = add_profile(&config, node, log.clone(), profile, &mut steps)?;

    let mut rows = steps.rows;
    rows.row("node", node);
    rows.row("log", &log);
    let here = folder == Path::new(".");
    let option = if here {
        String::new()
    } else {
        format!(" --config {}", file.display())
    };
    let profile_option = if profile == ProfileName::default_name() {
        String::new()
    } else {
        format!(" --profile {profile}")
    };
    rows.row(
        "next",
        format!(
            "arknet node{option}\nand in another terminal: arknet submit JOB --wait{profile_option}\narknet doctor{option} checks \
             everything. Keep a copy of the two keys elsewhere: they are what the node is"
        ),
    );
    Ok(Answer {
        text: rows.finish(),
        json: json!({
            "config": file.display().to_string(),
            "node": node.to_string(),
            "log": log.to_string(),
            "profile": profile.to_string(),
            "wrote": steps.wrote,
            "kept": steps.kept,
        }),
    })
}

fn write_config(file: &Path, steps: &mut Steps) -> Result<(), OperatorError> {
    const WHAT: &str = "every setting with its default, commented";
    if file.symlink_metadata().is_ok() {
        steps.kept("the configuration", file);
        return Ok(());
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut opened| {
            opened.write_all(Config::template().as_bytes())?;
            opened.sync_all()
        })
        .map_err(OperatorError::file(file))?;
    steps.wrote(WHAT, file);
    Ok(())
}

fn node_key(config: &Config, steps: &mut Steps) -> Result<PublicKey, OperatorError> {
    let path = place::node_key(config);
    if path.symlink_metadata().is_ok() {
        steps.kept("the node's key", &path);
        return Ok(KeyPair::load(&path)?.public());
    }
    let key = KeyPair::generate()?;
    key.save_new(&path)?;
    steps.wrote("the node's key: receipts are signed with it", &path);
    Ok(key.public())
}

fn log_key(
    config: &Config,
    node: &PublicKey,
    steps: &mut Steps,
) -> Result<VerifierKey, OperatorError> {
    let path = place::log_key(config);
    if path.symlink_metadata().is_ok() {
        steps.kept("the log's key", &path);
        return Ok(log::load_key(&path)?.public().clone());
    }
    let origin = match &config.log.origin {
        Some(origin) => origin.clone(),
        None => log::default_origin(node),
    };
    let key = log::create_key(&path, &origin)?;
    steps.wrote("the log's key", &path);
    Ok(key)
}

/// Finds the profile of this node, or makes one with a token that the node knows.
fn add_profile(
    config: &Config,
    node: PublicKey,
    log: VerifierKey,
    wanted: Option<&ProfileName>,
    steps: &mut Steps,
) -> Result<ProfileName, CliError> {
    let places = Places::of_environment()?;
    for name in Profile::names(&places) {
        if wanted.is_none_or(|wanted| *wanted == name)
            && Profile::load(&places, &name).is_ok_and(|profile| profile.node_key == node)
        {
            steps.kept("the client profile of this node", &places.profile(&name));
            return Ok(name);
        }
    }
    let name = match wanted {
        Some(name) => name.clone(),
        None => free_name(&places, &node)?,
    };
    let identity = Identity::load_or_create(&places)?;
    if identity.is_new {
        steps.wrote("the client key of this user", &identity.path);
    }
    let token = Token::generate().map_err(OperatorError::from)?;
    let profile = Profile {
        node: address(config)?,
        node_key: node,
        log_key: Some(log),
        client: Some(identity.key.public()),
        token: Some(token.clone()),
        roots: None,
        allow_plain_http: false,
    };
    let path = profile.save_new(&places, &name)?;
    let store = place::open_store(config)?;
    let made = client::runtime()?.block_on(store.create_token(
        UnixMillis::now(),
        NewToken {
            id: token.id(),
            hash: token.hash(),
            client: identity.key.public(),
            scopes: Scopes::all(),
            label: format!("profile `{name}` of `arknet node init`"),
            expires_at: None,
        },
    ));
    if let Err(error) = made {
        // A profile whose token nobody knows would be found and kept the next time.
        let _ = std::fs::remove_file(&path);
        return Err(OperatorError::from(error).into());
    }
    steps.wrote("a client profile with a token for this node", &path);
    Ok(name)
}

/// `default`, unless that is another node's.
fn free_name(places: &Places, node: &PublicKey) -> Result<ProfileName, CliError> {
    let default = ProfileName::default_name();
    if places.profile(&default).symlink_metadata().is_err() {
        return Ok(default);
    }
    let digits = node.to_string();
    let digits = digits.rsplit(':').next().unwrap_or_default();
    format!("node-{}", &digits[..8])
        .parse()
        .map_err(|error: client::InvalidProfileName| NodeError::Setting(error.to_string()).into())
}

/// Where a client on this machine finds the node.
fn address(config: &Config) -> Result<NodeAddress, CliError> {
    let url = match &config.http.url {
        Some(url) => url.clone(),
        None => {
            let scheme = match config.http.tls_certificate {
                Some(_) => "https",
                None => "http",
            };
            format!("{scheme}://{}", local(config.http.listen))
        }
    };
    url.parse().map_err(|error: arknet_client::InvalidAddress| {
        NodeError::Setting(error.to_string()).into()
    })
}

/// The address that a listener on all addresses has for this machine.
fn local(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        ip => ip,
    };
    (ip, listen.port()).into()
}
