//! Tables: columns, constraints and bus interactions, evaluated by any Plonky3 builder.
//!
//! A [`Table`] is data. Its [`Air::eval`] walks the expression DAG once in order (a `schedule`), so prover,
//! verifier and the symbolic pass all see the same polynomials. Constraints look at one row only: no table reads the
//! next row, and every interaction's multiplicity is zero on a padding row.

mod expression;
mod schedule;

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use p3_air::{Air, AirBuilder, BaseAir};
use p3_field::PrimeField32;
use p3_koala_bear::KoalaBear;
use p3_lookup::InteractionBuilder;

use crate::lower::tag;
pub(crate) use expression::{Expr, Expressions, Term};
use schedule::Schedule;

/// Largest degree of a constraint, with the bus constraints that two interactions share a column of.
pub const MAX_DEGREE: usize = 3;

/// A channel between tables. On each, what is sent equals what is received as a multiset, but for `Range`
/// and `Data`, where a receiver offers each of its messages any number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bus {
    /// `(label, invocation, clock, live values…)`: an invocation goes on at a block.
    Control,
    /// `(value)`: a 16-bit number.
    Range,
    /// `(tag, address or operands…)`: read-only words, words written once, byte operations.
    Data,
    /// `(tag, address, owner, low, high, time)`: the state of a word that is read and written.
    State,
}

impl Bus {
    /// Name on the bus argument.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Range => "range",
            Self::Data => "data",
            Self::State => "state",
        }
    }
}

/// What an interaction's multiplicity means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Sends a message, or looks one up; the multiplicity is 0 or 1.
    Send,
    /// Takes a message; the multiplicity is 0 or 1.
    Receive,
    /// Offers a message to any number of lookups; the multiplicity is that number.
    Provide,
}

/// A message of every row, with a multiplicity.
#[derive(Clone, Debug)]
pub(crate) struct Interaction {
    pub(crate) bus: Bus,
    pub(crate) direction: Direction,
    pub(crate) fields: Vec<Expr>,
    pub(crate) multiplicity: Expr,
}

/// How many rows a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Height {
    /// Exactly `2^log2`: its rows are public data or an enumeration.
    Fixed(u8),
    /// Any power of two: one row a visit, padded.
    Free,
}

/// Where a column comes from, for `inspect`.
#[derive(Clone, Debug)]
pub(crate) struct TableBody {
    pub(crate) name: String,
    pub(crate) width: usize,
    pub(crate) periodic: Vec<Vec<KoalaBear>>,
    pub(crate) expressions: Expressions,
    pub(crate) constraints: Vec<Expr>,
    pub(crate) interactions: Vec<Interaction>,
    pub(crate) height: Height,
    pub(crate) clock_weight: u64,
}

/// One AIR table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Table(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    body: TableBody,
    everything: Schedule,
    messages: Schedule,
}

impl Deref for Compiled {
    type Target = TableBody;

    fn deref(&self) -> &TableBody {
        &self.body
    }
}

impl Table {
    pub(crate) fn new(body: TableBody) -> Self {
        let terms = body.expressions.terms();
        let everything = Schedule::new(terms, &body.constraints, &body.interactions);
        let messages = Schedule::new(terms, &[], &body.interactions);
        Self(Arc::new(Compiled {
            body,
            everything,
            messages,
        }))
    }

    pub(crate) fn body(&self) -> &TableBody {
        &self.0.body
    }

    /// Evaluates the interactions alone. Enough for whoever lays out the bus argument and takes the
    /// constraints' degree from [`MAX_DEGREE`], which [`crate::Machine::compile`] holds every table to.
    pub fn eval_interactions<AB>(&self, builder: &mut AB)
    where
        AB: AirBuilder<F = KoalaBear> + InteractionBuilder,
    {
        self.0.messages.evaluate(builder);
    }

    /// A name for people, unique within a machine.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its number of rows.
    pub fn height(&self) -> Height {
        self.0.height
    }

    /// Most steps that one row adds to the clock. Summed over all rows it must stay below the field's
    /// order, or rows could feed themselves around a loop.
    pub fn clock_weight(&self) -> u64 {
        self.0.clock_weight
    }

    /// Number of main columns.
    pub fn main_width(&self) -> usize {
        self.0.width
    }

    /// Number of constraints, without those of the buses.
    pub fn constraint_count(&self) -> usize {
        self.0.constraints.len()
    }

    /// Largest degree of a constraint, without those of the buses.
    pub fn constraint_degree(&self) -> usize {
        let degree = |&expr| usize::from(self.0.expressions.degree(expr));
        self.0.constraints.iter().map(degree).max().unwrap_or(0)
    }

    /// Number of interactions on a bus.
    pub fn interaction_count(&self, bus: Bus) -> usize {
        self.0
            .interactions
            .iter()
            .filter(|interaction| interaction.bus == bus)
            .count()
    }

    /// Whether the table looks bytes up.
    pub(crate) fn looks_up_bytes(&self) -> bool {
        let is_byte_tag = |expr: Expr| {
            self.0.expressions.as_constant(expr).is_some_and(|tag| {
                [tag::BYTE_PAIR, tag::BYTE_AND].contains(&i64::from(tag.as_canonical_u32()))
            })
        };
        self.0.interactions.iter().any(|interaction| {
            interaction.bus == Bus::Data
                && interaction.fields.first().is_some_and(|&f| is_byte_tag(f))
        })
    }

    /// Extension-field columns of the bus argument: an accumulator and a fraction for every two
    /// interactions of a bus.
    pub fn auxiliary_width(&self) -> usize {
        let fractions: usize = [Bus::Control, Bus::Range, Bus::Data, Bus::State]
            .into_iter()
            .map(|bus| self.interaction_count(bus).div_ceil(2))
            .sum();
        if fractions == 0 { 0 } else { fractions + 1 }
    }
}

impl BaseAir<KoalaBear> for Table {
    fn width(&self) -> usize {
        self.0.width
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        // No `Term` reads another row.
        Vec::new()
    }

    fn num_constraints(&self) -> Option<usize> {
        Some(self.0.constraints.len())
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(MAX_DEGREE)
    }

    fn num_periodic_columns(&self) -> usize {
        self.0.periodic.len()
    }

    fn periodic_columns(&self) -> Cow<'_, [Vec<KoalaBear>]> {
        Cow::Borrowed(&self.0.periodic)
    }
}

impl<AB> Air<AB> for Table
where
    AB: AirBuilder<F = KoalaBear> + InteractionBuilder,
{
    fn eval(&self, builder: &mut AB) {
        self.0.everything.evaluate(builder);
    }
}
