//! The command line of `arknet log`.

use std::path::PathBuf;

use arknet_tlog::{Policy, PolicyError, VerifierKey};
use clap::{Args, Subcommand};

/// Check a node's transparency log, or prove that something is in it
///
/// A node logs every receipt that it finishes. Its log can only grow: whoever keeps a checkpoint of it notices when
/// the node rewrites what it said. A log is a folder with its files, or the address of a node.
#[derive(Debug, Args)]
pub(crate) struct LogArguments {
    #[command(subcommand)]
    pub(crate) verb: LogVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogVerb {
    Verify(VerifyLogArguments),
    Prove(ProveLogArguments),
    Monitor(MonitorArguments),
}

/// Check every file and entry of a log, or that a receipt is in one
///
/// For a log: reads all of it, and holds every tile, every entry and every provider's signature against the
/// checkpoint. For a receipt: checks the proof in it that its log has it; nothing else is needed for that, and nothing
/// is fetched. Whether the receipt holds is for `arknet verify` to say.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  arknet log verify data/log --key node.example/log+1234abcd+AbC...=
  arknet log verify https://node.example --key node.example/log+1234abcd+AbC...=
  arknet log verify sha256.receipt --key node.example/log+1234abcd+AbC...=")]
pub(crate) struct VerifyLogArguments {
    /// The folder of a log, the address of a node, or a receipt
    pub(crate) what: String,
    #[command(flatten)]
    pub(crate) trust: Trust,
}

/// Prove that a receipt is in a log
///
/// Finds the receipt's entry and writes a proof (C2SP tlog-proof) under the log's latest checkpoint. The proof is
/// made here from the log's files and checked before it is written. A receipt from a node has such a proof in it
/// already; this makes one under a newer checkpoint, with the cosignatures that it has by now.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  arknet log prove sha256.receipt --log https://node.example --key node.example/log+1234abcd+AbC...=
  arknet log prove 0c420bb9...9a4d --log data/log --key node.example/log+1234abcd+AbC...= --out claim.tlog-proof")]
pub(crate) struct ProveLogArguments {
    /// A receipt, or the digest of a claim (64 hexadecimal digits)
    pub(crate) what: String,
    /// The folder of the log, or the address of a node
    #[arg(long, value_name = "LOG", visible_alias = "node")]
    pub(crate) log: String,
    /// Where the proof goes [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: Trust,
}

/// Follow a log, and say so when it is not what it was
///
/// Keeps the last checkpoint in a file and checks that each new one only adds to it, reading every new entry. A log
/// that cannot be reached is tried again. One that is not what it was, or has an entry that no honest node logs, ends
/// this with exit code 1, and the checkpoint that contradicts the old one is kept beside the file: the log signed both.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  arknet log monitor https://node.example --key node.example/log+1234abcd+AbC...= --state node.checkpoint
  arknet log monitor https://node.example --key node.example/log+1234abcd+AbC...= --state node.checkpoint --once")]
pub(crate) struct MonitorArguments {
    /// The folder of the log, or the address of a node
    pub(crate) log: String,
    /// The file with the last checkpoint; made on first use
    #[arg(long, value_name = "FILE")]
    pub(crate) state: PathBuf,
    /// Look once, instead of for ever
    #[arg(long)]
    pub(crate) once: bool,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) every: u64,
    #[command(flatten)]
    pub(crate) trust: Trust,
}

/// Whom to believe about a log.
#[derive(Debug, Args)]
pub(crate) struct Trust {
    /// The log's key, which `arknet node init` prints; its name is the log's
    #[arg(long, value_name = "NAME+HASH+KEY")]
    key: VerifierKey,
    /// The key of a witness whose cosignature counts; may be given several times
    #[arg(long, value_name = "NAME+HASH+KEY")]
    witness: Vec<VerifierKey>,
    /// How many of the witnesses must have cosigned [default: all that are given]
    #[arg(long, value_name = "N", requires = "witness")]
    quorum: Option<usize>,
}

impl Trust {
    pub(crate) fn policy(&self) -> Result<Policy, PolicyError> {
        let needed = self.quorum.unwrap_or(self.witness.len());
        Policy::log(self.key.clone())?.with_witnesses(self.witness.clone(), needed)
    }
}
