//! The node's transparency log: what was finished, so that the node can never say otherwise.
//!
//! ```text
//!  SQLite: leaves ──▶ tile/…, files that never change ──▶ the record of what was signed ──▶ checkpoint, served
//!  (the truth)        (made from the leaves)              (beside the key)                  (with cosignatures)
//! ```
//!
//! Each arrow is durable before the next begins, so after a crash everything to the right can be made again from what
//! is to the left. One thing cannot: a signature that left the node. A log that signs two histories is worthless for
//! ever, so the highest checkpoint that was signed is recorded beside the log's key *before* anybody sees it, and at
//! start the leaves must lead to its root. Leaves that are behind it, or lead elsewhere (a database restored from a
//! backup, a copied folder), make the node refuse to sign and say so. Witnesses are asked the same at start, for the
//! case that the record was restored with the database.
//!
//! Nothing here looks at a clock; times in cosignatures are the witnesses' own.

mod configured;
mod durable;
mod edge;
mod error;
mod key;
mod leaves;
mod record;
mod routes;
mod service;
mod witness;

pub use error::LogError;
pub use key::{create_key, default_origin, load_key};
pub use leaves::{LeafError, LeafStore};
pub use routes::routes;
pub use service::{Log, LogConfig, LogStatus};
pub use witness::{WitnessConfig, WitnessError, WitnessStatus};

#[cfg(test)]
mod tests;
