//! The ArkNet node.
#![forbid(unsafe_code)]
