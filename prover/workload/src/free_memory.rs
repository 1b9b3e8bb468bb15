//! How much memory this machine has free.
//!
//! Running out of memory is not an error that a program gets to handle: the system ends it. So the machine is
//! asked beforehand. Linux says what is available in `/proc/meminfo`; a control group (as of a container or a
//! service) may allow less.

use std::fs;
use std::path::{Component, Path};

/// Bytes that the machine, or the control group of this process, has free; `None` where the system does not say.
pub fn free_memory() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| field(&text, "MemAvailable:")?.checked_mul(1024));
    let group = fs::read_to_string("/proc/self/cgroup")
        .ok()
        .and_then(|text| left_in_groups(Path::new("/sys/fs/cgroup"), &text));
    machine.into_iter().chain(group).min()
}

/// The number after a name at the start of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// What the control groups of a process, `text` being its `/proc/self/cgroup`, leave it: the least of the group and
/// those that it is part of.
fn left_in_groups(root: &Path, text: &str) -> Option<u64> {
    // The second version of control groups has the number 0 and no controllers.
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let path = Path::new(path);
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if !path.components().all(is_plain) {
        return None;
    }
    path.ancestors()
        .filter_map(|group| left_in_group(&root.join(group)))
        .min()
}

/// What one group leaves, where it has a limit.
fn left_in_group(group: &Path) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(group.join(name)).ok();
    let limit: u64 = read("memory.max")?.trim().parse().ok()?;
    let used: u64 = read("memory.current")?.trim().parse().ok()?;
    // File pages that nobody needs now are given up before the limit ends anything.
    let cached = read("memory.stat").and_then(|text| field(&text, "inactive_file "));
    Some(limit.saturating_sub(used.saturating_sub(cached.unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_read_by_name() {
        let text = "MemTotal:       24682540 kB\nMemAvailable:   23499000 kB\n";
        assert_eq!(field(text, "MemAvailable:"), Some(23_499_000));
        assert_eq!(field(text, "SwapFree:"), None);
        assert_eq!(field("MemAvailable: many", "MemAvailable:"), None);
    }

    #[test]
    fn the_tightest_group_counts() {
        let root = tempfile::tempdir().unwrap();
        let group = |path: &str, max: &str, current: &str, stat: &str| {
            let group = root.path().join(path);
            fs::create_dir_all(&group).unwrap();
            fs::write(group.join("memory.max"), max).unwrap();
            fs::write(group.join("memory.current"), current).unwrap();
            fs::write(group.join("memory.stat"), stat).unwrap();
        };
        group("a", "1000\n", "700\n", "anon 5\ninactive_file 200\n");
        group("a/b", "max\n", "100\n", "");
        group("a/b/c", "900\n", "100\n", "inactive_file 500\n");
        let left = |text| left_in_groups(root.path(), text);
        assert_eq!(left("0::/a/b/c\n"), Some(500));
        assert_eq!(left("1:name=systemd:/x\n0::/a/b\n"), Some(500));
        group("a", "1000\n", "100\n", "");
        assert_eq!(left("0::/a/b/c\n"), Some(900));
        assert_eq!(left("0::/\n"), None);
        assert_eq!(left("0::/../a\n"), None);
        assert_eq!(left("1:memory:/a\n"), None);
        assert_eq!(left(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_says_what_is_free() {
        assert!(free_memory().is_some_and(|bytes| bytes > 1 << 20));
    }
}
