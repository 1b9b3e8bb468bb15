//! The shape of a proof: what its soundness and its size are functions of.

use p3_batch_stark::num_batched_openings;
use p3_fri::fold_schedule;
use p3_uni_stark::OpeningShape;

use crate::preset::{LOG_FINAL_POLY_LEN, Preset};

/// The shape of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofShape {
    /// The parameters.
    pub preset: Preset,
    /// The tables in it; at least one.
    pub tables: Vec<TableShape>,
    /// Field elements of the widest message on a bus.
    pub message_width: usize,
}

/// The shape of one table of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableShape {
    /// Its name.
    pub name: String,
    /// log2 of its rows.
    pub log_height: u8,
    /// Columns of its main trace.
    pub width: usize,
    /// Whether its constraints look at the next row.
    pub reads_next_row: bool,
    /// Its constraints, those of the lookups included.
    pub constraints: usize,
    /// Pieces its quotient is committed in: a power of two that is at least its degree less one.
    pub quotient_chunks: usize,
    /// Columns of its lookup trace besides the running sum, in challenge-field elements.
    pub fractions: usize,
    /// Messages a row may send or receive.
    pub messages: usize,
}

impl TableShape {
    /// Columns of the lookup trace, in challenge-field elements.
    fn lookup_columns(&self) -> usize {
        if self.fractions == 0 {
            0
        } else {
            self.fractions + 1
        }
    }
}

impl ProofShape {
    /// log2 of the rows of the tallest table.
    pub(crate) fn max_log_height(&self) -> u8 {
        self.tables
            .iter()
            .map(|table| table.log_height)
            .max()
            .unwrap_or(0)
    }

    /// The most pieces a quotient is committed in.
    pub(crate) fn max_quotient_chunks(&self) -> usize {
        self.tables
            .iter()
            .map(|table| table.quotient_chunks)
            .max()
            .unwrap_or(1)
    }

    /// Pairs of a column and a point it is opened at.
    pub(crate) fn openings(&self) -> usize {
        let degree = self.preset.parameters().extension_degree;
        let of = |table: &TableShape| {
            num_batched_openings(
                table.width,
                table.reads_next_row,
                0,
                false,
                table.quotient_chunks,
                table.fractions,
                degree,
                OpeningShape::new(),
            )
        };
        self.tables.iter().map(of).sum::<usize>().max(1)
    }

    /// Messages of all rows of all tables.
    pub(crate) fn messages(&self) -> u64 {
        self.tables
            .iter()
            .map(|table| (table.messages as u64) << table.log_height)
            .sum()
    }

    /// An upper bound on the bytes of an encoded proof. Field elements and hashes have a fixed size and
    /// everything else is counts, so no honest proof is longer.
    pub(crate) fn max_proof_bytes(&self) -> usize {
        const COUNT: usize = 10;
        const HASH: usize = 32;
        const BASE: usize = 4;
        let parameters = self.preset.parameters();
        let degree = parameters.extension_degree;
        let extension = BASE * degree;
        // Paths are pruned: of the 2^l nodes of a level, no more than half are siblings to be told.
        let paths = |depth: usize| {
            let siblings = |level: usize| parameters.queries.min(1 << level);
            COUNT + HASH * (0..depth).map(siblings).sum::<usize>()
        };
        let height = |table: &TableShape| usize::from(table.log_height) + parameters.log_blowup;
        let mut heights: Vec<usize> = self.tables.iter().map(height).collect();
        heights.sort_unstable_by(|a, b| b.cmp(a));
        heights.dedup();
        let mut depth = heights.first().copied().unwrap_or(0);

        // Main, quotient and lookup traces: a commitment and its rows at the queries.
        let batch = COUNT + HASH + paths(depth) + COUNT + parameters.queries * COUNT;
        let mut total = 3 * batch;
        for table in &self.tables {
            let points = if table.reads_next_row { 2 } else { 1 };
            let chunks = table.quotient_chunks * degree;
            let lookups = table.lookup_columns() * degree;
            let opened = extension * (points * table.width + chunks + 2 * lookups + 1);
            let row = BASE * (table.width + chunks + lookups) + (2 + table.quotient_chunks) * COUNT;
            total += opened + parameters.queries * row + (9 + table.quotient_chunks) * COUNT;
        }
        let final_height = parameters.log_blowup + LOG_FINAL_POLY_LEN;
        for arity in fold_schedule(&heights, final_height, parameters.log_max_arity) {
            depth -= arity;
            let siblings = COUNT + extension * ((1 << arity) - 1);
            total += COUNT + HASH + BASE + COUNT + parameters.queries * siblings + paths(depth);
        }
        total + 16 * COUNT + (extension << LOG_FINAL_POLY_LEN)
    }
}
