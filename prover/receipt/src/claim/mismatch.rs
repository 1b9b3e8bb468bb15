//! How a receipt's claim differs from the one its reader expects.

use super::{BufferClaim, Claim};
use crate::digest::Digest;

/// The first thing in which a receipt's claim differs from the expected one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Another program.
    #[error("the workload differs: the receipt is for {claimed}, yours is {expected}")]
    Workload {
        /// Of the receipt.
        claimed: Digest,
        /// The caller's.
        expected: Digest,
    },
    /// Another extent of the dispatch.
    #[error(
        "the number of workgroups differs: the receipt is for {claimed:?}, yours is {expected:?}"
    )]
    Workgroups {
        /// Of the receipt.
        claimed: [u32; 3],
        /// The caller's.
        expected: [u32; 3],
    },
    /// A limit or a usage.
    #[error("{what} differs: the receipt says {claimed}, your job gives {expected}")]
    Number {
        /// Which.
        what: &'static str,
        /// Of the receipt.
        claimed: u64,
        /// The caller's.
        expected: u64,
    },
    /// More or fewer buffers.
    #[error("the receipt is for {claimed} buffers, your job has {expected}")]
    BufferCount {
        /// Of the receipt.
        claimed: usize,
        /// The caller's.
        expected: usize,
    },
    /// A buffer of another name.
    #[error("buffer {position} is `{claimed}` in the receipt, `{expected}` in your job")]
    BufferName {
        /// Position in declaration order.
        position: usize,
        /// Of the receipt.
        claimed: String,
        /// The caller's.
        expected: String,
    },
    /// A buffer of another length.
    #[error("buffer `{name}` has {claimed} words in the receipt, {expected} in your job")]
    BufferLength {
        /// The buffer.
        name: String,
        /// Of the receipt.
        claimed: u32,
        /// The caller's.
        expected: u32,
    },
    /// Other contents before the run.
    #[error("buffer `{name}`: its input differs from the one the receipt is for")]
    Input {
        /// The buffer.
        name: String,
    },
    /// Other contents after the run.
    #[error("buffer `{name}`: its output differs from the one the receipt is for")]
    Output {
        /// The buffer.
        name: String,
    },
}

impl Claim {
    /// The first difference to what the caller expects; `None` exactly when the claims are equal.
    pub fn mismatch(&self, expected: &Self) -> Option<Mismatch> {
        if self.workload != expected.workload {
            return Some(Mismatch::Workload {
                claimed: self.workload,
                expected: expected.workload,
            });
        }
        if self.workgroups != expected.workgroups {
            return Some(Mismatch::Workgroups {
                claimed: self.workgroups,
                expected: expected.workgroups,
            });
        }
        let (limits, usage) = (self.limits, self.usage);
        let numbers = [
            (
                "the limit on steps",
                u64::from(limits.steps),
                u64::from(expected.limits.steps),
            ),
            ("the limit on memory", limits.memory, expected.limits.memory),
            ("the limit on time", limits.time_ms, expected.limits.time_ms),
            (
                "the number of steps",
                u64::from(usage.steps),
                u64::from(expected.usage.steps),
            ),
            ("the memory used", usage.memory, expected.usage.memory),
            (
                "the number of invocations",
                u64::from(usage.invocations),
                u64::from(expected.usage.invocations),
            ),
        ];
        if let Some((what, claimed, expected)) = numbers
            .into_iter()
            .find(|(_, claimed, expected)| claimed != expected)
        {
            return Some(Mismatch::Number {
                what,
                claimed,
                expected,
            });
        }
        if self.buffers.len() != expected.buffers.len() {
            return Some(Mismatch::BufferCount {
                claimed: self.buffers.len(),
                expected: expected.buffers.len(),
            });
        }
        self.buffers
            .iter()
            .zip(&expected.buffers)
            .enumerate()
            .find_map(|(position, (claimed, expected))| claimed.mismatch(expected, position))
    }
}

impl BufferClaim {
    fn mismatch(&self, expected: &Self, position: usize) -> Option<Mismatch> {
        let name = || expected.name.clone();
        if self.name != expected.name {
            return Some(Mismatch::BufferName {
                position,
                claimed: self.name.clone(),
                expected: name(),
            });
        }
        if self.words != expected.words {
            return Some(Mismatch::BufferLength {
                name: name(),
                claimed: self.words,
                expected: expected.words,
            });
        }
        if self.before != expected.before {
            return Some(Mismatch::Input { name: name() });
        }
        (self.after != expected.after).then(|| Mismatch::Output { name: name() })
    }
}
