//! The operator's part of the command line.

use std::path::PathBuf;
use std::time::Duration;

use arknet_protocol::{PublicKey, Scopes, TokenId};
use clap::{Args, Subcommand};

use crate::client;

/// Which node.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The node's configuration
    #[arg(long, value_name = "FILE", default_value = arknet_node::config::FILE)]
    pub(crate) config: PathBuf,
}

/// Run a node
///
/// Takes jobs from clients, runs them in locked-down processes, proves them, and signs receipts. Prints
/// `listening on http://…` once it is ready. It stops when it is interrupted or terminated: jobs that run are given
/// time to finish, and go back into the queue after that.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_long_help = "Examples:
  arknet node init && arknet node
  arknet node --config /etc/arknet/arknet.toml"
)]
pub(crate) struct NodeArguments {
    #[command(subcommand)]
    pub(crate) verb: Option<NodeVerb>,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NodeVerb {
    /// Make a node
    ///
    /// Writes a commented arknet.toml, the node's keys, and a profile with a token for clients of the same user, so that
    /// `arknet submit` works at once. What is there already is kept as it is.
    Init {
        /// The folder of the configuration
        #[arg(long, value_name = "DIR", default_value = ".")]
        dir: PathBuf,
        /// What to call the client profile [default: `default`, or a name of its own where that is another node's]
        #[arg(long, value_name = "NAME")]
        profile: Option<client::ProfileName>,
    },
}

/// Make, list and revoke tokens
///
/// A token lets one client in: it belongs to that client's key and allows what its scopes say.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  arknet token create --client ed25519:… --label \"Ada's laptop\" --expires 90d
  arknet token create --client ed25519:… --scopes jobs:read
  arknet token list
  arknet token revoke 0123456789abcdef")]
pub(crate) struct TokenArguments {
    #[command(subcommand)]
    pub(crate) verb: TokenVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenVerb {
    /// Make a token, and show it this once
    Create {
        /// The client's key, as `arknet keys show` prints it there
        #[arg(long, value_name = "KEY")]
        client: PublicKey,
        /// What it allows, separated by commas
        #[arg(long, value_name = "SCOPES", default_value_t = Scopes::all())]
        scopes: Scopes,
        /// How long it is good for, such as 90d [default: until it is revoked]
        #[arg(long, value_name = "TIME", value_parser = client::parse_time)]
        expires: Option<Duration>,
        /// What it is for, for your own memory
        #[arg(long, value_name = "TEXT", default_value = "")]
        label: String,
        #[command(flatten)]
        place: Place,
    },
    /// List the tokens
    List {
        /// Only those of this client
        #[arg(long, value_name = "KEY")]
        client: Option<PublicKey>,
        #[command(flatten)]
        place: Place,
    },
    /// Make a token useless, from this moment on
    Revoke {
        /// The token's id: the digits after `ark_`, up to the next `_`
        id: TokenId,
        #[command(flatten)]
        place: Place,
    },
}

/// Check a node and say how to mend it
///
/// Looks at the configuration, the data folder, keys, database, log, clock, ports, sandbox, devices, memory, NATS and
/// certificates. A line that begins with ✗ keeps the node from working or from working safely, one with ! is worth
/// knowing. Nothing is changed, so it may be run at any time.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Make a backup of a node
///
/// The node may run meanwhile. The backup is a new folder with the database at one moment and every blob that it names,
/// each checked on the way. Keys are left out unless they are asked for: keep a copy of them apart.
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The folder to make
    pub(crate) destination: PathBuf,
    /// Put the node's keys into it too: whoever has the backup can then be this node
    #[arg(long)]
    pub(crate) with_keys: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Restore a backup of a node
///
/// The node must not run, and its data folder must have no database. Everything in the backup is checked before anything
/// is written. A log that has signed more than the backup knows stays halted; docs/operations.md says what to do then.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The backup's folder
    pub(crate) backup: PathBuf,
    #[command(flatten)]
    pub(crate) place: Place,
}
