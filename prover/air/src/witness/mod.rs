//! The honest witness: the rows of every table for a run.
//!
//! ```text
//! [`execute`] runs the flow blocks and logs each visit ──▶ [`collect`] ──▶ [`fill`] computes the columns of each row
//!  (walk, access, turns)
//! ```
//!
//! Both are parallel over invocations and rows and give the same result on every machine.

mod access;
mod collect;
mod execute;
mod fill;
mod log;
mod turns;
mod usage;
mod walk;

use std::time::{Duration, Instant};

use p3_koala_bear::KoalaBear;
use p3_matrix::dense::RowMajorMatrix;

use crate::fixed;
use crate::machine::{MAX_LOG_HEIGHT, Machine};
use crate::table::Height;

/// The rows of each table of a machine; `None` for a block that no invocation visited.
#[derive(Clone, Debug)]
pub struct Witness {
    /// One per table, in the machine's order. Heights are powers of two.
    pub traces: Vec<Option<RowMajorMatrix<KoalaBear>>>,
}

/// Why a statement has no honest witness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// The run leaves a memory's bounds.
    #[error("invocation {invocation} accesses word {index} of `{memory}`, past its end")]
    OutOfBounds {
        /// Who.
        invocation: u32,
        /// Name of the memory.
        memory: String,
        /// The index.
        index: u32,
    },
    /// The run takes more steps than the statement says.
    #[error("invocation {invocation} takes more than the {steps} steps of the statement")]
    OutOfSteps {
        /// Who.
        invocation: u32,
        /// The statement's bound.
        steps: u32,
    },
    /// The run ends with other words than the statement says, or has a race.
    #[error("word {index} of `{memory}` ends otherwise than the statement says, or is raced for")]
    Output {
        /// Name of the memory.
        memory: String,
        /// The word.
        index: u32,
    },
    /// A block is visited too often.
    #[error(
        "the table `{table}` needs more than 2^{MAX_LOG_HEIGHT} rows; \
         shorten its loops or split the job into smaller ones"
    )]
    TooManyRows {
        /// The table.
        table: String,
    },
    /// Counting rows took longer than it may.
    #[error("counting the tables' rows took longer than the declared limit (`limits.time`)")]
    OverTime,
}

impl Machine {
    /// `log2` of the rows that each table needs, in the machine's order; `None` for a block that no invocation
    /// visits. Runs the statement, for at most `time` where it is given, and keeps no rows: it takes a small part of
    /// the time of [`Self::witness`] and next to no memory.
    pub fn heights(&self, time: Option<Duration>) -> Result<Vec<Option<u8>>, WitnessError> {
        let deadline = time.and_then(|time| Instant::now().checked_add(time));
        let visits = execute::count_visits(self, deadline)?;
        let mut visits = visits.into_iter();
        Ok(self
            .tables()
            .iter()
            .map(|table| match table.height() {
                Height::Fixed(log_height) => Some(log_height),
                Height::Free => visits
                    .next()
                    .filter(|&visits| visits > 0)
                    .map(fixed::log_height),
            })
            .collect())
    }

    /// Runs the statement and fills every table.
    pub fn witness(&self) -> Result<Witness, WitnessError> {
        let execution = execute::execute(self)?;
        let layout = log::LogLayout::new(self);
        let mut counts = fill::LookupCounts::new();
        let mut traces = vec![Some(fixed::fill_dispatch(
            &self.tables()[0],
            &self.statement.dispatch,
            &self.graph.blocks[0].params,
            &self.control.contents[0],
            self.statement.steps,
            &execution.clocks,
        ))];
        for (block, visits) in self.blocks.iter().zip(&execution.visits) {
            let (trace, block_counts) = fill::fill_block(block, visits, layout);
            counts.add(&block_counts);
            traces.push(trace);
        }
        for (memory, states) in self.memories.iter().zip(&execution.words) {
            traces.push(Some(fixed::fill_memory(memory, &self.statement, states)));
        }
        if self.has_range_table {
            traces.push(Some(fixed::fill_range(&counts.range)));
        }
        if self.has_byte_table {
            traces.push(Some(fixed::fill_bytes(&counts.pairs, &counts.ands)));
        }
        Ok(Witness { traces })
    }
}
