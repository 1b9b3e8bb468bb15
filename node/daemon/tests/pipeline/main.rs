//! Jobs on their way through the node: scheduled, run in children, verified, sealed, logged.

mod ends;
mod harness;
mod results;
mod trouble;
