//! ArkNet workloads: a GPU kernel as a small, deterministic, total program.
//!
//! ```text
//! WGSL ──naga──▶ [`wgsl`] ──▶ [`ir::Workload`] ──▶ [`interpreter`]   the reference meaning, on the CPU
//!                                   │  ▲           [`emit`]          WGSL text for a GPU driver
//!                              text, canonical bytes (arknet-air)    tables for the proof
//! ```
//!
//! The IR is the trusted core: what runs and what is proven are the same [`ir::Program`]. This crate
//! knows nothing about proofs, GPUs or files beyond the job folder.
#![forbid(unsafe_code)]

pub mod diagnostic;
pub mod emit;
mod free_memory;
pub mod interpreter;
pub mod ir;
pub mod job;
pub mod printable;
pub mod regular;
#[cfg(feature = "testing")]
pub mod testing;
pub mod wgsl;

pub use free_memory::free_memory;
