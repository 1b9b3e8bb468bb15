//! `arknet worker`: performs attempts for a node on another machine.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arknet_node::fleet::worker::{self, Children, SettingsError, WorkerSettings};
use arknet_node::task::Program;
use arknet_node::telemetry::{self, LogFormat, TelemetryError};
use arknet_protocol::{KeyFileError, KeyPair, PublicKey};
use arknet_sandbox::StartError;
use arknet_workload::printable::printable_path;
use clap::{Args, Subcommand};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::answer::{Answer, Rows};
use crate::exit::Exit;

const SETTINGS: &str = "worker.toml";
const KEY: &str = "worker.key";

/// Perform jobs for a node on another machine
///
/// Takes attempts from the node's queue in NATS, fetches what they need from the node, and brings back outputs and proofs,
/// which the node verifies. SIGTERM and Ctrl-C let it end what it has in hand; a second one ends it at once.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_long_help = "Examples:
  arknet worker init --node ed25519:… --files http://10.0.0.1:7119 --nats nats://10.0.0.1:4222
  arknet worker --config worker.toml"
)]
pub(crate) struct WorkerArguments {
    /// The settings, as `arknet worker init` writes them
    #[arg(long, value_name = "FILE", default_value = SETTINGS)]
    config: PathBuf,
    /// What is logged to standard error, as in RUST_LOG
    #[arg(long, value_name = "FILTER", default_value = "info")]
    log: String,
    #[command(subcommand)]
    verb: Option<WorkerVerb>,
}

#[derive(Debug, Subcommand)]
enum WorkerVerb {
    Init(InitArguments),
}

/// Write the settings and the key of a new worker
#[derive(Debug, Args)]
struct InitArguments {
    /// The key of the node to work for
    #[arg(long, value_name = "KEY")]
    node: PublicKey,
    /// Where the node's fleet listens
    #[arg(long, value_name = "URL")]
    files: String,
    /// A NATS server; repeat it for more of one cluster
    #[arg(long, value_name = "URL", required = true)]
    nats: Vec<String>,
    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// What the node is to call the worker
    #[arg(long, value_name = "NAME", default_value = "worker")]
    name: String,
}

/// Why there is no worker.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkerError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Key(#[from] KeyFileError),
    #[error("cannot write `{}`: {source}", printable_path(path))]
    Write { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Device(#[from] StartError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error("the worker cannot be started: {0}")]
    System(io::Error),
    #[error(transparent)]
    Worker(#[from] worker::WorkerError),
}

impl WorkerError {
    /// The exit code that tells a script about it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Settings(_) | Self::Key(_) | Self::Write { .. } | Self::Telemetry(_) => {
                Exit::Usage
            }
            Self::Device(_) => Exit::Backend,
            Self::Worker(worker::WorkerError::Heart(_)) | Self::System(_) => Exit::Internal,
            Self::Worker(_) => Exit::Usage,
        }
    }
}

/// Does what the command line says.
pub(crate) fn worker(arguments: &WorkerArguments) -> Result<Answer, WorkerError> {
    match &arguments.verb {
        Some(WorkerVerb::Init(arguments)) => init(arguments),
        None => work(&arguments.config, &arguments.log),
    }
}

fn init(arguments: &InitArguments) -> Result<Answer, WorkerError> {
    let (settings, key_file) = (arguments.dir.join(SETTINGS), arguments.dir.join(KEY));
    let failed = |source| WorkerError::Write {
        path: settings.clone(),
        source,
    };
    fs::create_dir_all(&arguments.dir).map_err(failed)?;
    let text = WorkerSettings::template(&arguments.node, &arguments.files, &arguments.nats);
    // Refused before there is anything to clean up.
    WorkerSettings::parse(&settings, &text)?;
    let mut file = File::create_new(&settings).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let key = if key_file.exists() {
        KeyPair::load(&key_file)?
    } else {
        let key = KeyPair::generate().map_err(KeyFileError::from)?;
        key.save_new(&key_file)?;
        key
    };
    let line = format!("{} {}", arguments.name, key.public());
    let mut rows = Rows::default();
    rows.row("settings", printable_path(&settings));
    rows.row("key", printable_path(&key_file));
    rows.line(&format!(
        "Add \"{line}\" to `workers` in the [fleet] of the node's arknet.toml, restart the node, and start the worker: \
         arknet worker --config {}",
        printable_path(&settings)
    ));
    Ok(Answer {
        text: rows.finish(),
        json: json!({
            "settings": settings.display().to_string(),
            "worker": key.public().to_string(),
            "workers_entry": line,
        }),
    })
}

fn work(path: &Path, log: &str) -> Result<Answer, WorkerError> {
    telemetry::start(LogFormat::Pretty, log)?;
    let settings = WorkerSettings::load(path)?;
    let key = Arc::new(KeyPair::load(&settings.key)?);
    let children = Children::open(&settings, Program::default())?;
    let runtime = tokio::runtime::Runtime::new().map_err(WorkerError::System)?;
    let public = key.public();
    runtime.block_on(async {
        let stop = stop().map_err(WorkerError::System)?;
        worker::run(&settings.worker, key, children, stop).await?;
        Ok::<_, WorkerError>(())
    })?;
    Ok(Answer {
        text: String::new(),
        json: json!({ "worker": public.to_string(), "stopped": true }),
    })
}

/// Ready with the first signal to end. The second ends the process, and its children with it.
fn stop() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (first, stopped) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut first = Some(first);
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            match first.take() {
                // Whoever waits for it may have ended on its own.
                Some(first) => drop(first.send(())),
                None => std::process::exit(i32::from(Exit::Internal as u8)),
            }
        }
    });
    Ok(async {
        // It is sent before it is dropped.
        let _ = stopped.await;
    })
}
