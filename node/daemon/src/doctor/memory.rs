//! What memory is free. Jobs that do not fit are refused one by one; this only says what there is.

use arknet_workload::free_memory;

use super::finding::Finding;

const CHECK: &str = "memory";
/// Below this the proofs of most jobs are refused.
const LITTLE: u64 = 1 << 30;

pub(super) fn check() -> Option<Finding> {
    free_memory().map(judge)
}

fn judge(bytes: u64) -> Finding {
    let found = format!("{} MiB are free", bytes >> 20);
    if bytes < LITTLE {
        Finding::warning(
            CHECK,
            found,
            "`arknet inspect JOB` shows what a job needs; larger ones will be refused here",
        )
    } else {
        Finding::good(CHECK, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn little_memory_is_said() {
        assert_eq!(judge(512 << 20).verdict, Verdict::Warning);
        assert_eq!(judge(4 << 30).verdict, Verdict::Good);
    }
}
