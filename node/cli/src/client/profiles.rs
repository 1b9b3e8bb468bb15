//! `arknet profile`: what this user knows of nodes.

use std::fs;
use std::io::{self, IsTerminal, Read};

use arknet_client::{Client, Settings};
use arknet_protocol::{InvalidToken, Token};
use serde_json::json;

use super::arguments::{AddArguments, ProfileArguments, ProfileVerb};
use super::failure::CallError;
use super::identity::Identity;
use super::places::Places;
use super::profile::{Profile, ProfileName};
use super::session::{self, token_of_environment};
use crate::answer::{self, Answer, Rows};
use crate::error::{CliError, NodeError};

/// A token and the line's end, and something over.
const TOKEN_BYTES: u64 = 256;

pub(crate) fn profiles(arguments: &ProfileArguments) -> Result<Answer, CliError> {
    let places = Places::of_environment()?;
    match &arguments.verb {
        ProfileVerb::Add(arguments) => add(&places, arguments),
        ProfileVerb::List => {
            let names: Vec<String> = Profile::names(&places)
                .iter()
                .map(ProfileName::to_string)
                .collect();
            let mut rows = Rows::default();
            names.iter().for_each(|name| rows.line(name));
            Ok(Answer {
                text: rows.finish(),
                json: json!({ "profiles": names }),
            })
        }
        ProfileVerb::Show { name } => Ok(shown(name, &Profile::load(&places, name)?)),
    }
}

fn add(places: &Places, new: &AddArguments) -> Result<Answer, CliError> {
    let roots = new.roots.as_deref().map(fs::canonicalize).transpose();
    let roots = roots.map_err(|error| NodeError::Setting(format!("--roots: {error}")))?;
    let token = match token_of_environment()? {
        None => read_token()?,
        token => token,
    };
    let identity = Identity::load_or_create(places)?;
    let settings = Settings {
        roots: match &roots {
            Some(path) => Some(fs::read(path).map_err(|source| {
                CallError(arknet_client::ClientError::Source {
                    path: path.clone(),
                    source,
                })
            })?),
            None => None,
        },
        allow_plain: new.allow_plain_http,
        ..Settings::default()
    };
    // Made with the token, so that an address it may not travel to is refused here and not at the first job.
    let client = Client::new(new.node.clone(), token.as_ref(), settings).map_err(CallError)?;
    let info = session::runtime()?
        .block_on(client.node())
        .map_err(CallError)?;
    if let Some(expected) = new.node_key.filter(|expected| *expected != info.node) {
        return Err(NodeError::OtherNode {
            address: new.node.to_string(),
            expected,
            got: info.node,
        }
        .into());
    }
    let log_key = match (&new.log_key, &info.log) {
        (Some(key), _) => Some(key.clone()),
        (None, Some(text)) => Some(text.parse().map_err(|error| {
            NodeError::Setting(format!(
                "the node gives as the key of its log `{text}`: {error}"
            ))
        })?),
        (None, None) => None,
    };
    let profile = Profile {
        node: new.node.clone(),
        node_key: info.node,
        log_key,
        client: token.is_some().then(|| identity.key.public()),
        token,
        roots,
        allow_plain_http: new.allow_plain_http,
    };
    profile.save_new(places, &new.name)?;
    Ok(shown(&new.name, &profile))
}

/// The token on standard input; an empty one is none.
fn read_token() -> Result<Option<Token>, CliError> {
    if io::stdin().is_terminal() {
        answer::note(
            "the token that the node's operator made for you, then Enter (nothing for none):",
        );
    }
    let mut text = String::new();
    let read = if io::stdin().is_terminal() {
        io::stdin().read_line(&mut text)
    } else {
        io::stdin().take(TOKEN_BYTES).read_to_string(&mut text)
    };
    read.map_err(|error| NodeError::Setting(format!("cannot read the token: {error}")))?;
    match text.trim() {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|error: InvalidToken| NodeError::Setting(error.to_string()).into()),
    }
}

fn shown(name: &ProfileName, profile: &Profile) -> Answer {
    let mut rows = Rows::default();
    rows.row("profile", name);
    rows.row("node", format!("{}\n{}", profile.node, profile.node_key));
    if let Some(key) = &profile.log_key {
        rows.row("log", key);
    }
    if let Some(client) = &profile.client {
        rows.row("client", client);
    }
    let token = profile.token.as_ref().map(|token| token.id().to_string());
    rows.row("token", token.as_deref().unwrap_or("none"));
    Answer {
        text: rows.finish(),
        json: json!({
            "profile": name.to_string(),
            "node": profile.node.to_string(),
            "node_key": profile.node_key.to_string(),
            "log_key": profile.log_key.as_ref().map(ToString::to_string),
            "client": profile.client.map(|client| client.to_string()),
            "token": token,
        }),
    }
}
