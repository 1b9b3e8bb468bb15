//! The ArkNet node.
#![forbid(unsafe_code)]

pub mod store;
