//! How much memory a run or a proof may take: what the user allows, or what the machine has.
//!
//! Where nothing is known, nothing is refused.

use arknet_workload::free_memory;
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
        free_memory().map_or(Self::Unknown, Self::Free)
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
