//! The command line.

use std::path::PathBuf;

use arknet_protocol::PublicKey;
use arknet_tlog::{Policy, VerifierKey};
use arknet_workload::job::folder;
use clap::{Args, Parser, Subcommand, ValueEnum};

#[cfg(feature = "node")]
use crate::client::arguments::{JobsArguments, KeysArguments, ProfileArguments, SubmitArguments};
use crate::exit;
use crate::log::arguments::LogArguments;
#[cfg(feature = "node")]
use crate::operator::arguments::{
    BackupArguments, DoctorArguments, NodeArguments, RestoreArguments, TokenArguments,
};
#[cfg(feature = "node")]
use crate::worker::WorkerArguments;

/// Run, prove and verify GPU compute workloads.
///
/// A workload is a WGSL compute kernel; a job is a folder with the kernel, its inputs and a `job.toml`.
/// `arknet prove` runs a job and makes a receipt: a proof that the outputs are what that kernel computes
/// on those inputs. Anybody can check the receipt with `arknet verify`, on a CPU, without trusting
/// whoever made it.
#[derive(Debug, Parser)]
#[command(
    name = "arknet",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = exit::HELP,
    after_long_help = concat_help()
)]
pub(crate) struct Arguments {
    /// Print the result as one JSON object, errors included
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but errors
    #[arg(long, short, global = true, conflicts_with = "json")]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

fn concat_help() -> String {
    format!(
        "Examples:
  arknet run examples/mandelbrot
  arknet prove examples/sha256 --receipt sha256.receipt
  arknet verify sha256.receipt examples/sha256

{}",
        exit::HELP
    )
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Run(RunArguments),
    #[cfg(feature = "prove")]
    Prove(ProveArguments),
    Verify(VerifyArguments),
    Inspect(InspectArguments),
    Log(LogArguments),
    #[cfg(feature = "node")]
    Node(NodeArguments),
    #[cfg(feature = "node")]
    Doctor(DoctorArguments),
    #[cfg(feature = "node")]
    Token(TokenArguments),
    #[cfg(feature = "node")]
    Backup(BackupArguments),
    #[cfg(feature = "node")]
    Restore(RestoreArguments),
    #[cfg(feature = "node")]
    Submit(SubmitArguments),
    #[cfg(feature = "node")]
    Jobs(JobsArguments),
    #[cfg(feature = "node")]
    Keys(KeysArguments),
    #[cfg(feature = "node")]
    Profile(ProfileArguments),
    #[cfg(feature = "node")]
    Worker(WorkerArguments),
}

/// Run a job and write its outputs
///
/// Runs the kernel and writes each buffer that names an `output` (and its picture, where the buffer says
/// `image`). A run that goes out of bounds, runs out of steps or has a data race traps: it writes nothing
/// and names the line of the WGSL. The `cpu` backend is the reference and finds every trap; `wgpu` and
/// `cuda` run the same program on a GPU, in a process that is locked in, and do not look for data races
/// unless `--check-races` is given. The summary says whether races were looked for.
/// On the CPU a run takes about three times the memory of the buffers that the kernel writes and twice that of the
/// others; where there is not enough it is refused. `limits.memory` counts the bytes of the buffers alone.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  arknet run examples/collatz
  arknet run examples/mandelbrot --backend cpu
  arknet run examples/matmul/job.toml --backend wgpu --json
  arknet run examples/histogram --backend wgpu --check-races")]
pub(crate) struct RunArguments {
    /// A job folder, or its job.toml
    pub(crate) job: PathBuf,
    /// What runs the kernel
    #[arg(long, value_enum, default_value_t = Backend::Auto)]
    pub(crate) backend: Backend,
    /// Look for data races on a GPU too: run the job in the reference interpreter first, and hold every word of the
    /// GPU's result against it
    #[arg(long)]
    pub(crate) check_races: bool,
    /// Use a GPU even where this system cannot lock the process in that does; for kernels that you trust
    #[arg(long)]
    pub(crate) allow_weak_sandbox: bool,
    /// The most memory that a run on the CPU may take, its buffers included, such as 8GiB [default: what the machine has
    /// free]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_memory: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// A real GPU if there is one, else the CPU
    Auto,
    /// The reference interpreter
    Cpu,
    /// Any wgpu adapter, software drivers included
    Wgpu,
    /// An NVIDIA GPU through CUDA
    Cuda,
}

/// Run a job and prove its outputs
///
/// Runs the kernel on the CPU, proves the run, verifies the proof, and only then writes the outputs and the
/// receipt. Every buffer that the kernel may write needs an `output` in the job file. How much memory it
/// takes is estimated before the run and again before the proof; a job for which there is not enough is refused.
/// That is far more than `limits.memory`, which counts the bytes of the buffers alone.
#[cfg(feature = "prove")]
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  arknet prove examples/sha256 --receipt sha256.receipt
  arknet prove examples/collatz --receipt collatz.receipt --preset s128
  arknet prove examples/matmul --receipt matmul.receipt --max-memory 2GiB")]
pub(crate) struct ProveArguments {
    /// A job folder, or its job.toml
    pub(crate) job: PathBuf,
    /// Where the receipt goes
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: PathBuf,
    /// The security of the proof: 100 or 128 provable bits
    #[arg(long, value_enum, default_value_t = PresetName::S100)]
    pub(crate) preset: PresetName,
    /// The most memory that running and proving may take, such as 8GiB [default: what the machine has free]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_memory: Option<u64>,
}

fn size(text: &str) -> Result<u64, String> {
    folder::parse_size(text).ok_or_else(|| format!("it must be {}", folder::SIZE))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PresetName {
    /// At least 100 bits
    S100,
    /// At least 128 bits
    S128,
}

/// Check a receipt against a job and its outputs
///
/// Checks that the outputs lying in the job's folder are what its kernel computes on its inputs, as the
/// receipt proves. The kernel, the inputs, the limits and the outputs are all taken from the folder, never
/// from the receipt. Prints VALID and how many bits of security the proof has, or what does not hold.
/// A receipt of a run that was not proven holds if the job, run again here (`--replay`), gives the same, or if its
/// provider is one that you trust (`--provider`). A provider's signature that is there is checked always.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  arknet verify sha256.receipt examples/sha256
  arknet verify sha256.receipt examples/sha256 --min-bits 128
  arknet verify sha256.receipt examples/sha256 --quiet && echo good
  arknet verify run.receipt examples/sha256 --replay")]
pub(crate) struct VerifyArguments {
    /// The receipt
    pub(crate) receipt: PathBuf,
    /// The job folder (or its job.toml) with the outputs to check
    pub(crate) job: PathBuf,
    /// Fail unless the proof has this many bits of security
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) min_bits: u32,
    /// Fail unless this provider signed the receipt; a run that was not proven is believed on its word
    #[arg(long, value_name = "ed25519:HEX")]
    pub(crate) provider: Option<PublicKey>,
    /// Run the job again on this CPU, and fail unless outputs and steps are the same
    #[arg(long)]
    pub(crate) replay: bool,
    /// Fail unless a log with this key has the receipt, as the receipt's inclusion proof shows
    #[arg(long, value_name = "NAME+HASH+KEY", value_parser = log)]
    pub(crate) log_key: Option<Policy>,
    /// Fail unless the receipt answers this request: the JSON that was sent, byte for byte
    #[arg(long, value_name = "FILE")]
    pub(crate) request: Option<PathBuf>,
    /// The most memory that `--replay` may take, its buffers included, such as 8GiB [default: what the machine has free]
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "replay")]
    pub(crate) max_memory: Option<u64>,
}

/// A log that is believed by its own key, witnessed or not.
fn log(text: &str) -> Result<Policy, String> {
    let key = text
        .parse::<VerifierKey>()
        .map_err(|error| error.to_string())?;
    Policy::log(key).map_err(|error| error.to_string())
}

/// Show what a workload, a job or a receipt is made of
///
/// For a WGSL file: the program after lowering. For a job also the tables that its proof has, with their columns
/// and degrees, and the rows, cells and memory that proving takes; to count the rows it runs the job, within
/// its limits, but it fills no table. For a receipt: what it claims. Nothing is verified here.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  arknet inspect examples/collatz
  arknet inspect examples/sha256/sha256.wgsl
  arknet inspect sha256.receipt")]
pub(crate) struct InspectArguments {
    /// A job folder, a job.toml, a .wgsl file or a receipt
    pub(crate) file: PathBuf,
    /// The entry point of a .wgsl file [default: main]
    #[arg(long, value_name = "NAME")]
    pub(crate) entry: Option<String>,
    /// The most memory that running and measuring a job may take, its buffers included, such as 8GiB [default: what the
    /// machine has free]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_memory: Option<u64>,
}
