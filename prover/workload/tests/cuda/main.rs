//! Runs the emitted CUDA text on this machine's processor, under the address and undefined-behaviour
//! sanitizers, and holds it against the interpreter. Needs a C++ compiler (`CXX`, else `c++`).

mod corpus;
mod examples;
mod harness;
mod operations;
mod sharing;
mod shim;
mod traps;
