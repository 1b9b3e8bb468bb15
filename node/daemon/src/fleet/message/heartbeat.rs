//! A worker's sign of life.

use arknet_protocol::{Domain, Fingerprint, Phase, PublicKey};
use arknet_workload::printable::printable;
use serde::{Deserialize, Serialize};

use super::{Ends, Message};
use crate::fleet::Ticket;

/// Who a worker is and what it is at. The node answers each with [`super::Orders`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// The version of the message.
    pub version: u32,
    /// The node.
    pub node: PublicKey,
    /// The worker.
    pub worker: PublicKey,
    /// The worker's clock in milliseconds since 1970. It grows from one heartbeat to the next, so a repeated one is known.
    pub sent_ms: u64,
    /// Whether it takes work.
    pub state: WorkerState,
    /// What it computes with.
    pub device: WorkerDevice,
    /// What it has in hand.
    pub held: Vec<Held>,
}

/// Whether a worker takes work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkerState {
    /// It does.
    Ready,
    /// It ends what it has in hand, and starts nothing.
    Draining,
}

/// What a worker computes with, in its own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerDevice {
    /// `cpu`, `wgpu` or `cuda`.
    pub backend: String,
    /// What the driver calls it.
    pub description: String,
    /// Its identity.
    pub fingerprint: Fingerprint,
}

/// An attempt that a worker has in hand: it has begun, or ended and the node has not said that it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// Which.
    pub ticket: Ticket,
    /// What is under way.
    pub phase: Option<Phase>,
    /// How far that is.
    pub percent: u8,
}

impl Heartbeat {
    /// The most attempts that a worker may have in hand.
    pub const MAX_HELD: usize = 16;
    /// The longest text of a device.
    const MAX_TEXT: usize = 256;
}

impl Message for Heartbeat {
    const KIND: &'static str = "a heartbeat";
    const DOMAIN: Domain = Domain::Heartbeat;
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
        ends.worker
    }

    fn check(&self) -> Result<(), String> {
        if self.held.len() > Self::MAX_HELD {
            return Err(format!("{} attempts in hand", self.held.len()));
        }
        if let Some(held) = self.held.iter().find(|held| held.percent > 100) {
            return Err(format!("{} percent", held.percent));
        }
        for text in [&self.device.backend, &self.device.description] {
            let fine =
                (1..=Self::MAX_TEXT).contains(&text.len()) && printable(text) == text.as_str();
            if !fine {
                return Err("the device has no printable name of a usual length".to_owned());
            }
        }
        Ok(())
    }
}
