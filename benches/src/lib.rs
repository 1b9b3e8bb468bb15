//! What the benchmarks share: jobs of a chosen size, peers to compare with, and clocks.
//!
//! Each file of `benches/` measures one thing and runs on its own:
//!
//! ```sh
//! cargo bench -p arknet-benches --bench verify              # one of them
//! cargo bench -p arknet-benches --bench verify -- sha256    # of it, what the filter matches
//! cargo bench -p arknet-benches                             # all of them, in under ten minutes on 2 cores
//! ```
//!
//! | bench | what it measures | with |
//! | --- | --- | --- |
//! | `front_end` | WGSL to workload, statement to tables | criterion |
//! | `interpreter` | steps per second | criterion |
//! | `wgpu` | a run on the adapter that is there, if any (`. .mesa/env` for the software one) | criterion |
//! | `overhead` | checked and metered kernels against the same WGSL without us, on that adapter | [`turns`] |
//! | `sandbox` | what a worker process costs | criterion |
//! | `witness` | witness cells per second | criterion |
//! | `prove` | a job to its receipt, in all and by phase | criterion |
//! | `verify` | a receipt to its verdict | criterion |
//! | `sha256_peer` | compiled SHA-256 and `p3-sha256-air` under one preset | [`turns`] |
//! | `per_cell` | our tables and static AIRs of their shape, cell for cell | [`turns`] |
//! | `collatz` | proven iterations per CPU second | [`turns`] |
//! | `allocator_*` | the prover on three memory allocators | [`turns`] |
//!
//! Comparisons take turns ([`turns`]) instead of running one after the other, so that what else the machine
//! does meets both alike. All benches but those of other allocators use the system's, as the `arknet` binary does.
//! `docs/performance.md` records results.
#![forbid(unsafe_code)]

pub mod allocator;
pub mod batch;
pub mod examples;
pub mod peer;
pub mod run;
pub mod shaped;
pub mod turns;
