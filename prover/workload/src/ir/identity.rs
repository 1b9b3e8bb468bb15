//! The identity of a workload: a hash of its canonical bytes.

use std::fmt;

use sha2::{Digest, Sha256};

/// Separates workload identities from every other use of SHA-256.
const DOMAIN: &[u8] = b"ArkNet workload v1\0";

/// SHA-256 over a domain tag and a workload's canonical bytes. Displays as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkloadId(pub [u8; 32]);

impl WorkloadId {
    /// The identity that belongs to canonical bytes.
    pub(super) fn of(canonical: &[u8]) -> Self {
        let hash = Sha256::new().chain_update(DOMAIN).chain_update(canonical);
        Self(hash.finalize().into())
    }
}

impl fmt::Display for WorkloadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for WorkloadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WorkloadId({self})")
    }
}
