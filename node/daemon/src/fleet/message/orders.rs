//! What a worker may go on with.

use std::time::Duration;

use arknet_protocol::{Domain, PublicKey};
use serde::{Deserialize, Serialize};

use super::{Ends, Heartbeat, Message};
use crate::fleet::Ticket;

/// The answer to a heartbeat, or word that a ticket is closed. What is closed was cancelled, is known to have ended, or
/// was given to another; the worker drops it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Orders {
    /// The version of the message.
    pub version: u32,
    /// The node.
    pub node: PublicKey,
    /// The worker.
    pub worker: PublicKey,
    /// The `sent_ms` of the heartbeat that this answers, if it is an answer. What that heartbeat held and `keep` does not
    /// is closed; of what the worker has taken since, this says nothing.
    pub answers_ms: Option<u64>,
    /// Every ticket that the node holds open for this worker. Only in an answer.
    pub keep: Vec<Ticket>,
    /// Tickets that were closed just now.
    pub closed: Vec<Ticket>,
    /// Without an answer for this many milliseconds the worker drops what it has in hand, and so does the node without a
    /// heartbeat.
    pub lease_ms: u64,
}

impl Orders {
    /// The shortest and the longest lease in milliseconds.
    pub const LEASE_MS: std::ops::RangeInclusive<u64> = 500..=600_000;

    /// The lease.
    pub fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }
}

impl Message for Orders {
    const KIND: &'static str = "an answer to a heartbeat";
    const DOMAIN: Domain = Domain::Orders;
    const MAX_BYTES: usize = 8 << 10;

    fn version(&self) -> u32 {
        self.version
    }

    fn ends(&self) -> Ends {
        Ends {
            node: self.node,
            worker: self.worker,
        }
    }

    fn signer(ends: &Ends) -> PublicKey {
        ends.node
    }

    fn check(&self) -> Result<(), String> {
        for tickets in [&self.keep, &self.closed] {
            if tickets.len() > Heartbeat::MAX_HELD {
                return Err(format!("{} tickets", tickets.len()));
            }
        }
        if self.answers_ms.is_none() && !self.keep.is_empty() {
            return Err("it answers nothing and says what is kept".to_owned());
        }
        if !Self::LEASE_MS.contains(&self.lease_ms) {
            return Err(format!("a lease of {} ms", self.lease_ms));
        }
        Ok(())
    }
}
