//! Static AIRs of the shape of ours: what `prove_batch` costs by itself.
//!
//! A [`ShapedAir`] has as many columns, constraints and messages (of the same widths, on the same buses) as
//! one of our tables, but each of its constraints is two operations of plain code and each field of a message
//! is a column. Proving it is a lower bound of proving any AIR of that shape, and what our tables take more
//! is the price of their constraints being data.

use arknet_air::{Bus, Direction, RowEvaluator, Table};
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::batch::Batch;

/// A static AIR over bits. Its last column is zero and silences its messages, so that any rows balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapedAir {
    columns: usize,
    constraints: usize,
    messages: Vec<ShapedMessage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ShapedMessage {
    bus: Bus,
    direction: Direction,
    fields: usize,
}

impl ShapedAir {
    /// An AIR of the shape of a table.
    pub fn like(table: &Table) -> Self {
        let mut evaluator = RowEvaluator::new(table);
        evaluator.evaluate(0, &[]);
        let messages = evaluator
            .messages()
            .map(|message| ShapedMessage {
                bus: message.bus(),
                direction: message.direction(),
                fields: message.fields().len(),
            })
            .collect();
        Self {
            columns: table.main_width(),
            constraints: table.constraint_count(),
            messages,
        }
    }

    /// Random rows.
    fn rows(&self, height: usize, random: &mut StdRng) -> RowMajorMatrix<KoalaBear> {
        let mut values: Vec<KoalaBear> = (0..height * self.columns)
            .map(|_| KoalaBear::from_bool(random.random()))
            .collect();
        for row in values.chunks_exact_mut(self.columns) {
            row[self.columns - 1] = KoalaBear::ZERO;
        }
        RowMajorMatrix::new(values, self.columns)
    }
}

/// Static AIRs of the shape of our tables, with as many rows.
pub fn like(batch: &Batch<Table>) -> Batch<ShapedAir> {
    let mut random = StdRng::seed_from_u64(0);
    let airs: Vec<ShapedAir> = batch.airs.iter().map(ShapedAir::like).collect();
    let traces = airs
        .iter()
        .zip(&batch.traces)
        .map(|(air, trace)| air.rows(trace.height(), &mut random))
        .collect();
    Batch {
        airs,
        traces,
        seed: batch.seed,
    }
}

impl BaseAir<KoalaBear> for ShapedAir {
    fn width(&self) -> usize {
        self.columns
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn num_constraints(&self) -> Option<usize> {
        Some(self.constraints)
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(arknet_air::MAX_DEGREE)
    }
}

impl<AB> Air<AB> for ShapedAir
where
    AB: AirBuilder<F = KoalaBear> + InteractionBuilder,
{
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = main.current_slice();
        for i in 0..self.constraints {
            let bit: AB::Expr = row[i % self.columns].into();
            let is_bit = bit.clone() * (bit - AB::Expr::ONE);
            // Past the first constraint on each column, so that no two are the same.
            if i < self.columns {
                builder.assert_zero(is_bit);
            } else {
                builder.assert_zero(is_bit * row[(i / self.columns + i) % self.columns]);
            }
        }
        let silence: AB::Expr = row[self.columns - 1].into();
        let mut next = 0;
        for message in &self.messages {
            let fields = (next..next + message.fields).map(|i| row[i % self.columns]);
            next += message.fields;
            let count = match message.direction {
                Direction::Send => Count::bounded(silence.clone(), 1),
                Direction::Receive => -Count::bounded(silence.clone(), 1),
                Direction::Provide => Count::provided(-silence.clone()),
            };
            builder.push_interaction(message.bus.name(), fields, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples;
    use crate::run::Run;

    #[test]
    fn a_shape_has_the_cells_of_its_table_and_a_proof() {
        let batch = Run::new(examples::collatz(64)).batch();
        let shaped = like(&batch);
        assert_eq!(shaped.cells(), batch.cells());
        shaped.verify(&shaped.prove());
        batch.verify(&batch.prove());
    }

    #[test]
    fn cells_are_those_of_the_tables() {
        let batch = Run::new(examples::example("matmul")).batch();
        let expected: usize = batch
            .airs
            .iter()
            .zip(&batch.traces)
            .map(|(table, trace)| {
                trace.height() * (table.main_width() + 5 * table.auxiliary_width())
            })
            .sum();
        assert_eq!(batch.cells().total(), expected as u64);
    }
}
