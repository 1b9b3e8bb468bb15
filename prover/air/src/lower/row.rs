//! The row under construction: columns with their hints, constraints and interactions.

use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;
use rustc_hash::{FxHashMap, FxHashSet};

use super::bits::BitFunction;
use super::sum::Sum;
use crate::graph::{FlowBlock, NodeId};
use crate::machine::MAX_WIDTH;
use crate::table::{
    Bus, Direction, Expr, Expressions, Height, Interaction, MAX_DEGREE, Table, TableBody,
};

/// Leaves of an expression, written out as a tree, past which it becomes a column.
const MAX_LEAVES: u32 = 1024;

/// What execution logs for a row besides the values of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extra {
    /// Order of the state that an access finds.
    PreviousOrder { access: u32 },
    /// Party of that state.
    PreviousParty { access: u32 },
    /// Phase of that state.
    PreviousPhase { access: u32 },
    /// Low or high limb of the word before a store.
    PreviousLimb { access: u32, high: bool },
    /// Whether the invocation alone may touch the word.
    Exclusive { access: u32 },
    /// Whether the word changes hands.
    ChangesHands { access: u32 },
    /// Whether the word is that of no workgroup.
    Global { access: u32 },
}

/// How the witness computes a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// 1; padding rows are copies with 0.
    IsReal,
    /// The invocation's number.
    Invocation,
    /// The clock at the start of the visit.
    Clock,
    /// A value received on the control bus.
    Slot(u32),
    /// `bits` bits of a node's concrete value from bit `shift`.
    Node { node: NodeId, shift: u32, bits: u32 },
    /// `bits` bits from bit `shift` of an expression's value, taken as a signed integer, plus an offset.
    Digit {
        expr: Expr,
        offset: i64,
        shift: u32,
        bits: u32,
    },
    /// The value of an expression.
    Value(Expr),
    /// The inverse of an expression's value, or 0.
    Inverse(Expr),
    /// The inverse of an expression's value, or 0; 0 too where the other expression is not 0.
    InverseUnless { expr: Expr, unless: Expr },
    /// A value that execution logs.
    Extra(Extra),
}

/// Forms of a word made so far. See the module's documentation.
#[derive(Clone, Debug, Default)]
pub(super) struct Forms {
    pub(super) exact: Option<Expr>,
    pub(super) limbs: Option<[Expr; 2]>,
    pub(super) sum: Option<Sum>,
    pub(super) bits: Option<Vec<BitFunction>>,
    pub(super) bytes: Option<[Expr; 4]>,
    pub(super) sign: Option<Expr>,
}

/// A block's table and how to fill it.
#[derive(Clone, Debug)]
pub(crate) struct BlockTable {
    pub(crate) table: Table,
    /// The block, with the nodes that lowering added.
    pub(crate) block: FlowBlock,
    pub(crate) hints: Vec<Hint>,
    /// First slot of each parameter.
    pub(crate) slots: Vec<u32>,
}

/// A row under construction.
pub(super) struct RowBuilder {
    pub(super) block: FlowBlock,
    pub(super) exprs: Expressions,
    hints: Vec<Hint>,
    constraints: Vec<Expr>,
    interactions: Vec<Interaction>,
    pub(super) forms: FxHashMap<NodeId, Forms>,
    pub(super) truths: FxHashMap<NodeId, Expr>,
    pub(super) wants_bits: FxHashSet<NodeId>,
    /// Low and high part of a limb cut at a bit.
    pub(super) cuts: FxHashMap<(Expr, u32), (Expr, Expr)>,
    pub(super) is_real: Expr,
    pub(super) invocation: Expr,
    pub(super) clock: Expr,
    /// First slot of each parameter.
    pub(super) slots: Vec<u32>,
}

impl RowBuilder {
    pub(super) fn new(block: FlowBlock, slots: Vec<u32>) -> Self {
        let mut row = Self {
            wants_bits: super::bitwise::values_in_bits(&block),
            block,
            exprs: Expressions::default(),
            hints: Vec::new(),
            constraints: Vec::new(),
            interactions: Vec::new(),
            forms: FxHashMap::default(),
            truths: FxHashMap::default(),
            cuts: FxHashMap::default(),
            is_real: Expr(0),
            invocation: Expr(0),
            clock: Expr(0),
            slots,
        };
        row.is_real = row.boolean_column(Hint::IsReal);
        row.invocation = row.column(Hint::Invocation);
        row.clock = row.column(Hint::Clock);
        row
    }

    /// A new column.
    pub(super) fn column(&mut self, hint: Hint) -> Expr {
        let column = self.hints.len() as u32;
        self.hints.push(hint);
        self.exprs.column(column)
    }

    /// The width, as an error where it is past the limit.
    pub(super) fn check_width(&self) -> Result<(), usize> {
        let width = self.hints.len();
        if width > MAX_WIDTH {
            Err(width)
        } else {
            Ok(())
        }
    }

    /// A new column constrained to 0 or 1.
    pub(super) fn boolean_column(&mut self, hint: Hint) -> Expr {
        let column = self.column(hint);
        self.assert_boolean(column);
        column
    }

    /// Constrains an expression of degree one to 0 or 1.
    pub(super) fn assert_boolean(&mut self, expr: Expr) {
        let one = self.exprs.constant(1);
        let rest = self.exprs.sub(expr, one);
        let product = self.exprs.mul(expr, rest);
        self.assert_zero(product);
    }

    /// Constrains an expression to zero on every row, padding included.
    pub(super) fn assert_zero(&mut self, expr: Expr) {
        debug_assert!(usize::from(self.exprs.degree(expr)) <= MAX_DEGREE);
        if self.exprs.as_constant(expr) != Some(KoalaBear::ZERO) {
            self.constraints.push(expr);
        }
    }

    /// Makes the row impossible. For what cannot occur: better no witness than a wrong one.
    pub(super) fn refuse(&mut self) {
        let one = self.exprs.constant(1);
        self.constraints.push(one);
    }

    /// Constrains two expressions to be equal.
    pub(super) fn assert_equal(&mut self, a: Expr, b: Expr) {
        let difference = self.exprs.sub(a, b);
        self.assert_zero(difference);
    }

    /// An expression of degree at most one with the same value: itself, or a column equal to it.
    pub(super) fn linear(&mut self, expr: Expr) -> Expr {
        if self.exprs.degree(expr) <= 1 {
            return expr;
        }
        let column = self.column(Hint::Value(expr));
        self.assert_equal(column, expr);
        column
    }

    /// The same expression, or a column equal to it where writing it out would be long.
    ///
    /// Expressions are shared, but Plonky3 walks them as trees: a word doubled thirty times has 2^30 leaves.
    pub(super) fn compact(&mut self, expr: Expr) -> Expr {
        if self.exprs.leaves(expr) <= MAX_LEAVES {
            return expr;
        }
        let column = self.column(Hint::Value(expr));
        self.assert_equal(column, expr);
        column
    }

    /// The row's reality where the predicate holds: the multiplicity of what a predicate governs.
    pub(super) fn when(&mut self, predicate: Expr) -> Expr {
        self.exprs.mul(self.is_real, predicate)
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

    /// Looks a value of degree one up among the 16-bit numbers, on real rows.
    pub(super) fn range_check(&mut self, expr: Expr) {
        self.range_check_when(expr, self.is_real);
    }

    /// Looks a value of degree one up among the 16-bit numbers, `multiplicity` (0 or 1) times.
    pub(super) fn range_check_when(&mut self, expr: Expr, multiplicity: Expr) {
        self.interact(Bus::Range, Direction::Send, vec![expr], multiplicity);
    }

    /// Finishes the table. Messages on the control and state bus are padded to so many fields.
    pub(super) fn finish(
        mut self,
        name: String,
        [control_width, state_width]: [usize; 2],
        clock_weight: u64,
    ) -> BlockTable {
        let zero = self.exprs.constant(0);
        for interaction in &mut self.interactions {
            match interaction.bus {
                Bus::Control => interaction.fields.resize(control_width, zero),
                Bus::State => interaction.fields.resize(state_width, zero),
                Bus::Range | Bus::Data => {}
            }
        }
        BlockTable {
            table: Table::new(TableBody {
                name,
                width: self.hints.len(),
                periodic: Vec::new(),
                expressions: self.exprs,
                constraints: self.constraints,
                interactions: self.interactions,
                height: Height::Free,
                clock_weight,
            }),
            block: self.block,
            hints: self.hints,
            slots: self.slots,
        }
    }
}
