//! The name of one attempt at one segment of a job.

use std::fmt;

use arknet_protocol::JobId;
use serde::{Deserialize, Serialize};

/// Which attempt at which segment of which job something is about. Whatever a worker sends carries one, and it counts
/// only while the node holds that very ticket open: so no two attempts at a segment can both end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// The job.
    pub job: JobId,
    /// The segment, from 0.
    pub segment: u32,
    /// The attempt, as the node's database counts.
    pub attempt: u32,
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.job, self.segment, self.attempt)
    }
}
