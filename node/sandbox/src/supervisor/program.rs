//! The program that a worker runs.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::environment;
use crate::worker;

/// The program that a worker runs: one whose `main` begins with
/// [`worker::enter_if_asked`](crate::worker::enter_if_asked).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    path: PathBuf,
}

impl Default for Program {
    /// The program that is running.
    fn default() -> Self {
        // The link leads to the file that this process was started from, even if another lies in its place by now.
        #[cfg(target_os = "linux")]
        let path = PathBuf::from("/proc/self/exe");
        #[cfg(not(target_os = "linux"))]
        let path = std::env::current_exe().unwrap_or_default();
        Self { path }
    }
}

impl Program {
    /// Another program.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The command that starts a worker in a process group of its own, with its socket as standard input and
    /// nowhere to write to.
    pub(super) fn command(&self, socket: Stdio) -> Command {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(&self.path);
        command
            .arg0("arknet-worker")
            .arg(OsString::from(worker::ARGUMENT))
            .env_clear()
            .envs(environment::for_worker())
            .current_dir("/")
            .process_group(0)
            .stdin(socket)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }
}
