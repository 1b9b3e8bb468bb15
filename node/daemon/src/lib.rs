//! The ArkNet node.
#![forbid(unsafe_code)]

pub mod blobs;
pub mod config;
pub mod store;
pub mod task;
