//! The proving pipeline: a job in, its outputs and a receipt out.
//!
//! ```text
//! Job ─interpreter─▶ outputs, steps ─▶ Statement ─arknet-air─▶ tables + witness ─p3-batch-stark─▶ proof ─▶ Receipt
//! ```
//!
//! [`Prepared::new`] runs the job in the interpreter, which also finds traps and races, compiles the tables from the
//! same statement that the verifier compiles, and measures them; [`Prepared::prove`] fills them and proves them
//! under a preset with Plonky3's own prover. Nothing here verifies what it made; callers that publish a receipt
//! verify it first.
#![forbid(unsafe_code)]

mod cost;
mod phase;
mod prepare;
mod prove;

pub use cost::{Cost, TableSize};
pub use phase::Phase;
pub use prepare::Prepared;
pub use prove::{ProveError, Proven, prove};
