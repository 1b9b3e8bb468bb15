//! Polynomials over the columns of one row, as a hash-consed DAG.

use std::hash::{BuildHasher, BuildHasherDefault};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_koala_bear::KoalaBear;
use rustc_hash::FxHasher;

/// An expression of a table: an index into its [`Expressions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Expr(pub(crate) u32);

/// One node of the DAG; operands come before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Term {
    Constant(KoalaBear),
    /// A main column of the row.
    Column(u32),
    /// A periodic column: public data. Constraints see it, buses do not.
    Periodic(u32),
    Sum(Expr, Expr),
    Difference(Expr, Expr),
    Product(Expr, Expr),
}

/// The expressions of one table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expressions {
    terms: Vec<Term>,
    degrees: Vec<u8>,
    /// Leaves of each term, written out as a tree.
    leaves: Vec<u32>,
    /// Every expression, found by its term. Indices alone keep the table small enough for a cache.
    consed: HashTable<Expr>,
}

fn hash(term: Term) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(term)
}

impl Expressions {
    pub(crate) fn terms(&self) -> &[Term] {
        &self.terms
    }

    pub(crate) fn term(&self, expr: Expr) -> Term {
        self.terms[expr.0 as usize]
    }

    /// Total degree in the columns.
    pub(crate) fn degree(&self, expr: Expr) -> u8 {
        self.degrees[expr.0 as usize]
    }

    /// Leaves of the expression written out as a tree, which is how Plonky3 walks it; saturates.
    pub(crate) fn leaves(&self, expr: Expr) -> u32 {
        self.leaves[expr.0 as usize]
    }

    pub(crate) fn as_constant(&self, expr: Expr) -> Option<KoalaBear> {
        match self.term(expr) {
            Term::Constant(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn push(&mut self, term: Term) -> Expr {
        let terms = &self.terms;
        let place = match self.consed.entry(
            hash(term),
            |found| terms[found.0 as usize] == term,
            |moved| hash(terms[moved.0 as usize]),
        ) {
            Entry::Occupied(found) => return *found.get(),
            Entry::Vacant(place) => place,
        };
        let degree_of = |expr: Expr| self.degrees[expr.0 as usize];
        let leaves_of = |expr: Expr| self.leaves[expr.0 as usize];
        let (degree, leaves) = match term {
            Term::Constant(_) => (0, 1),
            Term::Column(_) | Term::Periodic(_) => (1, 1),
            Term::Sum(a, b) | Term::Difference(a, b) => (
                degree_of(a).max(degree_of(b)),
                leaves_of(a).saturating_add(leaves_of(b)),
            ),
            Term::Product(a, b) => (
                degree_of(a) + degree_of(b),
                leaves_of(a).saturating_add(leaves_of(b)),
            ),
        };
        let expr = Expr(self.terms.len() as u32);
        place.insert(expr);
        self.terms.push(term);
        self.degrees.push(degree);
        self.leaves.push(leaves);
        expr
    }

    pub(crate) fn field(&mut self, value: KoalaBear) -> Expr {
        self.push(Term::Constant(value))
    }

    pub(crate) fn constant(&mut self, value: i64) -> Expr {
        self.field(KoalaBear::from_i64(value))
    }

    pub(crate) fn column(&mut self, column: u32) -> Expr {
        self.push(Term::Column(column))
    }

    pub(crate) fn periodic(&mut self, column: u32) -> Expr {
        self.push(Term::Periodic(column))
    }

    pub(crate) fn add(&mut self, a: Expr, b: Expr) -> Expr {
        match (self.as_constant(a), self.as_constant(b)) {
            (Some(x), Some(y)) => self.field(x + y),
            (Some(KoalaBear::ZERO), _) => b,
            (_, Some(KoalaBear::ZERO)) => a,
            _ => self.push(Term::Sum(a, b)),
        }
    }

    pub(crate) fn sub(&mut self, a: Expr, b: Expr) -> Expr {
        match (self.as_constant(a), self.as_constant(b)) {
            (Some(x), Some(y)) => self.field(x - y),
            (_, Some(KoalaBear::ZERO)) => a,
            _ if a == b => self.field(KoalaBear::ZERO),
            _ => self.push(Term::Difference(a, b)),
        }
    }

    pub(crate) fn mul(&mut self, a: Expr, b: Expr) -> Expr {
        match (self.as_constant(a), self.as_constant(b)) {
            (Some(x), Some(y)) => self.field(x * y),
            (Some(KoalaBear::ZERO), _) | (_, Some(KoalaBear::ZERO)) => self.field(KoalaBear::ZERO),
            (Some(KoalaBear::ONE), _) => b,
            (_, Some(KoalaBear::ONE)) => a,
            _ => self.push(Term::Product(a, b)),
        }
    }

    pub(crate) fn scale(&mut self, a: Expr, by: i64) -> Expr {
        let by = self.constant(by);
        self.mul(a, by)
    }

    /// `a / 2^bits` in the field.
    pub(crate) fn divide_by_power(&mut self, a: Expr, bits: u32) -> Expr {
        let inverse = self.field(KoalaBear::from_u32(1 << bits).inverse());
        self.mul(a, inverse)
    }

    pub(crate) fn sum(&mut self, terms: impl IntoIterator<Item = Expr>) -> Expr {
        let zero = self.constant(0);
        terms
            .into_iter()
            .fold(zero, |sum, term| self.add(sum, term))
    }

    /// `Σ 2^i · bits[i]`, by doubling from the top. Doubling multiplies rather than adds the sum to itself:
    /// Plonky3 walks expressions as trees, and a tree of sixteen such additions has 2^16 leaves.
    pub(crate) fn compose(&mut self, bits: &[Expr]) -> Expr {
        let (zero, two) = (self.constant(0), self.constant(2));
        bits.iter().rev().fold(zero, |sum, &bit| {
            let doubled = self.mul(sum, two);
            self.add(doubled, bit)
        })
    }
}
