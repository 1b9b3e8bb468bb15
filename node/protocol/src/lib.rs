//! What clients and nodes say to each other.
#![forbid(unsafe_code)]
