//! Whether the clock can be right: requests, tokens and deadlines are measured by it.

use super::finding::Finding;

const CHECK: &str = "clock";
/// 2026-01-01 and 2100-01-01, in seconds since 1970.
const EARLIEST: u64 = 1_767_225_600;
const LATEST: u64 = 4_102_444_800;

/// Checks the time `now`, `behind` milliseconds of which the database has seen already.
pub(super) fn check(now: u64, behind: Option<u64>) -> Finding {
    const FIX: &str = "set it, and let it be kept right: `timedatectl set-ntp true`";
    if !(EARLIEST..LATEST).contains(&now) {
        return Finding::bad(
            CHECK,
            format!("it shows {now} seconds since 1970, which cannot be"),
            FIX,
        );
    }
    match behind {
        // Two reads of one clock.
        None | Some(0..=1000) => Finding::good(CHECK, "it shows a time that can be"),
        Some(behind) => Finding::warning(
            CHECK,
            format!(
                "it is {} seconds behind the latest time that this node has recorded; the node goes on from that time, so \
                 requests may be refused as expired until the clock has caught up",
                behind.div_ceil(1000)
            ),
            FIX,
        ),
    }
}
