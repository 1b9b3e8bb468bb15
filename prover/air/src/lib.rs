//! ArkNet's AIR: a workload's run as tables whose rows constrain and whose buses connect.
//!
//! ```text
//! Workload ──simplify──▶ Program ──graph──▶ flow blocks ──lower──▶ one table per block ┐
//! Statement (dispatch, buffers, steps) ──▶ dispatch, buffer, memory and range tables   ├──▶ Machine
//!                                                            execution ──▶ [`witness`] ┘
//! ```
//!
//! A row of a block's table is one visit of one invocation to that block; the control bus carries each
//! invocation from its entry to its exit. `docs/soundness.md` gives the argument. The crate compiles the same
//! tables on both sides from public data alone and knows nothing of commitments or transcripts.
#![forbid(unsafe_code)]

mod check;
mod evaluation;
mod fixed;
mod graph;
mod lower;
mod machine;
mod simplify;
mod statement;
mod table;
mod witness;

pub use check::{Violation, check};
pub use evaluation::{Message, RowEvaluator};
pub use machine::{
    AIR_VERSION, CompileError, MAX_FIXED_ROWS, MAX_LOG_HEIGHT, MAX_STEPS, MAX_WIDTH, Machine,
    check_dispatch, compile,
};
pub use statement::{MismatchedBuffers, Statement};
pub use table::{Bus, Direction, Height, MAX_DEGREE, Table};
pub use witness::{Witness, WitnessError};
