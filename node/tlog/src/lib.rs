//! A transparency log in the formats of C2SP, without a server.
//!
//! A log is a list of entries that only grows. Its operator signs a [`Checkpoint`], the size and the Merkle root of the
//! list, and serves the list and the tree as static files ([`Tile`]). Whoever keeps a checkpoint can tell later whether
//! the log still says what it said. The formats are those of c2sp.org: `signed-note`, `tlog-checkpoint`, `tlog-tiles`,
//! `tlog-proof`, `tlog-cosignature` and `tlog-witness`; the tree is that of RFC 6962 with SHA-256.
//!
//! Everything that is read here comes from strangers: every parser is bounded, takes one spelling of each value only,
//! and what it took prints to the same bytes again. Nothing here does I/O but [`Directory`]; logs are read through
//! [`TileReader`].
//!
//! Feature `sign` (on by default) makes and checks signatures. Without it the crate needs no C compiler and builds for
//! `wasm32-unknown-unknown`; parsing, hashing and proofs are there either way.
#![forbid(unsafe_code)]

mod audit;
mod checkpoint;
mod cosignature;
mod directory;
mod encoding;
mod entry;
mod hash;
mod key;
mod note;
mod path;
#[cfg(feature = "sign")]
mod policy;
mod proof;
#[cfg(feature = "sign")]
mod sign;
mod tile;
mod tiled;
mod tree;
mod witness;

pub use audit::{AuditError, Follower, audit};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use cosignature::cosigned_message;
pub use directory::{Directory, DirectoryError};
pub use encoding::MAX_SIZE;
pub use entry::{Entry, EntryError, MAX_ATTESTATION, MAX_LABEL};
pub use hash::{Hash, NotAHash};
pub use key::{KeyError, KeyKind, VerifierKey, check_key_name};
pub use note::{Note, NoteError, NoteSignature};
pub use path::{
    PathError, ProofError, consistency, inclusion, verify_consistency, verify_inclusion,
};
#[cfg(feature = "sign")]
pub use policy::{Cosigned, Policy, PolicyError, Trusted};
pub use proof::{LogProof, LogProofError};
#[cfg(feature = "sign")]
pub use sign::{SecretKey, SignatureError};
pub use tile::{Level, TILE_WIDTH, Tile, TileError, bundle, entries_of, hashes_of};
pub use tiled::{ReadError, TileReader, TiledTree};
pub use tree::{Frontier, Subtrees};
#[cfg(feature = "sign")]
pub use witness::Witness;
pub use witness::{AddCheckpoint, AddCheckpointError, Head, Refusal};
