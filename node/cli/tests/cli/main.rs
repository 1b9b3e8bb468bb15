//! The `arknet` binary from outside: exit codes, messages, outputs and receipts.

mod arknet;
mod bombs;
mod build;
#[cfg(feature = "node")]
mod client;
mod data;
#[cfg(feature = "prove")]
mod digits;
mod examples;
mod files;
mod hostile;
mod log;
#[cfg(feature = "prove")]
mod memory;
mod messages;
#[cfg(feature = "node")]
mod operator;
mod races;
#[cfg(feature = "prove")]
mod receipts;
#[cfg(feature = "gpu")]
mod sandbox;
#[cfg(feature = "prove")]
mod signed;
mod traps;
mod usage;
