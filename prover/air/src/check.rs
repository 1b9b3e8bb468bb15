//! Checks a witness against its tables directly, without a proof: the prover's debugging aid and the tests' judge.

use std::collections::HashMap;

use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::evaluation::RowEvaluator;
use crate::table::{Bus, Table};

/// What a witness violates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A constraint is not zero on a row.
    #[error("constraint {constraint} of table `{table}` fails on row {row}")]
    Constraint {
        /// The table.
        table: String,
        /// Position of the constraint.
        constraint: usize,
        /// The row.
        row: usize,
    },
    /// A bus does not balance.
    #[error("message {message:?} on bus {bus:?} is out of balance by {balance}")]
    Bus {
        /// The bus.
        bus: Bus,
        /// The message.
        message: Vec<u32>,
        /// Sends less receives, in the field.
        balance: u32,
    },
    /// A trace of the wrong width.
    #[error("the trace of table `{table}` has {got} columns, the table {expected}")]
    Width {
        /// The table.
        table: String,
        /// Columns of the table.
        expected: usize,
        /// Columns of the trace.
        got: usize,
    },
}

/// Checks every constraint on every row and that every bus balances. An absent trace has no rows.
///
/// What a verifier checks besides is not looked at here: heights, the presence of fixed tables, and the bounds of
/// lookup counts and of the clock.
pub fn check(
    tables: &[Table],
    traces: &[Option<RowMajorMatrix<KoalaBear>>],
) -> Result<(), Violation> {
    let mut balance: HashMap<(Bus, Vec<u32>), KoalaBear> = HashMap::new();
    for (table, trace) in tables.iter().zip(traces) {
        if let Some(trace) = trace {
            check_table(table, trace, &mut balance)?;
        }
    }
    let mut open: Vec<_> = balance
        .into_iter()
        .filter(|(_, balance)| *balance != KoalaBear::ZERO)
        .collect();
    open.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    match open.into_iter().next() {
        Some(((bus, message), balance)) => Err(Violation::Bus {
            bus,
            message,
            balance: balance.as_canonical_u32(),
        }),
        None => Ok(()),
    }
}

fn check_table(
    table: &Table,
    trace: &RowMajorMatrix<KoalaBear>,
    balance: &mut HashMap<(Bus, Vec<u32>), KoalaBear>,
) -> Result<(), Violation> {
    let body = table.body();
    if trace.width() != body.width {
        let (expected, got) = (body.width, trace.width());
        return Err(Violation::Width {
            table: table.name().to_owned(),
            expected,
            got,
        });
    }
    let mut evaluator = RowEvaluator::new(table);
    for (row, columns) in trace.row_slices().enumerate() {
        evaluator.evaluate(row, columns);
        if let Some(constraint) = evaluator
            .constraints()
            .position(|value| value != KoalaBear::ZERO)
        {
            return Err(Violation::Constraint {
                table: table.name().to_owned(),
                constraint,
                row,
            });
        }
        for message in evaluator.messages() {
            if message.multiplicity() == KoalaBear::ZERO {
                continue;
            }
            let fields = message.fields().map(|field| field.as_canonical_u32());
            let slot = balance
                .entry((message.bus(), fields.collect()))
                .or_insert(KoalaBear::ZERO);
            *slot += message.balance();
        }
    }
    Ok(())
}
