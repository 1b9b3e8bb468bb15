//! The process of a child, and its end.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use arknet_sandbox::{Death, MemoryGroup, PART_VARIABLE, driver_environment, start_process};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

use super::spec::{Act, Placement, TaskSpec};

/// The value of [`PART_VARIABLE`] for children of this kind.
pub(super) const PART: &str = "task";
/// How long a killed process may take to be gone.
const REAPING: Duration = Duration::from_secs(5);

/// The program that a child runs: one whose `main` begins with [`enter_if_asked`](super::enter_if_asked).
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

    fn command(&self, spec: &TaskSpec) -> Command {
        let mut environment = driver_environment();
        if let Act::Run {
            on: Placement::Cuda { number },
            ..
        } = spec.act
        {
            environment.retain(|(name, _)| name != CUDA_DEVICES);
            environment.push((CUDA_DEVICES.into(), number.to_string().into()));
        }
        let mut command = Command::new(&self.path);
        command
            .arg0("arknet-task")
            .env_clear()
            .envs(environment)
            .env(PART_VARIABLE, OsString::from(PART))
            .current_dir(&spec.folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// Which GPUs CUDA shows a process.
const CUDA_DEVICES: &str = "CUDA_VISIBLE_DEVICES";

/// The process of a child. It is killed, with its group, when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Option<Child>,
    group: Option<MemoryGroup>,
}

/// What comes out of a child.
pub(super) struct Pipes {
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

/// What a child is told through its standard input.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    /// The process that started it. A child that has another parent by the time it would die with it has outlived it.
    pub(super) node: u32,
    pub(super) spec: TaskSpec,
}

impl Process {
    /// Starts a child and tells it what to do. It takes some milliseconds.
    pub(super) fn start(program: &Program, spec: &TaskSpec) -> io::Result<(Self, Pipes)> {
        // The child works in the folder, from where a relative path would lead elsewhere.
        let spec = &TaskSpec {
            folder: spec.folder.canonicalize()?,
            ..spec.clone()
        };
        let mut child = start_process(program.command(spec))?;
        // It waits for what it is told, so it has not used much yet.
        let group = MemoryGroup::around(child.id()).ok();
        if let Some(group) = &group {
            group.limit_to(
                spec.memory_bytes
                    .saturating_add(spec.memory_bytes / 4 + SPARE),
            )?;
        }
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let process = Self {
            child: Some(child),
            group,
        };
        let (Some(mut stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(io::Error::other("the child has no standard files"));
        };
        // Less than a pipe holds, so nobody waits here. One that does not want to hear it has ended.
        let told = serde_json::to_vec(&Told {
            node: std::process::id(),
            spec: spec.clone(),
        })?;
        let _ = stdin.write_all(&told);
        Ok((process, Pipes { stdout, stderr }))
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.as_ref()?.id()).ok()?)
    }

    /// Kills the process and everything in its group. The group has the number of its first process, which stays taken
    /// until that is reaped.
    pub(super) fn kill(&self) {
        if let Some(pid) = self.pid() {
            // Fails where all of them are gone already.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }

    /// Gives the process `patience` to end by itself, ends it, and says how it ended.
    pub(super) async fn end(mut self, patience: Duration) -> Death {
        let deadline = Instant::now() + patience;
        let mut status = None;
        let mut pause = Duration::from_millis(1);
        while let Some(child) = &self.child {
            if has_ended(child) || Instant::now() >= deadline {
                break;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
        }
        self.kill();
        let deadline = Instant::now() + REAPING;
        while let Some(child) = &mut self.child {
            if let Ok(Some(found)) = child.try_wait() {
                status = Some(found);
                self.child = None;
                break;
            }
            if Instant::now() >= deadline {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let exhausted = self.group.as_ref().is_some_and(MemoryGroup::was_exhausted);
        Death::of(status, exhausted)
    }
}

/// Bytes beside the memory that a child is to take: its program, page tables, the kernel's own.
const SPARE: u64 = 512 << 20;

/// Whether a process has ended. It is not reaped for that: as long as it is not, its number belongs to nobody else.
fn has_ended(child: &Child) -> bool {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    pid.is_none_or(|pid| !matches!(waitid(WaitId::Pid(pid), options), Ok(None)))
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        let Some(mut child) = self.child.take() else {
            return;
        };
        let group = self.group.take();
        // Nobody waits for it here: it may hang in a driver's call. Its control group goes after it.
        let reap = move || {
            let _: io::Result<ExitStatus> = child.wait();
            drop(group);
        };
        // Without a thread it stays a zombie until the node ends, and harms nobody.
        let _ = std::thread::Builder::new()
            .name("arknet-reaper".to_owned())
            .spawn(reap);
    }
}
