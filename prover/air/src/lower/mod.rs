//! From flow blocks to tables: which columns a row has and what constrains them.
//!
//! Lowering is driven by demand. The accesses and exits of a block ask for the values they need, each value
//! asks for its operands, and every request is in a *form* (`word`): an exact field element, two 16-bit
//! limbs, an unreduced sum, bits, or bytes. A form is made once; most are linear in others and take no
//! column. Truth values are boolean expressions of degree one (`truth`).
//!
//! Every column has a [`Hint`] that computes it from the visit it describes and the columns before it, so
//! the honest witness follows from the same pass that makes the constraints.
//!
//! Invariant of every form: given that the operands' forms are right on a row with `is_real = 1`, the
//! constraints and lookups added here admit exactly one value for the result's. Forms of values that a
//! predicate switched off may be anything in the field; they only reach selections that reject them and
//! interactions of multiplicity zero.

mod arithmetic;
mod bits;
mod bitwise;
mod chain;
mod compare;
mod control;
mod divide;
mod memory;
mod message;
mod plan;
mod row;
mod shift;
mod sum;
mod truth;
mod word;

#[cfg(test)]
mod tests;

pub(crate) use chain::Sites;
pub(crate) use control::{
    ControlPlan, RETURN_LABEL, SlotContent, SlotSource, is_one_slot, label, lower_block,
    param_nodes,
};
pub(crate) use message::{DATA_WIDTH, party, tag};
pub(crate) use plan::MemoryPlan;
pub(crate) use row::{BlockTable, Extra, Hint};
