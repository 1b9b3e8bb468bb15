//! Making room for memory groups where a service manager has delegated a control group to this program.
//!
//! In version 2 of control groups, limits are handed down only by a group that has no processes of its own. A manager such
//! as systemd (`Delegate=memory`) starts a service in the very group that it delegates. So the service goes one level down
//! before it starts anything, and has its group hand memory down to what is made beside it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The group that this process goes into.
const LEAF: &str = "arknet-node";

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delegation {
    /// This process is in this group now, and groups of workers can be made beside it.
    Settled(PathBuf),
    /// Nothing was to be done, for this reason.
    Unneeded(&'static str),
    /// Nothing could be done, for this reason; workers will be without memory groups unless others made room.
    Impossible(String),
}

impl Delegation {
    /// Moves this process out of the way of the memory groups of its workers, where its group was delegated to it. To be
    /// called before the first child is started.
    pub fn settle() -> Self {
        match fs::read_to_string("/proc/self/cgroup") {
            Ok(own) => settle_in(&own, Path::new("/sys/fs/cgroup"), std::process::id()),
            Err(error) => Self::Impossible(format!("/proc/self/cgroup cannot be read: {error}")),
        }
    }
}

fn settle_in(own: &str, mount: &Path, pid: u32) -> Delegation {
    let lines = || own.lines().filter_map(|line| line.split_once(':'));
    let has_memory = |controllers: &str| controllers.split(',').any(|name| name == "memory");
    if lines().any(|(_, rest)| has_memory(rest.split(':').next().unwrap_or(""))) {
        return Delegation::Unneeded("memory is counted by version 1 of control groups");
    }
    let Some(path) = lines().find_map(|(number, rest)| {
        let path = rest.strip_prefix(':')?;
        (number == "0").then(|| path.trim_start_matches('/'))
    }) else {
        return Delegation::Impossible("this system has no control groups".to_owned());
    };
    let group = mount.join(path);
    if group.ends_with(LEAF) {
        return Delegation::Unneeded("this process was started below its group");
    }
    match read(&group.join("cgroup.controllers")) {
        Ok(controllers)
            if controllers
                .split_ascii_whitespace()
                .any(|name| name == "memory") => {}
        Ok(_) => {
            return Delegation::Impossible(format!(
                "{} was given no memory controller",
                group.display()
            ));
        }
        Err(error) => return Delegation::Impossible(error),
    }
    // Others in the group would keep it from handing memory down, and are not this process's to move.
    match read(&group.join("cgroup.procs")) {
        Ok(processes) if processes.trim() == pid.to_string() => {}
        Ok(_) => {
            return Delegation::Impossible(format!(
                "{} has other processes: it is not this service's own",
                group.display()
            ));
        }
        Err(error) => return Delegation::Impossible(error),
    }
    match go_down(&group, pid) {
        Ok(leaf) => Delegation::Settled(leaf),
        Err(error) => Delegation::Impossible(error),
    }
}

fn go_down(group: &Path, pid: u32) -> Result<PathBuf, String> {
    let leaf = group.join(LEAF);
    match fs::create_dir(&leaf) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(format!("{} cannot be made: {error}", leaf.display()));
        }
        _ => {}
    }
    let pid = pid.to_string();
    write(&leaf.join("cgroup.procs"), &pid)?;
    let handed_down = write(&group.join("cgroup.subtree_control"), "+memory");
    if handed_down.is_err() {
        // Back to where the manager put it. Where even that fails, a level further down does no harm.
        let _ = write(&group.join("cgroup.procs"), &pid);
        let _ = fs::remove_dir(&leaf);
    }
    handed_down.map(|()| leaf)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

fn write(path: &Path, value: &str) -> Result<(), String> {
    fs::write(path, value).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "0::/system.slice/arknet.service\n";

    /// A stand-in for the files of a delegated group with these controllers and processes.
    fn group(controllers: &str, processes: &str) -> (tempfile::TempDir, PathBuf) {
        let mount = tempfile::tempdir().unwrap();
        let group = mount.path().join("system.slice/arknet.service");
        fs::create_dir_all(&group).unwrap();
        fs::write(group.join("cgroup.controllers"), controllers).unwrap();
        fs::write(group.join("cgroup.procs"), processes).unwrap();
        (mount, group)
    }

    fn impossible(delegation: Delegation) -> String {
        match delegation {
            Delegation::Impossible(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_service_goes_below_the_group_that_is_its_own() {
        let (mount, group) = group("memory pids\n", "7\n");
        let leaf = group.join(LEAF);
        assert_eq!(
            settle_in(OWN, mount.path(), 7),
            Delegation::Settled(leaf.clone())
        );
        let read = |path: PathBuf| fs::read_to_string(path).unwrap();
        assert_eq!(read(leaf.join("cgroup.procs")), "7");
        assert_eq!(read(group.join("cgroup.subtree_control")), "+memory");
        let again = format!("{}/{LEAF}\n", OWN.trim());
        assert!(matches!(
            settle_in(&again, mount.path(), 7),
            Delegation::Unneeded(_)
        ));
    }

    #[test]
    fn groups_of_others_are_left_alone() {
        for (controllers, processes, said) in [
            ("memory\n", "7\n8\n", "other processes"),
            ("memory\n", "8\n", "other processes"),
            ("cpu pids\n", "7\n", "no memory controller"),
        ] {
            let (mount, group) = group(controllers, processes);
            let reason = impossible(settle_in(OWN, mount.path(), 7));
            assert!(reason.contains(said), "{reason}");
            assert!(!group.join(LEAF).exists());
        }
        let nowhere = tempfile::tempdir().unwrap();
        assert!(impossible(settle_in(OWN, nowhere.path(), 7)).contains("cannot be read"));
        assert!(impossible(settle_in("", nowhere.path(), 7)).contains("no control groups"));
        let version_1 = "4:cpu,memory:/jobs\n0::/\n";
        assert!(matches!(
            settle_in(version_1, nowhere.path(), 7),
            Delegation::Unneeded(_)
        ));
    }

    #[test]
    fn what_cannot_be_finished_is_undone() {
        let (mount, group) = group("memory\n", "7\n");
        // Cannot be written.
        fs::create_dir(group.join("cgroup.subtree_control")).unwrap();
        fs::write(group.join("cgroup.procs"), "7").unwrap();
        let reason = impossible(settle_in(OWN, mount.path(), 7));
        assert!(reason.contains("subtree_control"), "{reason}");
        assert_eq!(fs::read_to_string(group.join("cgroup.procs")).unwrap(), "7");
    }
}
