//! The proving pipeline: a job in, its outputs and a receipt out.
//!
//! ```text
//! Job ─interpreter─▶ outputs, steps ─▶ Statement ─arknet-air─▶ tables + witness ─p3-batch-stark─▶ proof ─▶ Receipt
//! ```
//!
//! [`prove`] runs the job in the interpreter, which also finds traps and races, fills the tables from the
//! same statement that the verifier compiles, and proves them under a preset with Plonky3's own prover. It
//! does not verify what it made; callers that publish a receipt verify it first.
#![forbid(unsafe_code)]

mod phase;
mod prove;

pub use phase::Phase;
pub use prove::{ProveError, Proven, TableSize, prove};
