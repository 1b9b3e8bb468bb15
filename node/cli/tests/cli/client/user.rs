//! A user with keys and profiles of their own.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use arknet_protocol::Token;
use tempfile::TempDir;

use super::fake::FakeNode;
use crate::arknet::Outcome;

/// A folder for configuration, and the program run with it.
pub(crate) struct User(TempDir);

impl User {
    /// Somebody who knows nothing.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// Somebody with a profile `default` of this node.
    pub(crate) fn of(node: &FakeNode) -> Self {
        let user = Self::new();
        user.add("default", node, &[]).expect(0);
        user
    }

    /// Adds a profile; the token comes by standard input.
    pub(crate) fn add(&self, name: &str, node: &FakeNode, more: &[&str]) -> Outcome {
        let token = Token::generate().expect("randomness").reveal();
        let mut arguments = vec!["profile", "add", name, "--node", &node.address];
        arguments.extend(more);
        self.run_with(&arguments, &format!("{token}\n"))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with(arguments, "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Outcome {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A command that does not read may be gone already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        Outcome {
            code: output.status.code().expect("it exits by itself"),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// The program, with nothing of the surroundings that it would look at.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_arknet"));
        command
            .args(arguments)
            .env("ARKNET_CONFIG_DIR", self.0.path())
            .env_remove("ARKNET_PROFILE")
            .env_remove("ARKNET_TOKEN");
        command
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).expect("a text file")
    }
}
