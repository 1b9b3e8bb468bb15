//! The API as a stranger meets it: over sockets, well-behaved and not.

mod abuse;
mod admin;
mod blobs;
mod codes;
mod described;
mod events;
mod node;
mod slow;
mod submit;
mod whole;
mod wire;
