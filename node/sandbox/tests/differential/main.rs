//! The same program run in every way there is, with the same outcome each time: by the interpreter, on each software
//! driver that is installed, and as CUDA text on the processor under the sanitizers.
//!
//! `ARKNET_FUZZ_CASES` sets how many programs each test tries, `ARKNET_FUZZ_SEED` the first kernel.

mod case;
mod drivers;
mod executions;
mod kernels;
mod programs;
