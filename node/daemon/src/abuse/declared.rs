//! What a job declares against what it used.
//!
//! A declared limit is more than a bound: memory is reserved for it and devices are planned by it, at the cost of others. A
//! careful client leaves a margin; one that always declares the most there is takes from everybody.

use arknet_protocol::Limits;

/// Times that a declared limit may exceed what was used.
const MARGIN: u64 = 32;
/// Below this much declared time nobody is kept from anything, in milliseconds.
const LITTLE_TIME_MS: u64 = 60_000;
/// Below this much declared memory nobody is kept from anything, in bytes.
const LITTLE_MEMORY: u64 = 64 << 20;

/// What a job used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Time on devices, all attempts together, in milliseconds.
    pub device_ms: u64,
    /// Bytes of its buffers.
    pub buffers: u64,
}

/// Whether a job declared far more than it used.
pub fn is_overdeclared(declared: &Limits, used: Used) -> bool {
    let far_more =
        |declared: u64, used: u64, little: u64| declared > little && declared / MARGIN > used;
    far_more(declared.time_ms, used.device_ms, LITTLE_TIME_MS)
        || far_more(declared.memory, used.buffers, LITTLE_MEMORY)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(memory: u64, time_ms: u64) -> Limits {
        Limits {
            steps: 1,
            memory,
            time_ms,
        }
    }

    #[test]
    fn a_margin_is_no_trespass() {
        let used = Used {
            device_ms: 20_000,
            buffers: 32 << 20,
        };
        assert!(!is_overdeclared(&limits(256 << 20, 600_000), used));
        assert!(is_overdeclared(&limits(256 << 20, 700_000), used));
        assert!(is_overdeclared(&limits(2 << 30, 600_000), used));
    }

    proptest! {
        #[test]
        fn small_declarations_and_full_use_are_fine(memory in 0_u64..4 << 30, time_ms in 0_u64..86_400_000) {
            let declared = limits(memory, time_ms);
            let full = Used { device_ms: time_ms, buffers: memory };
            prop_assert!(!is_overdeclared(&declared, full));
            let little = limits(memory.min(LITTLE_MEMORY), time_ms.min(LITTLE_TIME_MS));
            let nothing = Used { device_ms: 0, buffers: 0 };
            prop_assert!(!is_overdeclared(&little, nothing));
        }
    }
}
