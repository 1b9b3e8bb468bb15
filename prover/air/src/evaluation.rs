//! What one row amounts to: the values of its table's constraints and messages.

use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;

use crate::table::{Bus, Direction, Interaction, Table, Term};

/// Evaluates rows of one table, one after the other.
#[derive(Clone, Debug)]
pub struct RowEvaluator {
    table: Table,
    values: Vec<KoalaBear>,
}

/// A row's part in one interaction of its table.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    interaction: &'a Interaction,
    values: &'a [KoalaBear],
}

impl RowEvaluator {
    /// An evaluator of a table's rows.
    pub fn new(table: &Table) -> Self {
        Self {
            values: vec![KoalaBear::ZERO; table.body().expressions.terms().len()],
            table: table.clone(),
        }
    }

    /// Evaluates the row with this number and these columns; columns that are missing count as zero.
    pub fn evaluate(&mut self, row: usize, columns: &[KoalaBear]) {
        let body = self.table.body();
        let values = &mut self.values;
        for (index, term) in body.expressions.terms().iter().enumerate() {
            values[index] = match *term {
                Term::Constant(value) => value,
                Term::Column(column) => columns.get(column as usize).copied().unwrap_or_default(),
                Term::Periodic(column) => {
                    let column = &body.periodic[column as usize];
                    column[row % column.len()]
                }
                Term::Sum(a, b) => values[a.0 as usize] + values[b.0 as usize],
                Term::Difference(a, b) => values[a.0 as usize] - values[b.0 as usize],
                Term::Product(a, b) => values[a.0 as usize] * values[b.0 as usize],
            };
        }
    }

    /// Values of the constraints on the row evaluated last; the row satisfies those that are zero.
    pub fn constraints(&self) -> impl ExactSizeIterator<Item = KoalaBear> {
        let constraints = &self.table.body().constraints;
        constraints
            .iter()
            .map(|constraint| self.values[constraint.0 as usize])
    }

    /// Messages of the row evaluated last, one for each interaction of the table.
    pub fn messages(&self) -> impl ExactSizeIterator<Item = Message<'_>> {
        let interactions = &self.table.body().interactions;
        interactions.iter().map(|interaction| Message {
            interaction,
            values: &self.values,
        })
    }
}

impl Message<'_> {
    /// The bus it is on.
    pub fn bus(&self) -> Bus {
        self.interaction.bus
    }

    /// What its multiplicity means.
    pub fn direction(&self) -> Direction {
        self.interaction.direction
    }

    /// How often it is said; zero where the row does not take part.
    pub fn multiplicity(&self) -> KoalaBear {
        self.values[self.interaction.multiplicity.0 as usize]
    }

    /// What it adds to the balance of its bus, which is zero over all rows.
    pub fn balance(&self) -> KoalaBear {
        match self.direction() {
            Direction::Send => self.multiplicity(),
            Direction::Receive | Direction::Provide => -self.multiplicity(),
        }
    }

    /// Its fields.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = KoalaBear> {
        let fields = &self.interaction.fields;
        fields.iter().map(|field| self.values[field.0 as usize])
    }
}
