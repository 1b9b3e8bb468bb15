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
//! pins down. A receipt without a proof has an [`ExecutionSeal`] and rests on its provider's [`Attestation`];
//! [`replay()`] repeats the run instead of trusting it. The crate knows nothing about GPUs or files beyond the
//! receipt; the prover shares [`config`] and [`TranscriptSeed`] with it, so that both sides speak of one protocol.
//!
//! `docs/receipt.md` defines the format, `docs/security.md` the numbers.
#![forbid(unsafe_code)]

mod attestation;
pub mod claim;
pub mod config;
mod date;
mod digest;
mod encoding;
mod guard;
mod inclusion;
mod placement;
mod preset;
mod proof;
mod receipt;
mod seal;
pub mod security;
mod transcript;
mod verify;

#[cfg(test)]
mod testing;

pub use attestation::{Attestation, BadSignature, provider_name};
pub use claim::{BufferClaim, Claim, ClaimError, ClaimedLimits, Mismatch, Usage};
pub use digest::Digest;
pub use encoding::DecodeError;
pub use inclusion::{BadInclusion, Inclusion};
pub use placement::{InvalidHeights, Placed, Slot, place};
pub use preset::{Parameters, Preset, UnknownPreset};
pub use proof::{AirFor, MalformedProof, Unprovable, encode_proof};
pub use receipt::{LoadError, NotAttested, Receipt};
pub use seal::{BadDescription, ExecutionSeal, Races, Seal, SealTooLarge, StarkSeal};
pub use security::SecurityReport;
pub use transcript::TranscriptSeed;
pub use verify::{Invalid, Verified, check_claim, replay, verify, verify_with_min_bits};
