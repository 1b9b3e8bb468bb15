//! Receipts: what was computed ([`Claim`]), why to believe it ([`Seal`]), and the check on a CPU.
//!
//! ```text
//!  caller's job + outputs ──▶ Claim ──┐ equal?
//!  receipt bytes ──decode──▶ Receipt ─┤
//!                                     └▶ tables compiled from the caller's job ─▶ p3 verifier ─▶ Verified
//! ```
//!
//! [`verify()`] takes everything it can from its caller and from the named [`Preset`]; what is left in the
//! receipt is the proof, the heights of the tables, and the number of steps, all of which the proof itself
//! pins down. The crate knows nothing about GPUs or files beyond the receipt; the prover shares
//! [`config`] and [`TranscriptSeed`] with it, so that both sides speak of one protocol.
//!
//! `docs/receipt.md` defines the format, `docs/security.md` the numbers.
#![forbid(unsafe_code)]

pub mod claim;
pub mod config;
mod digest;
mod encoding;
mod guard;
mod placement;
mod preset;
mod proof;
mod receipt;
pub mod security;
mod transcript;
mod verify;

#[cfg(test)]
mod testing;

pub use claim::{BufferClaim, Claim, ClaimError, ClaimedLimits, Mismatch, Usage};
pub use digest::Digest;
pub use encoding::DecodeError;
pub use placement::{InvalidHeights, Placed, Slot, place};
pub use preset::{Parameters, Preset, UnknownPreset};
pub use proof::{AirFor, MalformedProof, Unprovable, encode_proof};
pub use receipt::{LoadError, Receipt, Seal, SealTooLarge, StarkSeal};
pub use security::SecurityReport;
pub use transcript::TranscriptSeed;
pub use verify::{Invalid, Verified, verify, verify_with_min_bits};
