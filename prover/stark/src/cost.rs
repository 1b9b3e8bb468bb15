//! What proving takes, known from the shapes of the tables before any is filled.

use arknet_air::Table;
use arknet_receipt::{Parameters, Preset};
use arknet_workload::job::Job;

/// Bytes of a field element.
const ELEMENT: u64 = 4;
/// Bytes of a hash.
const HASH: u64 = 32;
/// Bytes that the prover takes before it holds any column: its program, its threads, the number tables' counts.
const BASE: u64 = 64 << 20;
/// Bytes that a main column takes whatever its height: its share of the constraints, as expressions.
const COLUMN: u64 = 4 << 10;
/// Pieces that a quotient is committed in, for constraints of [`arknet_air::MAX_DEGREE`].
const QUOTIENT_CHUNKS: u64 = 2;

/// The size of a table in a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSize {
    /// Its name.
    pub name: String,
    /// `log2` of its rows.
    pub log_height: u8,
    /// Main columns.
    pub columns: usize,
    /// Columns of the bus argument, in the challenge field.
    pub auxiliary_columns: usize,
}

impl TableSize {
    /// A table with `2^log_height` rows.
    pub fn new(table: &Table, log_height: u8) -> Self {
        Self {
            name: table.name().to_owned(),
            log_height,
            columns: table.main_width(),
            auxiliary_columns: table.auxiliary_width(),
        }
    }

    /// Committed base-field cells, with an extension of the given degree.
    pub fn cells(&self, extension_degree: usize) -> u64 {
        ((self.columns + extension_degree * self.auxiliary_columns) as u64) << self.log_height
    }
}

/// What a proof of some tables takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Committed base-field cells: main columns and those of the bus argument.
    pub cells: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes that its proof has at least.
    pub least_proof_bytes: u64,
}

impl Cost {
    /// What a proof of these tables takes under a preset.
    ///
    /// The memory is what the prover holds while it opens its commitments, which is the most it ever holds. With
    /// blow-up B, extension degree d, and 4 bytes a field element, a row of a table with M main and A auxiliary
    /// columns holds
    ///
    /// ```text
    /// M·(1 + B)     the trace, and its low-degree extension
    /// A·d·B         the extension of the bus argument's columns
    /// 2·d·B         the extension of the quotient
    /// ```
    ///
    /// elements. To that come, once, for the tallest table: three Merkle trees of two hashes a leaf, and six vectors
    /// of challenge-field elements as long as its extension (inverse denominators for two points, reduced
    /// openings, and the first folds).
    ///
    /// Estimates and measured peaks of the process, on two cores, in MiB:
    ///
    /// | job | `s100` | measured | `s128` | measured |
    /// | --- | --- | --- | --- | --- |
    /// | collatz | 1,151 | 1,090 | 2,817 | 2,663 |
    /// | mandelbrot | 431 | 386 | 1,025 | 972 |
    /// | matmul | 366 | 319 | 878 | 822 |
    /// | sha256 | 201 | 145 | 368 | 304 |
    /// | 47,000 columns in 64 rows | 441 | 325 | 710 | 587 |
    ///
    /// The bytes of the proof are those that every proof has: the rows that the queries open and the opened values, at
    /// four bytes an element. Paths and the encoding of elements come on top: a third for wide tables, more than as much
    /// again for narrow ones.
    pub fn new(tables: &[TableSize], preset: Preset) -> Self {
        let parameters = preset.parameters();
        let Shape {
            degree,
            blowup,
            queries,
        } = Shape::new(&parameters);
        let tallest = tables.iter().map(|table| table.log_height).max();
        let mut cost = Self {
            cells: 0,
            memory: BASE + tall(tallest.unwrap_or(0), &parameters),
            least_proof_bytes: 0,
        };
        for table in tables {
            let rows = 1 << table.log_height;
            let (main, lookup) = (
                table.columns as u64,
                table.auxiliary_columns as u64 * degree,
            );
            let quotient = QUOTIENT_CHUNKS * degree;
            cost.cells += table.cells(parameters.extension_degree);
            let held = main * (1 + blowup) + (lookup + quotient) * blowup;
            cost.memory += held * rows * ELEMENT + main * COLUMN;
            // Each query opens a row of each trace, as does the point out of the domain (bus columns at two).
            let row = main + lookup + quotient;
            let opened = degree * (main + 2 * lookup + quotient);
            cost.least_proof_bytes += (queries.min(rows) * row + opened) * ELEMENT;
        }
        cost
    }

    /// Bytes of memory that a proof of a job takes at least, whatever its kernel does: its buffers' words are columns.
    pub(crate) fn least(job: &Job, preset: Preset) -> u64 {
        let blowup = Shape::new(&preset.parameters()).blowup;
        let words = job.memory_bytes() / 4;
        // Two limbs of each word, as public data and in a table.
        BASE.saturating_add(words.saturating_mul(2 * (2 + blowup) * ELEMENT))
    }
}

/// The parameters that sizes depend on.
struct Shape {
    degree: u64,
    blowup: u64,
    queries: u64,
}

impl Shape {
    fn new(parameters: &Parameters) -> Self {
        Self {
            degree: parameters.extension_degree as u64,
            blowup: 1 << parameters.log_blowup,
            queries: parameters.queries as u64,
        }
    }
}

/// What is held once, in proportion to the tallest table.
fn tall(log_height: u8, parameters: &Parameters) -> u64 {
    let Shape { degree, blowup, .. } = Shape::new(parameters);
    let leaves = blowup << log_height;
    leaves * (3 * 2 * HASH + 6 * degree * ELEMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(log_height: u8, columns: usize, auxiliary_columns: usize) -> TableSize {
        TableSize {
            name: "t".to_owned(),
            log_height,
            columns,
            auxiliary_columns,
        }
    }

    #[test]
    fn larger_proofs_cost_more() {
        let small = Cost::new(&[table(10, 20, 5)], Preset::S100);
        for (tables, preset) in [
            (vec![table(11, 20, 5)], Preset::S100),
            (vec![table(10, 21, 5)], Preset::S100),
            (vec![table(10, 20, 6)], Preset::S100),
            (vec![table(10, 20, 5), table(4, 20, 5)], Preset::S100),
            (vec![table(10, 20, 5)], Preset::S128),
        ] {
            let large = Cost::new(&tables, preset);
            assert!(large.cells > small.cells, "{tables:?}");
            assert!(large.memory > small.memory, "{tables:?}");
            assert!(large.least_proof_bytes > 0, "{tables:?}");
        }
        assert_eq!(small.cells, 1024 * (20 + 5 * 5));
    }
}
