//! The verifier of receipts for browsers: what `arknet verify` checks, without files, threads or a clock.
//!
//! ```text
//!  page ──▶ receipt, request, blobs ──▶ Evidence ──▶ job + outputs ──▶ arknet_receipt::verify ──▶ verdict as JSON
//! ```
//!
//! Nothing is taken on the word of the node that serves the page's data: blobs are found by the SHA-256 of their bytes,
//! under the digests that the signed request names, and the request is the one that the provider attests, byte for byte.
//! (The page and this code come from the node too. Whoever does not trust it checks with a program of their own.)
//!
//! [`check`] is the whole crate; [`mod@abi`] is how JavaScript reaches it. `ci/build-wasm` builds it.

pub mod abi;
mod evidence;
mod log;
mod request;
mod signature;
mod verdict;

pub use evidence::{BadEvidence, Evidence};
pub use verdict::check;
