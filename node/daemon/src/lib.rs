//! The ArkNet node.
#![forbid(unsafe_code)]

pub mod blobs;
pub mod store;
pub mod task;
