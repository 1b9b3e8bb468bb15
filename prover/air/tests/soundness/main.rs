//! Soundness at the level of tables: what a prover cannot make the constraints and buses accept.
//!
//! ```text
//! [`kernels`] ──▶ [`scene`]: a job, its tables and its honest rows ──▶ [`operations`]  right results, no others
//!                   │                                                  [`mutations`]   every cell matters
//!                   └──▶ [`forger`]: rewrites a row to say             [`forgeries`]   structured attacks
//!                        something else, as an attacker would
//!                                                                      [`links`]       no column is free
//! ```

mod forger;
mod forgeries;
mod kernels;
mod links;
mod mutations;
mod operations;
mod plot;
mod roots;
mod scene;
mod sharing;
