//! The `arknet` binary from outside: exit codes, messages, outputs and receipts.

mod arknet;
mod build;
mod data;
mod examples;
mod hostile;
#[cfg(feature = "prove")]
mod receipts;
#[cfg(feature = "gpu")]
mod sandbox;
mod traps;
mod usage;
