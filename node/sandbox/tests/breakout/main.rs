//! Attempts to break out of the sandbox, each from within a worker that has locked itself in as every worker does.
//! `worker.rs` is the program that makes them.

mod acts;
mod after;
mod deceit;
mod escape;
mod harness;
mod ordinary;
mod outside;
mod resources;
