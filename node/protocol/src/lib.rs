//! What clients and nodes say to each other.
//!
//! ```text
//!  client: JobRequest ──JSON──▶ bytes ──sign──▶ Arknet-Key, Arknet-Signature, body
//!                                                          │
//!  node:   SignedRequest ◀──parse, audience, time── verify over the very bytes that came
//! ```
//!
//! Identities are Ed25519 keys. A signature covers bytes, never a value that was parsed and printed again, and each kind
//! of message is signed under a domain of its own, so that no signature can be used as another. What arrives is parsed
//! into types that can only hold what the rules allow: a [`SignedRequest`] exists only where its signature holds.
//!
//! The crate says nothing about transport, storage or policy; `docs/protocol.md` describes the messages.
#![forbid(unsafe_code)]

pub mod api;
mod attestation;
mod digest;
mod hex;
mod identity;
mod key_file;
mod name;
mod problem;
mod request;
mod state;
mod strict;
mod token;

pub use attestation::{AttestationError, check_attestation};
pub use digest::{BlobDigest, BlobHasher, Fingerprint, JobId, Nonce, RequestDigest};
pub use hex::InvalidHex;
pub use identity::{BadSignature, Domain, InvalidKey, KeyPair, NoRandomness, PublicKey, Signature};
pub use key_file::{KeyFileError, read_secret, save_new_secret};
pub use name::{InvalidName, Name};
pub use problem::{Code, Problem};
pub use request::{
    BufferContents, BufferRequest, ConstantValue, InvalidRequest, JobRequest, Limits, Options,
    PresetName, RefusedRequest, Replay, SignedRequest, WorkloadRequest,
};
pub use state::{JobKind, JobState, Phase, Reason};
pub use token::{InvalidToken, Scope, Scopes, Token, TokenHash, TokenId};
