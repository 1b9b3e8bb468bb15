//! A memory control group for one process and what it starts.
//!
//! It counts everything that is allocated on the worker's behalf, files without a name and page tables included, which
//! resource limits do not. The group is made beside or below this process's own, so it needs a system that lets this
//! user do that: root, a container with its own groups, or a systemd unit with `Delegate=yes`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Groups are called this, the number of the process that made them, and a number of their own.
const PREFIX: &str = "arknet-worker-";
/// Bytes to start in.
const START: u64 = 2 << 30;

/// A group that lasts as long as the value. Its process must be gone before it is dropped.
#[derive(Debug)]
pub struct MemoryGroup {
    folder: PathBuf,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl MemoryGroup {
    /// Makes a group and moves a process there, with all that it starts from then on.
    pub fn around(pid: u32) -> Result<Self, String> {
        let own = fs::read_to_string("/proc/self/cgroup")
            .map_err(|error| format!("/proc/self/cgroup cannot be read: {error}"))?;
        let (parent, version) = parent(&own, Path::new("/sys/fs/cgroup"))?;
        static SWEPT: Once = Once::new();
        SWEPT.call_once(|| sweep(&parent));
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        let folder = parent.join(name);
        fs::create_dir(&folder).map_err(|error| {
            format!(
                "no control group can be made below {}: {error}",
                parent.display()
            )
        })?;
        let group = Self { folder, version };
        group
            .limit_to(START)
            .and_then(|()| group.write("cgroup.procs", &pid.to_string()))
            .map_err(|error| format!("the control group cannot be set up: {error}"))?;
        Ok(group)
    }

    /// In words.
    pub fn describe(&self) -> String {
        match self.version {
            Version::One => "control group, version 1".to_owned(),
            Version::Two => "control group, version 2".to_owned(),
        }
    }

    /// Lets the group have so much more than it has now.
    pub(super) fn allow(&self, more: u64) -> io::Result<()> {
        let usage = match self.version {
            Version::One => "memory.usage_in_bytes",
            Version::Two => "memory.current",
        };
        let usage: u64 = self
            .read(usage)?
            .trim()
            .parse()
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        self.limit_to(usage.saturating_add(more))
    }

    /// Lets the group have so much.
    pub fn limit_to(&self, bytes: u64) -> io::Result<()> {
        // The kernel counts in pages and takes no number past the largest signed one.
        let bytes = bytes.min(i64::MAX as u64 - (1 << 21)).to_string();
        match self.version {
            Version::One => {
                // The limit with swap may never be the lower one: it goes first where the limits grow, and second where
                // they shrink. Without swap accounting there is no such file.
                let with_swap = || self.write("memory.memsw.limit_in_bytes", &bytes);
                let _ = with_swap();
                self.write("memory.limit_in_bytes", &bytes)?;
                let _ = with_swap();
                Ok(())
            }
            Version::Two => {
                self.write("memory.max", &bytes)?;
                let _ = self.write("memory.swap.max", "0");
                Ok(())
            }
        }
    }

    /// Whether a process in it was killed because its memory ran out.
    pub fn was_exhausted(&self) -> bool {
        let events = match self.version {
            Version::One => "memory.oom_control",
            Version::Two => "memory.events",
        };
        self.read(events)
            .is_ok_and(|events| kills(&events).is_some_and(|kills| kills > 0))
    }

    fn read(&self, file: &str) -> io::Result<String> {
        fs::read_to_string(self.folder.join(file))
    }

    fn write(&self, file: &str, value: &str) -> io::Result<()> {
        fs::write(self.folder.join(file), value)
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // A group is busy for a moment after its last process is gone. One that stays is empty and harms nobody.
        for _ in 0..20 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Removes groups of processes that were killed before they could do it. Those in use do not go.
fn sweep(parent: &Path) {
    let groups = parent
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    for group in groups {
        let name = group.file_name();
        let Some(maker) = name.to_str().and_then(maker) else {
            continue;
        };
        if !Path::new("/proc").join(maker.to_string()).exists() {
            // Whatever keeps it, it is not in this process's way.
            let _ = fs::remove_dir(group.path());
        }
    }
}

/// The process that made a group of this name.
fn maker(name: &str) -> Option<u32> {
    let (maker, _) = name.strip_prefix(PREFIX)?.split_once('-')?;
    maker.parse().ok()
}

/// The number of kills in a list of events.
fn kills(events: &str) -> Option<u64> {
    events
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill "))?
        .trim()
        .parse()
        .ok()
}

/// Where groups can be made: below this process's own group (version 1), or beside it (version 2, where a group with
/// processes in it has no groups below it).
fn parent(own: &str, mount: &Path) -> Result<(PathBuf, Version), String> {
    let mut unified = None;
    for line in own.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) =
            (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let path = path.trim_start_matches('/');
        if controllers
            .split(',')
            .any(|controller| controller == "memory")
        {
            return Ok((mount.join("memory").join(path), Version::One));
        }
        if controllers.is_empty() {
            unified = Some(mount.join(path));
        }
    }
    let own = unified.ok_or("this system has no control groups")?;
    let parent = match own.parent() {
        Some(parent) if parent.starts_with(mount) => parent.to_owned(),
        _ => own,
    };
    let controllers = fs::read_to_string(parent.join("cgroup.subtree_control")).unwrap_or_default();
    if controllers
        .split_ascii_whitespace()
        .any(|controller| controller == "memory")
    {
        Ok((parent, Version::Two))
    } else {
        Err(format!(
            "{} hands no memory controller down",
            parent.display()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_version_1_is_found() {
        let own = "9:name=systemd:/\n4:cpu,memory:/jobs/one\n0::/\n";
        let (parent, version) = parent(own, Path::new("/cg")).unwrap();
        assert_eq!(parent, Path::new("/cg/memory/jobs/one"));
        assert_eq!(version, Version::One);
    }

    #[test]
    fn a_group_of_version_2_needs_the_controller() {
        let mount = tempfile::tempdir().unwrap();
        let slice = mount.path().join("node.slice");
        fs::create_dir_all(slice.join("daemon")).unwrap();
        let own = "0::/node.slice/daemon\n";
        assert!(parent(own, mount.path()).is_err());
        fs::write(slice.join("cgroup.subtree_control"), "cpu memory pids\n").unwrap();
        assert_eq!(parent(own, mount.path()), Ok((slice, Version::Two)));
        assert!(parent("nonsense", mount.path()).is_err());
    }

    #[test]
    fn only_what_was_left_behind_is_swept() {
        let parent = tempfile::tempdir().unwrap();
        let own = format!("{PREFIX}{}-0", std::process::id());
        // More than the numbers of processes go to.
        let left = format!("{PREFIX}4294967295-3");
        for name in [&own, &left, &"other".to_owned(), &format!("{PREFIX}x")] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        sweep(parent.path());
        assert!(parent.path().join(own).exists());
        assert!(!parent.path().join(left).exists());
        assert_eq!(parent.path().read_dir().unwrap().count(), 3);
    }

    #[test]
    fn kills_are_counted() {
        assert_eq!(
            kills("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"),
            Some(2)
        );
        assert_eq!(kills("low 0\nhigh 0\noom_kill 0\n"), Some(0));
        assert_eq!(kills(""), None);
    }
}
