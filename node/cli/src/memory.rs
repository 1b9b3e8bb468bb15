//! How much memory a run or a proof may take: what the user allows, or what the machine has.
//!
//! Running out of memory is not an error that a program gets to handle: the system ends it. So the machine is
//! asked beforehand. Linux says what is available in `/proc/meminfo`; a control group (as of a container or a
//! service) may allow less. Where nothing is known, nothing is refused.

use std::fs;
use std::path::{Component, Path};

use arknet_workload::interpreter;
use arknet_workload::job::Job;

use crate::answer::bytes;
use crate::error::CliError;

/// The memory that a run or a proof may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// What the user allows.
    Allowed(u64),
    /// What the machine, or the control group, has free.
    Free(u64),
    /// The system does not say.
    Unknown,
}

impl Memory {
    /// What the user allows, or else what there is.
    pub(crate) fn new(allowed: Option<u64>) -> Self {
        allowed.map_or_else(Self::free, Self::Allowed)
    }

    /// What there is.
    fn free() -> Self {
        let machine = fs::read_to_string("/proc/meminfo")
            .ok()
            .and_then(|text| field(&text, "MemAvailable:")?.checked_mul(1024));
        let group = fs::read_to_string("/proc/self/cgroup")
            .ok()
            .and_then(|text| left_in_groups(Path::new("/sys/fs/cgroup"), &text));
        match machine.into_iter().chain(group).min() {
            Some(bytes) => Self::Free(bytes),
            None => Self::Unknown,
        }
    }

    /// Refuses to run a job on the CPU where that does not fit.
    pub(crate) fn check_run(self, job: &Job) -> Result<(), CliError> {
        let needed = interpreter::memory_bytes(job);
        self.check("running the job on the CPU", job, needed)
    }

    /// Refuses to do something with a job that needs this many bytes beside the job's buffers, if they are not there.
    pub(crate) fn check(self, what: &str, job: &Job, needed: u64) -> Result<(), CliError> {
        let held = job.memory_bytes();
        let total = held.saturating_add(needed);
        // What is free no longer has the job's buffers in it.
        let fits = match self {
            Self::Allowed(allowed) => total <= allowed,
            Self::Free(free) => needed <= free,
            Self::Unknown => true,
        };
        if fits {
            return Ok(());
        }
        let needs = format!("{what} takes about {} of memory", bytes(total));
        let besides = format!(" beside the {} of its buffers", bytes(held));
        Err(CliError::OverLimit(self.explain(&needs, &besides, total)))
    }

    /// The bytes.
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Self::Allowed(bytes) | Self::Free(bytes) => bytes,
            Self::Unknown => u64::MAX,
        }
    }

    /// Why a proof that needs more is not begun. `is_floor` tells that it may need much more than that.
    #[cfg(feature = "prove")]
    pub(crate) fn refusal(self, needed: u64, is_floor: bool) -> String {
        let about = if is_floor { "at least" } else { "about" };
        let needs = format!("proving takes {about} {} of memory", bytes(needed));
        self.explain(&needs, "", needed)
    }

    fn explain(self, needs: &str, besides: &str, needed: u64) -> String {
        let there_is = bytes(self.bytes());
        match self {
            Self::Allowed(_) => format!("{needs}, and `--max-memory` allows {there_is}"),
            Self::Free(_) | Self::Unknown => format!(
                "{needs}, and this machine has {there_is} free{besides}; split the job into smaller ones, take a \
                 larger machine, or try all the same with `--max-memory {}MiB`",
                needed.div_ceil(1 << 20)
            ),
        }
    }
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

    #[cfg(feature = "prove")]
    #[test]
    fn refusals_say_how_much_is_needed_and_how_much_there_is() {
        let text = Memory::Free(1 << 30).refusal((3 << 30) + 1, false);
        assert!(
            text.contains("about 3.0 GiB") && text.contains("has 1.0 GiB free"),
            "{text}"
        );
        assert!(text.contains("--max-memory 3073MiB"), "{text}");
        let text = Memory::new(Some(1 << 20)).refusal(3 << 20, true);
        assert!(
            text.contains("at least 3.0 MiB") && text.contains("allows 1.0 MiB"),
            "{text}"
        );
        assert_eq!(Memory::Unknown.bytes(), u64::MAX);
    }

    #[test]
    fn the_buffers_count_only_where_they_are_not_there_yet() {
        let workload = arknet_workload::wgsl::compile(
            "@group(0) @binding(0) var<storage, read_write> o: array<u32>;
             @compute @workgroup_size(1) fn main() { o[0] = 1u; }",
            "main",
            &arknet_workload::wgsl::FrontEndLimits::default(),
        )
        .unwrap();
        let limits = arknet_workload::job::Limits {
            steps: 0,
            memory: 4000,
            time: std::time::Duration::from_secs(1),
        };
        let job = Job::new(workload, [1, 1, 1], vec![vec![0; 1000]], limits).unwrap();
        let check = |memory: Memory| memory.check("it", &job, 6000).map_err(|e| e.to_string());
        check(Memory::Allowed(10_000)).unwrap();
        check(Memory::Free(6000)).unwrap();
        check(Memory::Unknown).unwrap();
        let text = check(Memory::Allowed(9999)).unwrap_err();
        assert_eq!(
            text,
            "it takes about 9.8 KiB of memory, and `--max-memory` allows 9.8 KiB"
        );
        let text = check(Memory::Free(5999)).unwrap_err();
        assert!(
            text.contains("has 5.9 KiB free beside the 3.9 KiB of its buffers"),
            "{text}"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_says_what_is_free() {
        assert!(matches!(Memory::free(), Memory::Free(bytes) if bytes > 1 << 20));
    }
}
