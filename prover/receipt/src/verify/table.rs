//! A table as the verifier needs it.
//!
//! Plonky3's verifier evaluates an AIR twice over: symbolically, to lay out the bus argument and to find the
//! number of quotient chunks, and at one point, to check the constraints. The symbolic passes build a tree of
//! every constraint for the sake of its degree alone, which for wide tables takes far longer than the check.
//! Here they see the interactions only. The number of chunks stays right because every table declares
//! [`arknet_air::MAX_DEGREE`], which its compiler enforces and Plonky3 takes as a lower bound; were it wrong, honest
//! proofs would fail, not false ones pass, since the check at the point evaluates everything.

use std::borrow::Cow;

use arknet_air::Table;
use p3_air::{Air, BaseAir};
use p3_batch_stark::folder::VerifierConstraintFolderWithLookups;
use p3_field::ExtensionField;
use p3_koala_bear::KoalaBear;
use p3_lookup::InteractionSymbolicBuilder;

use crate::config::{ChallengeField, Config};

/// A table whose symbolic evaluation leaves the constraints out.
#[derive(Clone, Debug)]
pub(super) struct VerifierTable(pub(super) Table);

impl BaseAir<KoalaBear> for VerifierTable {
    fn width(&self) -> usize {
        self.0.width()
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        self.0.main_next_row_columns()
    }

    fn num_constraints(&self) -> Option<usize> {
        self.0.num_constraints()
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        self.0.max_constraint_degree()
    }

    fn num_periodic_columns(&self) -> usize {
        self.0.num_periodic_columns()
    }

    fn periodic_columns(&self) -> Cow<'_, [Vec<KoalaBear>]> {
        self.0.periodic_columns()
    }
}

impl<EF: ExtensionField<KoalaBear>> Air<InteractionSymbolicBuilder<KoalaBear, EF>>
    for VerifierTable
{
    fn eval(&self, builder: &mut InteractionSymbolicBuilder<KoalaBear, EF>) {
        self.0.eval_interactions(builder);
    }
}

impl<'a, EF: ChallengeField> Air<VerifierConstraintFolderWithLookups<'a, Config<EF>>>
    for VerifierTable
{
    fn eval(&self, builder: &mut VerifierConstraintFolderWithLookups<'a, Config<EF>>) {
        self.0.eval(builder);
    }
}
