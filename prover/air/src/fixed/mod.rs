//! Tables whose rows are public or an enumeration: the dispatch, the memories, the number tables.
//!
//! Public data enters as periodic columns of full height, which the verifier evaluates itself; buses do not
//! see those, so each has a main column constrained to equal it. Memory tables hold [`lanes`] words in a row,
//! because the verifier's work is linear in rows times columns with a far larger share for the rows.

mod dispatch;
mod memory;
mod number;

use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;

use crate::table::{
    Bus, Direction, Expr, Expressions, Height, Interaction, MAX_DEGREE, Table, TableBody,
};

pub(crate) use dispatch::{dispatch_table, fill_dispatch};
pub(crate) use memory::{MemoryTable, WordState, fill_memory, memory_table};
pub(crate) use number::{byte_table, fill_bytes, fill_range, range_table};

/// A fixed table under construction.
pub(super) struct FixedBuilder {
    pub(super) exprs: Expressions,
    width: u32,
    periodic: Vec<Vec<KoalaBear>>,
    constraints: Vec<Expr>,
    interactions: Vec<Interaction>,
    log_height: u8,
}

impl FixedBuilder {
    pub(super) fn new(log_height: u8) -> Self {
        Self {
            exprs: Expressions::default(),
            width: 0,
            periodic: Vec::new(),
            constraints: Vec::new(),
            interactions: Vec::new(),
            log_height,
        }
    }

    pub(super) fn rows(&self) -> usize {
        1 << self.log_height
    }

    pub(super) fn column(&mut self) -> Expr {
        self.width += 1;
        self.exprs.column(self.width - 1)
    }

    pub(super) fn boolean_column(&mut self) -> Expr {
        let column = self.column();
        let square = self.exprs.mul(column, column);
        self.assert_equal(square, column);
        column
    }

    /// A periodic column of the table's height; constraints see it, buses do not.
    pub(super) fn periodic(&mut self, value: impl Fn(usize) -> u32) -> Expr {
        let values = (0..self.rows())
            .map(|row| KoalaBear::from_u32(value(row)))
            .collect();
        self.periodic.push(values);
        self.exprs.periodic(self.periodic.len() as u32 - 1)
    }

    /// A main column that holds public values.
    pub(super) fn public_column(&mut self, value: impl Fn(usize) -> u32) -> Expr {
        let public = self.periodic(value);
        let column = self.column();
        self.assert_equal(column, public);
        column
    }

    pub(super) fn assert_zero(&mut self, expr: Expr) {
        debug_assert!(usize::from(self.exprs.degree(expr)) <= MAX_DEGREE);
        self.constraints.push(expr);
    }

    pub(super) fn assert_equal(&mut self, a: Expr, b: Expr) {
        let difference = self.exprs.sub(a, b);
        self.assert_zero(difference);
    }

    /// `a · b = 0`.
    pub(super) fn assert_product_zero(&mut self, a: Expr, b: Expr) {
        let product = self.exprs.mul(a, b);
        self.assert_zero(product);
    }

    pub(super) fn interact(
        &mut self,
        bus: Bus,
        direction: Direction,
        fields: Vec<Expr>,
        multiplicity: Expr,
    ) {
        self.interactions.push(Interaction {
            bus,
            direction,
            fields,
            multiplicity,
        });
    }

    pub(super) fn finish(self, name: String) -> Table {
        Table::new(TableBody {
            name,
            width: self.width as usize,
            periodic: self.periodic,
            expressions: self.exprs,
            constraints: self.constraints,
            interactions: self.interactions,
            height: Height::Fixed(self.log_height),
            clock_weight: 0,
        })
    }
}

/// The smallest `log2` of a power of two that holds `rows`.
pub(crate) fn log_height(rows: u64) -> u8 {
    rows.max(1).next_power_of_two().trailing_zeros() as u8
}
