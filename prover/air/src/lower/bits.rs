//! Boolean functions of up to three columns.
//!
//! A bit of a word is a truth table over at most three boolean columns (*atoms*), so that rotations,
//! masks and chains like `(e & f) ^ (~e & g)` take no columns: the polynomial of the whole function is at
//! most cubic. A function that would need a fourth atom becomes a column first.

use super::row::{Hint, RowBuilder};
use crate::table::Expr;

/// Most atoms of a function; a multilinear polynomial in them has at most this degree.
const MAX_ATOMS: usize = 3;

/// For each atom, the rows of a truth table where it is 0.
const OFF: [u8; MAX_ATOMS] = [0b0101_0101, 0b0011_0011, 0b0000_1111];

/// A boolean function of atoms, which are boolean columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct BitFunction {
    /// The atoms in increasing order; those past `count` are unused.
    atoms: [Expr; MAX_ATOMS],
    count: u8,
    /// Bit `Σ 2^j·atom_j` is the function's value there.
    table: u8,
}

impl BitFunction {
    pub(super) const ZERO: Self = Self::constant(false);

    pub(super) const fn constant(value: bool) -> Self {
        Self {
            atoms: [Expr(0); MAX_ATOMS],
            count: 0,
            table: value as u8,
        }
    }

    /// The function whose value is the atom's. The expression must be a boolean column.
    pub(super) const fn atom(column: Expr) -> Self {
        Self {
            atoms: [column, Expr(0), Expr(0)],
            count: 1,
            table: 0b10,
        }
    }

    pub(super) fn not(self) -> Self {
        let rows = 1u16 << (1 << self.count);
        Self {
            table: !self.table & (rows - 1) as u8,
            ..self
        }
    }

    pub(super) fn as_constant(self) -> Option<bool> {
        (self.count == 0).then_some(self.table & 1 == 1)
    }

    /// Whether the function is one atom itself.
    pub(super) fn is_atom(self) -> bool {
        self.count == 1 && self.table == 0b10
    }

    pub(super) const fn atom_count(&self) -> u8 {
        self.count
    }

    fn atoms(&self) -> &[Expr] {
        &self.atoms[..usize::from(self.count)]
    }

    /// Adds an atom to atoms in increasing order; false where there is no room.
    fn insert(atoms: &mut [Expr; MAX_ATOMS], count: &mut usize, atom: Expr) -> bool {
        let mut at = 0;
        while at < *count && atoms[at] < atom {
            at += 1;
        }
        if at < *count && atoms[at] == atom {
            return true;
        }
        if *count == MAX_ATOMS {
            return false;
        }
        atoms.copy_within(at..*count, at + 1);
        atoms[at] = atom;
        *count += 1;
        true
    }

    /// The truth table over these atoms, which the function's are among.
    fn spread(&self, atoms: &[Expr]) -> u8 {
        let mut table = 0;
        for row in 0..1usize << atoms.len() {
            let mut own = 0;
            for (j, &atom) in self.atoms().iter().enumerate() {
                let at = atoms.iter().position(|&other| other == atom).unwrap_or(0);
                own |= (row >> at & 1) << j;
            }
            table |= (self.table >> own & 1) << row;
        }
        table
    }

    /// `combine` of several functions, where their atoms together are at most three.
    pub(super) fn combine<const N: usize>(
        functions: [Self; N],
        combine: impl Fn([bool; N]) -> bool,
    ) -> Option<Self> {
        let (mut atoms, mut count) = ([Expr(0); MAX_ATOMS], 0);
        for function in &functions {
            for &atom in function.atoms() {
                if !Self::insert(&mut atoms, &mut count, atom) {
                    return None;
                }
            }
        }
        let tables = functions.map(|function| function.spread(&atoms[..count]));
        let mut table = 0u8;
        for row in 0..1 << count {
            table |= u8::from(combine(tables.map(|table| table >> row & 1 == 1))) << row;
        }
        let result = Self {
            atoms,
            count: count as u8,
            table,
        };
        Some(result.without_idle_atoms())
    }

    /// The function of all atoms but the last with this truth table.
    fn restricted(self, table: u8) -> Self {
        let count = self.count - 1;
        let mut atoms = self.atoms;
        atoms[usize::from(count)] = Expr(0);
        Self {
            atoms,
            count,
            table,
        }
        .without_idle_atoms()
    }

    /// Drops atoms that the value does not depend on.
    fn without_idle_atoms(self) -> Self {
        for (j, off) in OFF.iter().enumerate().take(usize::from(self.count)) {
            // The rows where the atom is 0, among those of the function.
            let off = off & (((1u16 << (1 << self.count)) - 1) as u8);
            if self.table & off == self.table >> (1 << j) & off {
                let mut kept = Self {
                    atoms: [Expr(0); MAX_ATOMS],
                    count: self.count - 1,
                    table: 0,
                };
                let mut position = 0;
                for (i, &atom) in self.atoms().iter().enumerate() {
                    if i != j {
                        kept.atoms[position] = atom;
                        position += 1;
                    }
                }
                for row in 0..1usize << kept.count {
                    let low = row & ((1 << j) - 1);
                    let source = low | (row >> j) << (j + 1);
                    kept.table |= (self.table >> source & 1) << row;
                }
                return kept.without_idle_atoms();
            }
        }
        self
    }
}

impl RowBuilder {
    /// The multilinear polynomial of a function, nested by atoms: `f = f₀ + x·(f₁ − f₀)`. Where the halves
    /// are each other's negation, `f₁ − f₀ = 1 − 2·f₀`, so a chain of exclusive ors stays linear in size.
    pub(super) fn bit(&mut self, function: BitFunction) -> Expr {
        if let Some(value) = function.as_constant() {
            return self.exprs.constant(i64::from(value));
        }
        let last = usize::from(function.count) - 1;
        let rows = 1 << last;
        let low = function.restricted(function.table & ((1u16 << rows) - 1) as u8);
        let high = function.restricted(function.table >> rows);
        let base = self.bit(low);
        let slope = if high == low.not() {
            let one = self.exprs.constant(1);
            let twice = self.exprs.scale(base, 2);
            self.exprs.sub(one, twice)
        } else {
            let high = self.bit(high);
            self.exprs.sub(high, base)
        };
        let scaled = self.exprs.mul(slope, function.atoms[last]);
        self.exprs.add(base, scaled)
    }

    /// The function as one atom or a constant: itself, or a column equal to it.
    pub(super) fn as_atom(&mut self, function: BitFunction) -> BitFunction {
        if function.is_atom() || function.as_constant().is_some() {
            return function;
        }
        let value = self.bit(function);
        let column = self.column(Hint::Value(value));
        self.assert_equal(column, value);
        BitFunction::atom(column)
    }

    /// `combine` of two functions; makes columns of them where they have too many atoms.
    pub(super) fn combine_bits(
        &mut self,
        functions: [BitFunction; 2],
        combine: impl Fn([bool; 2]) -> bool + Copy,
    ) -> BitFunction {
        BitFunction::combine(functions, combine).unwrap_or_else(|| {
            let atoms = functions.map(|function| self.as_atom(function));
            // Two atoms always combine.
            BitFunction::combine(atoms, combine).unwrap_or(BitFunction::ZERO)
        })
    }

    /// A boolean expression of degree one as a function.
    pub(super) fn truth_function(&mut self, truth: Expr) -> BitFunction {
        use crate::table::Term;
        use p3_field::PrimeCharacteristicRing;
        use p3_koala_bear::KoalaBear;
        match self.exprs.term(truth) {
            Term::Constant(value) => BitFunction::constant(value == KoalaBear::ONE),
            Term::Column(_) => BitFunction::atom(truth),
            Term::Difference(one, column)
                if self.exprs.as_constant(one) == Some(KoalaBear::ONE)
                    && matches!(self.exprs.term(column), Term::Column(_)) =>
            {
                BitFunction::atom(column).not()
            }
            _ => {
                let column = self.column(Hint::Value(truth));
                self.assert_equal(column, truth);
                BitFunction::atom(column)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_atoms_are_dropped_and_constants_found() {
        let (a, b) = (BitFunction::atom(Expr(1)), BitFunction::atom(Expr(2)));
        let xor = |[x, y]: [bool; 2]| x ^ y;
        let both = BitFunction::combine([a, b], xor).unwrap();
        assert_eq!(both.count, 2);
        assert_eq!(BitFunction::combine([both, b], xor), Some(a));
        assert_eq!(BitFunction::combine([a, a], xor), Some(BitFunction::ZERO));
        assert_eq!(BitFunction::constant(true).not(), BitFunction::ZERO);
    }

    #[test]
    fn a_fourth_atom_is_refused() {
        let atoms = [1, 2, 3, 4].map(|i| BitFunction::atom(Expr(i)));
        let and = |[x, y]: [bool; 2]| x & y;
        let left = BitFunction::combine([atoms[0], atoms[1]], and).unwrap();
        let right = BitFunction::combine([atoms[2], atoms[3]], and).unwrap();
        assert_eq!(BitFunction::combine([left, right], and), None);
        assert!(BitFunction::combine([left, atoms[2]], and).is_some());
    }

    #[test]
    fn choose_is_one_function_of_three_atoms() {
        let [e, f, g] = [1, 2, 3].map(|i| BitFunction::atom(Expr(i)));
        let and = |[x, y]: [bool; 2]| x & y;
        let accept = BitFunction::combine([e, f], and).unwrap();
        let reject = BitFunction::combine([e.not(), g], and).unwrap();
        let choose = BitFunction::combine([accept, reject], |[x, y]| x ^ y).unwrap();
        assert_eq!(choose.atoms(), [1, 2, 3].map(Expr));
        for row in 0..8 {
            let value = choose.table >> row & 1 == 1;
            let expected = if row & 1 == 1 {
                row >> 1 & 1
            } else {
                row >> 2 & 1
            };
            assert_eq!(value, expected == 1);
        }
    }
}
