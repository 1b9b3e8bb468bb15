//! Namespaces with a wire each, and the processes in them.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The port of NATS on every wire's near end.
pub(crate) const NATS: u16 = 4222;
/// The port of the node's fleet there.
pub(crate) const FILES: u16 = 7119;

fn ip(arguments: &str) {
    let words = arguments.split(' ');
    let status = Command::new("ip").args(words).status().unwrap();
    assert!(status.success(), "ip {arguments}");
}

/// Readies the namespace that the test runs in.
pub(crate) fn prepare() {
    // `ip netns` keeps its namespaces below /run, which only this process and its children see as a new one.
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "tmpfs", "/run"])
        .status()
        .unwrap();
    assert!(mounted.success());
    ip("link set lo up");
}

/// A machine with one wire to the node's.
pub(crate) struct Machine {
    number: u8,
}

impl Machine {
    pub(crate) fn new(number: u8) -> Self {
        ip(&format!("netns add m{number}"));
        ip(&format!(
            "link add near{number} type veth peer name far netns m{number}"
        ));
        ip(&format!(
            "addr add {}/30 dev near{number}",
            Self::near(number)
        ));
        ip(&format!("link set near{number} up"));
        let inside = |command: &str| ip(&format!("-n m{number} {command}"));
        inside("link set lo up");
        inside(&format!("addr add 10.77.{number}.2/30 dev far"));
        inside("link set far up");
        Self { number }
    }

    /// The address of the node and NATS, seen from a machine.
    pub(crate) fn near(number: u8) -> String {
        format!("10.77.{number}.1")
    }

    /// Cuts the wire.
    pub(crate) fn cut(&self) {
        ip(&format!("link set near{} down", self.number));
    }

    /// Mends it.
    pub(crate) fn mend(&self) {
        ip(&format!("link set near{} up", self.number));
    }

    /// Starts this program there.
    pub(crate) fn start(&self, arguments: &[&Path]) -> Process {
        let this = std::env::current_exe().unwrap();
        let name = format!("m{}", self.number);
        let child = Command::new("ip")
            .args(["netns", "exec", &name])
            .arg(this)
            .args(arguments)
            .spawn();
        Process(child.unwrap())
    }
}

/// A process of the test's. It does not outlive it.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Asks it to end, and says whether it did so well within a time.
    pub(crate) fn ends_well(&mut self, within: Duration) -> bool {
        let pid = Pid::from_child(&self.0);
        kill_process(pid, Signal::TERM).unwrap();
        let start = Instant::now();
        while start.elapsed() < within {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A NATS server that keeps what it has on disk.
pub(crate) struct Nats {
    program: PathBuf,
    data: tempfile::TempDir,
}

impl Nats {
    pub(crate) fn new(program: &Path) -> Self {
        Self {
            program: program.to_owned(),
            data: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn start(&self) -> Process {
        let child = Command::new(&self.program)
            .args(["--jetstream", "--addr", "0.0.0.0", "--port"])
            .arg(NATS.to_string())
            .arg("--store_dir")
            .arg(self.data.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Process(child.unwrap())
    }
}
