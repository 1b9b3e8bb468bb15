//! A NATS server for tests, which can be stopped and started anew on the same data.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::{Auth, NatsConfig, Tls};

/// A server on a free port of the loopback.
pub(in crate::fleet) struct Server {
    program: PathBuf,
    port: u16,
    data: tempfile::TempDir,
    more: Vec<String>,
    child: Option<Child>,
}

/// The program, from `ARKNET_NATS_SERVER` or where `ci/install-nats` puts it. Without one tests of the fleet pass without
/// having tested anything, unless `ARKNET_REQUIRE_NATS` is set.
pub(in crate::fleet) fn program() -> Option<PathBuf> {
    let unpacked = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../.nats/unpacked/usr/sbin/nats-server"
    );
    let found = std::env::var_os("ARKNET_NATS_SERVER")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(unpacked)).filter(|path| path.exists()));
    if found.is_none() {
        assert!(
            std::env::var_os("ARKNET_REQUIRE_NATS").is_none(),
            "there is no NATS server: run ci/install-nats"
        );
        eprintln!("skipped: there is no NATS server (ci/install-nats)");
    }
    found
}

impl Server {
    /// Starts a server with these arguments beyond the usual ones, if there is one.
    pub(in crate::fleet) fn start(more: &[&str]) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .unwrap()
            .port();
        let mut server = Self {
            program: program()?,
            port,
            data: tempfile::tempdir().unwrap(),
            more: more.iter().map(ToString::to_string).collect(),
            child: None,
        };
        server.resume();
        Some(server)
    }

    /// Starts it anew, on what it has stored.
    pub(in crate::fleet) fn resume(&mut self) {
        let child = Command::new(&self.program)
            .args(["--jetstream", "--addr", "127.0.0.1", "--port"])
            .arg(self.port.to_string())
            .arg("--store_dir")
            .arg(self.data.path())
            .args(&self.more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap());
    }

    /// Kills it.
    pub(in crate::fleet) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// How to reach it.
    pub(in crate::fleet) fn config(&self) -> NatsConfig {
        NatsConfig {
            servers: vec![format!("nats://127.0.0.1:{}", self.port)],
            auth: Auth::None,
            tls: Tls::default(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
