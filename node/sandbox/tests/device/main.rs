//! Runs kernels on a device and holds them against the interpreter. `ci/install-mesa` provides a device
//! where there is no GPU.

mod control;
mod examples;
mod features;
mod harness;
mod limits;
mod operations;
mod second_driver;
mod sharing;
mod traps;
