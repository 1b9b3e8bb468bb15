//! The client's part of the command line.

use std::path::PathBuf;
use std::time::Duration;

use arknet_client::NodeAddress;
use arknet_protocol::{Fingerprint, JobId, JobKind, JobState, PublicKey};
use arknet_tlog::VerifierKey;
use clap::{Args, Subcommand};

use super::deadline;
use super::profile::ProfileName;
use crate::arguments::PresetName;

/// Which node, and as whom.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// The profile of the node [default: the one of `--node`, or `default`; environment: ARKNET_PROFILE]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<ProfileName>,
    /// Where the node is, instead of where its profile says
    #[arg(long, value_name = "URL")]
    pub(crate) node: Option<NodeAddress>,
}

/// Send a job to a node
///
/// Compiles the kernel here first, so that what is refused is refused before anything is sent. Uploads what the node
/// does not have, signs the request, and submits it. With `--wait` it stays until the job is done, fetches the outputs
/// and the receipt, and checks them: against this job, this request, the node's key, and the node's log. Only then
/// does it write them. What a receipt with a proof says needs no trust in the node; a run without one (`--kind run`)
/// rests on the node's signature.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  arknet submit examples/sha256 --wait
  arknet submit examples/sha256 --wait --receipt sha256.receipt
  arknet submit examples/mandelbrot --kind run --deadline 10m
  arknet submit examples/collatz --profile lab --preset s128")]
pub(crate) struct SubmitArguments {
    /// A job folder, or its job.toml
    pub(crate) job: PathBuf,
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Stay until the job is done, check its receipt, and write the outputs
    #[arg(long)]
    pub(crate) wait: bool,
    /// `prove` for a proof, `run` for a run that the node signs
    #[arg(long, default_value = "prove")]
    pub(crate) kind: JobKind,
    /// The security of the proof: 100 or 128 provable bits [default: s100]
    #[arg(long, value_enum)]
    pub(crate) preset: Option<PresetName>,
    /// The job is of no use after this time from now, such as 10m
    #[arg(long, value_name = "TIME", value_parser = deadline::parse)]
    pub(crate) deadline: Option<Duration>,
    /// Which of your jobs go first: 0 to 9, 9 first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=9))]
    pub(crate) priority: Option<u8>,
    /// Only the device with this fingerprint may run it
    #[arg(long, value_name = "HEX")]
    pub(crate) device: Option<Fingerprint>,
    /// Have a run on a GPU repeated in the reference interpreter, which finds data races
    #[arg(long)]
    pub(crate) replay: bool,
    /// Where the receipt goes, with `--wait`
    #[arg(long, value_name = "FILE", requires = "wait")]
    pub(crate) receipt: Option<PathBuf>,
}

/// See and change jobs on a node
#[derive(Debug, Args)]
pub(crate) struct JobsArguments {
    #[command(subcommand)]
    pub(crate) verb: JobsVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobsVerb {
    /// List your jobs, newest first
    List {
        #[command(flatten)]
        connection: Connection,
        /// Only jobs in this state
        #[arg(long)]
        state: Option<JobState>,
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show a job, and what it came from and went into
    Show {
        /// The job's id
        id: JobId,
        #[command(flatten)]
        connection: Connection,
    },
    /// End a job
    Cancel {
        /// The job's id
        id: JobId,
        #[command(flatten)]
        connection: Connection,
    },
    /// Ask again for a job that failed, was cancelled, or expired
    Retry {
        /// The job's id
        id: JobId,
        #[command(flatten)]
        connection: Connection,
    },
    /// Watch a job until it ends
    Watch {
        /// The job's id
        id: JobId,
        #[command(flatten)]
        connection: Connection,
    },
    /// Fetch outputs and receipt of a job that was submitted from here, check them, and write them
    Fetch {
        /// The job's id
        id: JobId,
        #[command(flatten)]
        connection: Connection,
        /// The job folder, where it is not where it was
        #[arg(long, value_name = "JOB")]
        job: Option<PathBuf>,
        /// Where the receipt goes
        #[arg(long, value_name = "FILE")]
        receipt: Option<PathBuf>,
    },
}

/// Make and show your client key
///
/// The key signs your requests: jobs and tokens belong to it. It lies in a file that only you may read.
#[derive(Debug, Args)]
pub(crate) struct KeysArguments {
    #[command(subcommand)]
    pub(crate) verb: KeysVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysVerb {
    /// Make a key, where there is none yet
    New,
    /// Show the public half, for the operator of a node
    Show,
}

/// Keep what you know of a node
#[derive(Debug, Args)]
pub(crate) struct ProfileArguments {
    #[command(subcommand)]
    pub(crate) verb: ProfileVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileVerb {
    Add(Box<AddArguments>),
    /// List the profiles
    List,
    /// Show a profile, without its token
    Show {
        /// Which one
        name: ProfileName,
    },
}

/// Add a node
///
/// The token that its operator made for you is read from standard input, or from the environment variable ARKNET_TOKEN:
/// what stands on a command line, others can see. Keys that are not given are asked of the node; compare them with what
/// its operator says.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  arknet profile add lab --node https://lab.example.com:7117 --node-key ed25519:… < token")]
pub(crate) struct AddArguments {
    /// What to call it
    pub(crate) name: ProfileName,
    /// Where it is
    #[arg(long, value_name = "URL")]
    pub(crate) node: NodeAddress,
    /// Its key
    #[arg(long, value_name = "KEY")]
    pub(crate) node_key: Option<PublicKey>,
    /// The verifier key of its log
    #[arg(long, value_name = "VKEY")]
    pub(crate) log_key: Option<VerifierKey>,
    /// Certificates (PEM) to trust beside the system's, for a node with a certificate of its own
    #[arg(long, value_name = "FILE")]
    pub(crate) roots: Option<PathBuf>,
    /// Send the token to another machine without TLS, where everybody on the way can read it
    #[arg(long)]
    pub(crate) allow_plain_http: bool,
}
