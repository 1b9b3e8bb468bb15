//! A fleet on a network that fails: a node, a NATS server and three workers, each worker a process in a network namespace of
//! its own.
//!
//! The test starts itself anew in namespaces in which it is root (`unshare`), so it needs no rights and leaves nothing behind.
//! Where the system does not allow that, or there is no NATS server, it says so and passes; with `ARKNET_REQUIRE_NETNS` and
//! `ARKNET_REQUIRE_NATS` set it fails.

mod jobs;
mod network;
mod node;
mod scenario;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio, exit};
use std::sync::Arc;

use arknet_node::fleet::worker::{self, Children, WorkerSettings};
use arknet_node::task::{self, Program};
use arknet_protocol::KeyPair;

fn main() -> ExitCode {
    // Workers' children, and theirs, are this program too.
    arknet_sandbox::worker::enter_if_asked();
    task::enter_if_asked();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["worker", settings] => work(Path::new(settings)),
        ["inside", nats] => scenario::run(Path::new(nats)),
        ref harness => return outside(harness),
    }
    ExitCode::SUCCESS
}

/// What `cargo test` starts.
fn outside(harness: &[&str]) -> ExitCode {
    let filter = harness.iter().find(|argument| !argument.starts_with('-'));
    let is_wanted = filter.is_none_or(|filter| "fleet_namespaces".contains(filter));
    if !is_wanted || harness.contains(&"--list") {
        return ExitCode::SUCCESS;
    }
    let Some(nats) = nats() else {
        return skipped(
            "ARKNET_REQUIRE_NATS",
            "there is no NATS server: run ci/install-nats",
        );
    };
    let Some(unshare) = namespaces() else {
        return skipped(
            "ARKNET_REQUIRE_NETNS",
            "this system lets no user make network namespaces, or has no `ip` and `unshare`",
        );
    };
    let this = std::env::current_exe().expect("this program has a path");
    let status = Command::new("unshare")
        .args(unshare)
        .arg("--")
        .arg(this)
        .arg("inside")
        .arg(nats)
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        other => {
            eprintln!("the fleet on namespaces failed: {other:?}");
            ExitCode::FAILURE
        }
    }
}

fn skipped(requirement: &str, why: &str) -> ExitCode {
    if std::env::var_os(requirement).is_some() {
        eprintln!("{why}, and {requirement} is set");
        return ExitCode::FAILURE;
    }
    eprintln!("skipped: {why}");
    ExitCode::SUCCESS
}

fn nats() -> Option<PathBuf> {
    let unpacked = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../.nats/unpacked/usr/sbin/nats-server"
    );
    std::env::var_os("ARKNET_NATS_SERVER")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(unpacked)).filter(|path| path.exists()))
}

/// The arguments for `unshare` that make namespaces here.
fn namespaces() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [
        &["--map-root-user", "--net", "--mount"],
        &["--net", "--mount"],
    ];
    let trial = "mount -t tmpfs tmpfs /run && ip link set lo up && ip netns add trial";
    ways.into_iter().find(|way| {
        let tried = Command::new("unshare")
            .args(*way)
            .args(["--", "sh", "-c", trial])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        tried.is_ok_and(|status| status.success())
    })
}

/// What `arknet worker` does.
fn work(settings: &Path) {
    let settings = WorkerSettings::load(settings).expect("the test wrote it");
    let key = Arc::new(KeyPair::load(&settings.key).expect("the test wrote it"));
    let children = Children::open(&settings, Program::default()).expect("there is a processor");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let worked = runtime.block_on(async {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
                .expect("signals can be heard");
        let stop = async move {
            terminate.recv().await;
        };
        worker::run(&settings.worker, key, children, stop).await
    });
    if let Err(error) = worked {
        eprintln!("a worker failed: {error}");
        exit(1);
    }
}
