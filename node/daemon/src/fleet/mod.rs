//! The fleet: workers on other machines, for a node that one machine is not enough for.
//!
//! ```text
//!  node ── assignment ──▶ NATS JetStream ──▶ arknet worker      what to do, signed by the node
//!   ▲ ◀─────────────── files, over HTTP ──────▶ │               blobs out, outputs and receipt back, by digest
//!   └── outcome ◀──────── NATS JetStream ◀──────┘               how it ended, signed by the worker
//! ```
//!
//! To the scheduler a worker is a device. The node's database stays the truth: it counts attempts, and what comes back
//! counts only for the attempt that it was given out as ([`Ticket`]). NATS is transport and nothing else; with all of its
//! data lost, leases run out and attempts are made anew. The node verifies what comes back as it verifies what its own
//! devices make, so a worker is trusted with the clients' data and never with a result.

mod config;
mod counters;
mod desk;
pub mod file_call;
mod files;
mod hub;
mod ledger;
pub mod message;
pub mod nats;
mod perform;
mod service;
#[cfg(test)]
mod tests;
mod ticket;
pub mod worker;

pub use config::{FleetConfig, WorkerEntry};
pub use counters::Counters;
pub use hub::{RemoteDevice, WorkerView};
pub use ledger::{Ledger, Lost, Presence, Refused};
pub use perform::Attempt;
pub use service::{Fleet, FleetError};
pub use ticket::Ticket;
