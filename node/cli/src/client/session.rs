//! A connection to a node whose key is known.

use std::env;
use std::fs;

use arknet_client::{Client, ClientError, NodeAddress, Settings};
use arknet_protocol::api::NodeInfo;
use arknet_protocol::{PublicKey, Token};
use arknet_tlog::VerifierKey;
use tokio::runtime::{Builder, Runtime};

use super::arguments::Connection;
use super::failure::CallError;
use super::places::Places;
use super::profile::{Profile, ProfileError, ProfileName};
use crate::error::{CliError, NodeError};

/// A client with what it knows of its node.
pub(crate) struct Session {
    runtime: Runtime,
    client: Client,
    places: Places,
    profile: Option<Profile>,
}

impl Session {
    /// The session that the command line asks for.
    pub(crate) fn open(connection: &Connection) -> Result<Self, CliError> {
        let places = Places::of_environment()?;
        let profile = choose(&places, connection)?;
        let address = match (&connection.node, &profile) {
            (Some(node), _) => node.clone(),
            (None, Some(profile)) => profile.node.clone(),
            // `choose` gives a profile wherever there is no address.
            (None, None) => {
                return Err(CliError::Internal {
                    what: "neither a profile nor an address".to_owned(),
                });
            }
        };
        let token = match token_of_environment()? {
            None => profile.as_ref().and_then(|profile| profile.token.clone()),
            token => token,
        };
        let mut settings = Settings::default();
        if let Some(profile) = &profile {
            settings.allow_plain = profile.allow_plain_http;
            if let Some(path) = profile.roots_path(&places) {
                let roots = fs::read(&path)
                    .map_err(|source| CallError(ClientError::Source { path, source }))?;
                settings.roots = Some(roots);
            }
        }
        let client = Client::new(address, token.as_ref(), settings).map_err(CallError)?;
        Ok(Self {
            runtime: runtime()?,
            client,
            places,
            profile,
        })
    }

    /// The client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// This user's folders.
    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// Waits for a call.
    pub(crate) fn wait<T>(
        &self,
        call: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, CliError> {
        Ok(self.runtime.block_on(call).map_err(CallError)?)
    }

    /// Waits for something else that goes on in the meantime.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// What the node says of itself, where its key is the one that the profile knows.
    pub(crate) fn node(&self) -> Result<NodeInfo, CliError> {
        let info = self.wait(self.client.node())?;
        match &self.profile {
            Some(profile) if profile.node_key != info.node => Err(NodeError::OtherNode {
                address: self.client.address().to_string(),
                expected: profile.node_key,
                got: info.node,
            }
            .into()),
            _ => Ok(info),
        }
    }

    /// Whether the node's key was known before it was asked for.
    pub(crate) fn is_pinned(&self) -> bool {
        self.profile.is_some()
    }

    /// The key that a receipt must be signed with, where a profile says so.
    pub(crate) fn node_key(&self) -> Option<PublicKey> {
        self.profile.as_ref().map(|profile| profile.node_key)
    }

    /// The log that a receipt must be in.
    pub(crate) fn log_key(&self, info: Option<&NodeInfo>) -> Result<Option<VerifierKey>, CliError> {
        if let Some(profile) = &self.profile {
            return Ok(profile.log_key.clone());
        }
        let text = info.and_then(|info| info.log.as_deref());
        let key = text.map(str::parse).transpose();
        key.map_err(|error: arknet_tlog::KeyError| {
            CallError(ClientError::Answer {
                what: "the question what it is".to_owned(),
                reason: format!("the key of its log: {error}"),
            })
            .into()
        })
    }

    /// The client that the profile's token belongs to.
    pub(crate) fn token_client(&self) -> Option<PublicKey> {
        self.profile.as_ref().and_then(|profile| profile.client)
    }
}

/// What runs the calls: they wait more than they work.
pub(crate) fn runtime() -> Result<Runtime, CliError> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::Machine(error.to_string()))
}

/// The profile that is named, or that is of the address, or the default one.
fn choose(places: &Places, connection: &Connection) -> Result<Option<Profile>, CliError> {
    if let Some(name) = named(connection)? {
        return Ok(Some(Profile::load(places, &name)?));
    }
    match &connection.node {
        Some(node) => of_address(places, node),
        None => Ok(Some(Profile::load(places, &ProfileName::default_name())?)),
    }
}

fn named(connection: &Connection) -> Result<Option<ProfileName>, CliError> {
    if connection.profile.is_some() {
        return Ok(connection.profile.clone());
    }
    match env::var("ARKNET_PROFILE") {
        Ok(name) if !name.is_empty() => name
            .parse()
            .map(Some)
            .map_err(|error| NodeError::Setting(format!("ARKNET_PROFILE: {error}")).into()),
        _ => Ok(None),
    }
}

/// The first profile of this address. One that cannot be read is in nobody's way but its own.
fn of_address(places: &Places, node: &NodeAddress) -> Result<Option<Profile>, CliError> {
    for name in Profile::names(places) {
        match Profile::load(places, &name) {
            Ok(profile) if profile.node == *node => return Ok(Some(profile)),
            Err(error @ ProfileError::Mode { .. }) => return Err(error.into()),
            _ => {}
        }
    }
    Ok(None)
}

/// The token in `ARKNET_TOKEN`.
pub(crate) fn token_of_environment() -> Result<Option<Token>, CliError> {
    match env::var("ARKNET_TOKEN") {
        Ok(text) if !text.is_empty() => text
            .trim()
            .parse()
            .map(Some)
            .map_err(|error| NodeError::Setting(format!("ARKNET_TOKEN: {error}")).into()),
        _ => Ok(None),
    }
}
