//! What an evaluation computes, in order: the terms that something asks for, renumbered without gaps.

use p3_air::{AirBuilder, WindowAccess};
use p3_koala_bear::KoalaBear;
use p3_lookup::{Count, InteractionBuilder};

use super::{Direction, Expr, Interaction, Term};

/// A list of terms and the constraints and interactions that are made of them.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    terms: Vec<Term>,
    constraints: Vec<Expr>,
    interactions: Vec<Interaction>,
}

impl Schedule {
    /// Keeps of `terms` what the constraints and interactions depend on.
    pub(super) fn new(terms: &[Term], constraints: &[Expr], interactions: &[Interaction]) -> Self {
        let mut wanted = vec![false; terms.len()];
        let messages = interactions
            .iter()
            .flat_map(|interaction| interaction.fields.iter().chain([&interaction.multiplicity]));
        for expr in constraints.iter().chain(messages) {
            wanted[expr.0 as usize] = true;
        }
        for (index, term) in terms.iter().enumerate().rev() {
            if let (true, Term::Sum(a, b) | Term::Difference(a, b) | Term::Product(a, b)) =
                (wanted[index], *term)
            {
                wanted[a.0 as usize] = true;
                wanted[b.0 as usize] = true;
            }
        }
        let mut positions = vec![Expr(u32::MAX); terms.len()];
        let mut kept = Vec::new();
        for (index, &term) in terms.iter().enumerate().filter(|(index, _)| wanted[*index]) {
            let at = |expr: Expr| positions[expr.0 as usize];
            kept.push(match term {
                Term::Sum(a, b) => Term::Sum(at(a), at(b)),
                Term::Difference(a, b) => Term::Difference(at(a), at(b)),
                Term::Product(a, b) => Term::Product(at(a), at(b)),
                Term::Constant(_) | Term::Column(_) | Term::Periodic(_) => term,
            });
            positions[index] = Expr(kept.len() as u32 - 1);
        }
        let at = |expr: &Expr| positions[expr.0 as usize];
        Self {
            terms: kept,
            constraints: constraints.iter().map(at).collect(),
            interactions: interactions
                .iter()
                .map(|interaction| Interaction {
                    bus: interaction.bus,
                    direction: interaction.direction,
                    fields: interaction.fields.iter().map(at).collect(),
                    multiplicity: at(&interaction.multiplicity),
                })
                .collect(),
        }
    }

    /// Evaluates the terms on a row and hands constraints and interactions to the builder.
    pub(super) fn evaluate<AB>(&self, builder: &mut AB)
    where
        AB: AirBuilder<F = KoalaBear> + InteractionBuilder,
    {
        let mut values: Vec<AB::Expr> = Vec::with_capacity(self.terms.len());
        {
            let main = builder.main();
            let row = main.current_slice();
            for term in &self.terms {
                let value = |expr: Expr| values[expr.0 as usize].clone();
                let value = match *term {
                    Term::Constant(value) => AB::Expr::from(value),
                    Term::Column(column) => row[column as usize].into(),
                    Term::Periodic(column) => builder.periodic_values()[column as usize].into(),
                    Term::Sum(a, b) => value(a) + value(b),
                    Term::Difference(a, b) => value(a) - value(b),
                    Term::Product(a, b) => value(a) * value(b),
                };
                values.push(value);
            }
        }
        let value = |expr: Expr| values[expr.0 as usize].clone();
        for &constraint in &self.constraints {
            builder.assert_zero(value(constraint));
        }
        for interaction in &self.interactions {
            let multiplicity = value(interaction.multiplicity);
            let count = match interaction.direction {
                Direction::Send => Count::bounded(multiplicity, 1),
                Direction::Receive => -Count::bounded(multiplicity, 1),
                Direction::Provide => Count::provided(-multiplicity),
            };
            builder.push_interaction(
                interaction.bus.name(),
                interaction.fields.iter().map(|&field| value(field)),
                count,
            );
        }
    }
}
