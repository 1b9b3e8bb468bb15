//! A node in a folder of its own, and its operator.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::arknet::Outcome;
use crate::client::user::User;

/// A node's folder, and the user that it belongs to.
pub(crate) struct Operator {
    pub(crate) user: User,
    folder: TempDir,
}

/// A node that runs. It is told to end when the value goes.
pub(crate) struct Running {
    child: Child,
    pub(crate) url: String,
}

impl Operator {
    /// A user who has run `arknet node init`.
    pub(crate) fn new() -> Self {
        let operator = Self {
            user: User::new(),
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        operator.init(&[]).expect(0);
        operator
    }

    pub(crate) fn init(&self, more: &[&str]) -> Outcome {
        let folder = self.folder.path().to_str().expect("a plain path");
        let mut arguments = vec!["node", "init", "--dir", folder];
        arguments.extend(more);
        self.user.run(&arguments)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a verb on the node's files.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        let config = self.file("arknet.toml");
        let mut arguments = arguments.to_vec();
        arguments.extend(["--config", config.to_str().expect("a plain path")]);
        self.user.run(&arguments)
    }

    /// Starts the node in its folder, as the README has it, on ports that the system chooses.
    pub(crate) fn start(&self) -> Running {
        let mut child = self
            .user
            .command(&["node"])
            .current_dir(self.folder.path())
            .env("ARKNET_HTTP_LISTEN", "127.0.0.1:0")
            .env("ARKNET_HTTP_ADMIN", "127.0.0.1:0")
            .env("ARKNET_DEVICES_BACKENDS", "cpu")
            .env("ARKNET_TELEMETRY_FILTER", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let stdout = child.stdout.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let url = line
            .trim_end()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("`{line}`"))
            .to_owned();
        Running { child, url }
    }
}

impl Running {
    /// Tells the node to end, and gives its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.terminate();
        self.child.wait().expect("it ends").code()
    }

    fn terminate(&self) {
        // One that is gone needs no telling.
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The number of one that has ended may be another's by now.
        if let Ok(None) = self.child.try_wait() {
            self.terminate();
            let _ = self.child.wait();
        }
    }
}
