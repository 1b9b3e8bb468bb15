//! The tables of 16-bit numbers and of byte pairs.

use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;
use p3_matrix::dense::RowMajorMatrix;

use super::FixedBuilder;
use crate::lower::{DATA_WIDTH, tag};
use crate::table::{Bus, Direction, Table};

/// Every 16-bit number, offered to any number of lookups.
pub(crate) fn range_table() -> Table {
    let mut table = FixedBuilder::new(16);
    let number = table.public_column(|row| row as u32);
    let count = table.column();
    table.interact(Bus::Range, Direction::Provide, vec![number], count);
    table.finish("numbers".to_owned())
}

/// Its rows from how often each number was looked up.
pub(crate) fn fill_range(counts: &[u32]) -> RowMajorMatrix<KoalaBear> {
    let values = counts
        .iter()
        .enumerate()
        .flat_map(|(row, &count)| [row as u32, count].map(KoalaBear::from_u32))
        .collect();
    RowMajorMatrix::new(values, 2)
}

/// Every pair of bytes with their conjunction.
pub(crate) fn byte_table() -> Table {
    let mut table = FixedBuilder::new(16);
    let x = table.public_column(|row| row as u32 >> 8);
    let y = table.public_column(|row| row as u32 & 0xff);
    let both = table.public_column(|row| row as u32 >> 8 & row as u32 & 0xff);
    let (pairs, ands) = (table.column(), table.column());
    let zero = table.exprs.constant(0);
    for (tag, third, count) in [(tag::BYTE_PAIR, zero, pairs), (tag::BYTE_AND, both, ands)] {
        let tag = table.exprs.constant(tag);
        let mut fields = vec![tag, x, y, third];
        fields.resize(DATA_WIDTH, zero);
        table.interact(Bus::Data, Direction::Provide, fields, count);
    }
    table.finish("bytes".to_owned())
}

/// Its rows from how often each pair was looked up, alone and with its conjunction.
pub(crate) fn fill_bytes(pairs: &[u32], ands: &[u32]) -> RowMajorMatrix<KoalaBear> {
    let values = pairs
        .iter()
        .zip(ands)
        .enumerate()
        .flat_map(|(row, (&pairs, &ands))| {
            let (x, y) = (row as u32 >> 8, row as u32 & 0xff);
            [x, y, x & y, pairs, ands].map(KoalaBear::from_u32)
        })
        .collect();
    RowMajorMatrix::new(values, 5)
}
