//! Computes the columns of a block's rows from its visits.

use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;
use p3_matrix::dense::RowMajorMatrix;
use rayon::prelude::*;

use super::log::{LogLayout, Visits, entry};
use super::walk::param_value;
use crate::graph::Op;
use crate::lower::{BlockTable, Extra, Hint, param_nodes, tag};
use crate::table::{Bus, Direction, Expr, Term};

/// Rows that one task fills.
const CHUNK: usize = 1 << 12;

/// How often each entry of the number tables was looked up.
#[derive(Clone, Debug)]
pub(super) struct LookupCounts {
    pub(super) range: Vec<u32>,
    pub(super) pairs: Vec<u32>,
    pub(super) ands: Vec<u32>,
}

impl LookupCounts {
    pub(super) fn new() -> Self {
        let zero = vec![0; 1 << 16];
        Self {
            range: zero.clone(),
            pairs: zero.clone(),
            ands: zero,
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        let columns = [
            (&mut self.range, &other.range),
            (&mut self.pairs, &other.pairs),
            (&mut self.ands, &other.ands),
        ];
        for (counts, other) in columns {
            for (count, other) in counts.iter_mut().zip(other) {
                *count += other;
            }
        }
    }
}

/// A lookup in a number table.
struct Lookup {
    table: NumberTable,
    fields: [Expr; 2],
    multiplicity: Expr,
}

#[derive(Clone, Copy)]
enum NumberTable {
    Range,
    Pairs,
    Ands,
}

/// What a row computes, in order.
struct Program {
    /// The terms that hints and lookups need, operands first.
    terms: Vec<Expr>,
    lookups: Vec<Lookup>,
}

impl Program {
    fn new(block: &BlockTable) -> Self {
        let body = block.table.body();
        let exprs = &body.expressions;
        let mut lookups = Vec::new();
        for interaction in &body.interactions {
            let table = match (interaction.bus, interaction.direction) {
                (Bus::Range, Direction::Send) => NumberTable::Range,
                (Bus::Data, Direction::Send) => {
                    let tag = exprs.as_constant(interaction.fields[0]);
                    match tag.map(|tag| i64::from(tag.as_canonical_u32())) {
                        Some(tag::BYTE_PAIR) => NumberTable::Pairs,
                        Some(tag::BYTE_AND) => NumberTable::Ands,
                        _ => continue,
                    }
                }
                _ => continue,
            };
            let fields = match table {
                NumberTable::Range => [interaction.fields[0]; 2],
                _ => [interaction.fields[1], interaction.fields[2]],
            };
            lookups.push(Lookup {
                table,
                fields,
                multiplicity: interaction.multiplicity,
            });
        }
        let mut wanted = vec![false; exprs.terms().len()];
        for lookup in &lookups {
            for expr in lookup.fields.iter().chain([&lookup.multiplicity]) {
                wanted[expr.0 as usize] = true;
            }
        }
        // A column's term comes after those of its hint, so one pass from the end finds everything.
        for (index, term) in exprs.terms().iter().enumerate().rev() {
            let is_column = matches!(term, Term::Column(_));
            if !wanted[index] && !is_column {
                continue;
            }
            wanted[index] = true;
            let mut want = |expr: Expr| wanted[expr.0 as usize] = true;
            match *term {
                Term::Sum(a, b) | Term::Difference(a, b) | Term::Product(a, b) => {
                    want(a);
                    want(b);
                }
                Term::Column(column) => match block.hints[column as usize] {
                    Hint::Digit { expr, .. } | Hint::Value(expr) | Hint::Inverse(expr) => {
                        want(expr)
                    }
                    Hint::InverseUnless { expr, unless } => {
                        want(expr);
                        want(unless);
                    }
                    _ => {}
                },
                Term::Constant(_) | Term::Periodic(_) => {}
            }
        }
        let terms = (0..wanted.len())
            .filter(|&i| wanted[i])
            .map(|index| Expr(index as u32))
            .collect();
        Self { terms, lookups }
    }
}

/// The rows of a block's table, padded to a power of two with rows that are not real, and what they look up.
pub(super) fn fill_block(
    block: &BlockTable,
    visits: &Visits,
    layout: LogLayout,
) -> (Option<RowMajorMatrix<KoalaBear>>, LookupCounts) {
    let rows = visits.rows();
    if rows == 0 {
        return (None, LookupCounts::new());
    }
    let width = block.hints.len();
    let program = Program::new(block);
    let mut values = vec![KoalaBear::ZERO; rows.next_power_of_two() * width];
    let counts = values[..rows * width]
        .par_chunks_mut(CHUNK * width)
        .zip(visits.log.par_chunks(CHUNK * visits.stride))
        .map(|(trace, log)| {
            let mut counts = LookupCounts::new();
            let mut filler = Filler::new(block, &program, layout);
            for (row, visit) in trace
                .chunks_exact_mut(width)
                .zip(log.chunks_exact(visits.stride))
            {
                filler.row(row, visit, &mut counts);
            }
            counts
        })
        .reduce(LookupCounts::new, |mut total, counts| {
            total.add(&counts);
            total
        });
    // A padding row is a copy of the last real one, so it satisfies every constraint, with reality 0.
    let mut padding = values[(rows - 1) * width..rows * width].to_vec();
    for (value, hint) in padding.iter_mut().zip(&block.hints) {
        if *hint == Hint::IsReal {
            *value = KoalaBear::ZERO;
        }
    }
    for row in values[rows * width..].chunks_exact_mut(width) {
        row.copy_from_slice(&padding);
    }
    (Some(RowMajorMatrix::new(values, width)), counts)
}

struct Filler<'a> {
    block: &'a BlockTable,
    program: &'a Program,
    params: Vec<u32>,
    layout: LogLayout,
    /// Concrete values of the nodes.
    nodes: Vec<u32>,
    /// Values of the terms.
    terms: Vec<KoalaBear>,
}

impl<'a> Filler<'a> {
    fn new(block: &'a BlockTable, program: &'a Program, layout: LogLayout) -> Self {
        debug_assert_eq!(param_nodes(&block.block).len(), block.slots.len());
        Self {
            block,
            program,
            params: block.slots.clone(),
            layout,
            nodes: vec![0; block.block.nodes.len()],
            terms: vec![KoalaBear::ZERO; block.table.body().expressions.terms().len()],
        }
    }

    fn row(&mut self, row: &mut [KoalaBear], visit: &[u32], counts: &mut LookupCounts) {
        self.evaluate_nodes(visit);
        let exprs = &self.block.table.body().expressions;
        for &expr in &self.program.terms {
            let value = |expr: Expr| self.terms[expr.0 as usize];
            self.terms[expr.0 as usize] = match exprs.term(expr) {
                Term::Constant(value) => value,
                Term::Sum(a, b) => value(a) + value(b),
                Term::Difference(a, b) => value(a) - value(b),
                Term::Product(a, b) => value(a) * value(b),
                Term::Periodic(_) => KoalaBear::ZERO,
                Term::Column(column) => {
                    let value = self.column(self.block.hints[column as usize], visit);
                    row[column as usize] = value;
                    value
                }
            };
        }
        for lookup in &self.program.lookups {
            let value = |expr: Expr| self.terms[expr.0 as usize].as_canonical_u32();
            if value(lookup.multiplicity) == 0 {
                continue;
            }
            let [first, second] = lookup.fields.map(value);
            let (counts, entry) = match lookup.table {
                NumberTable::Range => (&mut counts.range, first),
                NumberTable::Pairs => (&mut counts.pairs, first << 8 | second),
                NumberTable::Ands => (&mut counts.ands, first << 8 | second),
            };
            // An honest row looks up what is there; `Machine::witness` is not asked about others.
            if let Some(count) = counts.get_mut(entry as usize) {
                *count += 1;
            }
        }
    }

    fn evaluate_nodes(&mut self, visit: &[u32]) {
        let block = &self.block.block;
        for index in 0..block.nodes.len() {
            let node = crate::graph::NodeId(index as u32);
            self.nodes[index] = match block.nodes[index].op {
                Op::Param(position) => {
                    param_value(block, node, &visit[2..], self.params[position as usize])
                }
                Op::Invocation => visit[0],
                Op::Load(access) => visit[self.layout.access(access as usize) + entry::READ],
                _ => block.evaluate(node, &self.nodes),
            };
        }
    }

    fn column(&self, hint: Hint, visit: &[u32]) -> KoalaBear {
        let value = |expr: Expr| self.terms[expr.0 as usize];
        let inverse = |expr: Expr| value(expr).try_inverse().unwrap_or(KoalaBear::ZERO);
        let logged = |access: u32, at: usize| visit[self.layout.access(access as usize) + at];
        match hint {
            Hint::IsReal => KoalaBear::ONE,
            Hint::Invocation => KoalaBear::from_u32(visit[0]),
            Hint::Clock => KoalaBear::from_u32(visit[1]),
            Hint::Slot(slot) => KoalaBear::from_u32(visit[2 + slot as usize]),
            Hint::Node { node, shift, bits } => {
                let mask = ((1u64 << bits) - 1) as u32;
                KoalaBear::from_u32(self.nodes[node.0 as usize] >> shift & mask)
            }
            Hint::Digit {
                expr,
                offset,
                shift,
                bits,
            } => {
                let digit = (signed(value(expr)) + offset) >> shift & ((1 << bits) - 1);
                KoalaBear::from_u32(digit as u32)
            }
            Hint::Value(expr) => value(expr),
            Hint::Inverse(expr) => inverse(expr),
            Hint::InverseUnless { expr, unless } => {
                if value(unless).is_zero() {
                    inverse(expr)
                } else {
                    KoalaBear::ZERO
                }
            }
            Hint::Extra(extra) => KoalaBear::from_u32(match extra {
                Extra::PreviousOrder { access } => logged(access, entry::ORDER),
                Extra::PreviousParty { access } => logged(access, entry::PARTY),
                Extra::PreviousPhase { access } => logged(access, entry::PHASE),
                Extra::PreviousLimb { access, high } => {
                    let value = logged(access, entry::VALUE);
                    if high { value >> 16 } else { value & 0xffff }
                }
                Extra::Exclusive { access } => logged(access, entry::OWN),
                Extra::ChangesHands { access } => logged(access, entry::CHANGES),
                Extra::Global { access } => logged(access, entry::GLOBAL),
            }),
        }
    }
}

/// The integer of smallest absolute value that a field element stands for.
fn signed(value: KoalaBear) -> i64 {
    let value = i64::from(value.as_canonical_u32());
    let order = i64::from(KoalaBear::ORDER_U32);
    if value > order / 2 {
        value - order
    } else {
        value
    }
}
