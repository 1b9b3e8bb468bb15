//! A typed client of ArkNet nodes: everything of `arknet_protocol::api` over HTTP.
//!
//! A node is not trusted. What it answers is bounded in size and in time before it is parsed, redirects are not
//! followed, and blobs are checked against the digest that they were asked for by. Whether a *result* is right is not
//! decided here: whoever fetches a receipt verifies it against their own job.
//!
//! Connections break. Calls that may be repeated are repeated with growing pauses: a submission sends the same bytes
//! again, which a node takes for the same job; an upload goes on where the node has it; an event stream goes on after
//! the last event that arrived.
#![forbid(unsafe_code)]

mod address;
mod backoff;
mod blob;
mod client;
mod error;
mod events;
mod fetch;
mod sse;
mod upload;

pub use address::{InvalidAddress, NodeAddress};
pub use blob::{Blob, BlobSource};
pub use client::{Client, JobFilter, Settings, Submitted};
pub use error::ClientError;
pub use events::Events;
pub use upload::Progress;
