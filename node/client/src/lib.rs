//! A typed client of ArkNet nodes.
#![forbid(unsafe_code)]
