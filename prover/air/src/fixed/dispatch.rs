//! The dispatch table: each invocation once, from its entry to its exit.
//!
//! Row `i` is invocation `i`; rows past the last say nothing. It sends the invocation to the entry block with
//! clock 0 and the values of the dispatch that the block takes, and receives it back with a clock of at most the
//! statement's steps.

use arknet_workload::job::{Dispatch, Invocation};
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::KoalaBear;
use p3_matrix::dense::RowMajorMatrix;

use super::{FixedBuilder, log_height};
use crate::graph::{BlockId, Key, Target};
use crate::lower::{RETURN_LABEL, SlotContent, label};
use crate::table::{Bus, Direction, Table};

/// Bits of the difference between the proven bound of steps and an invocation's clock.
fn slack_bits(steps: u32) -> u32 {
    32 - steps.leading_zeros()
}

/// What the entry's slots hold.
fn entry_values<'a>(
    params: &'a [Key],
    contents: &'a [SlotContent],
) -> impl Iterator<Item = Option<Key>> + 'a {
    contents.iter().map(|content| match content {
        SlotContent::Param(position, _) => Some(params[*position as usize]),
        SlotContent::Zero | SlotContent::Junk => None,
    })
}

/// What a slot of the message to an invocation's entry holds.
fn entry_value(dispatch: &Dispatch, invocation: u32, key: Key) -> u32 {
    let value = key.at_entry(dispatch, Invocation(invocation));
    value.unwrap_or(0)
}

/// The table. `contents` are the entry block's slots, each at most one value of the dispatch.
pub(crate) fn dispatch_table(
    dispatch: &Dispatch,
    params: &[Key],
    contents: &[SlotContent],
    steps: u32,
) -> Table {
    let invocations = dispatch.invocations();
    let mut table = FixedBuilder::new(log_height(u64::from(invocations)));
    let is_real = |row: usize| (row as u64) < u64::from(invocations);
    let real = table.public_column(|row| u32::from(is_real(row)));
    let invocation = table.public_column(|row| row as u32);
    let zero = table.exprs.constant(0);
    let entry = table.exprs.constant(label(Target::Block(BlockId(0))));
    let mut sent = vec![entry, invocation, zero];
    for key in entry_values(params, contents) {
        sent.push(match key {
            Some(key) => table.public_column(|row| {
                if is_real(row) {
                    entry_value(dispatch, row as u32, key)
                } else {
                    0
                }
            }),
            None => zero,
        });
    }
    table.interact(Bus::Control, Direction::Send, sent, real);

    let bits: Vec<_> = (0..slack_bits(steps))
        .map(|_| table.boolean_column())
        .collect();
    let slack = table.exprs.compose(&bits);
    let bound = table.exprs.constant(i64::from(steps));
    let clock = table.exprs.sub(bound, slack);
    let exit = table.exprs.constant(RETURN_LABEL);
    let mut received = vec![exit, invocation, clock];
    received.resize(received.len() + contents.len(), zero);
    table.interact(Bus::Control, Direction::Receive, received, real);
    table.finish("dispatch".to_owned())
}

/// Its rows: the final clock of each invocation.
pub(crate) fn fill_dispatch(
    table: &Table,
    dispatch: &Dispatch,
    params: &[Key],
    contents: &[SlotContent],
    steps: u32,
    clocks: &[u32],
) -> RowMajorMatrix<KoalaBear> {
    let body = table.body();
    let rows = body.periodic[0].len();
    let keys: Vec<_> = entry_values(params, contents).flatten().collect();
    let mut values = Vec::with_capacity(rows * body.width);
    for row in 0..rows {
        let clock = clocks.get(row).copied();
        values.push(KoalaBear::from_bool(clock.is_some()));
        values.push(KoalaBear::from_u32(row as u32));
        for &key in &keys {
            let value = clock.map_or(0, |_| entry_value(dispatch, row as u32, key));
            values.push(KoalaBear::from_u32(value));
        }
        let slack = clock.map_or(0, |clock| steps.saturating_sub(clock));
        values.extend((0..slack_bits(steps)).map(|i| KoalaBear::from_u32(slack >> i & 1)));
    }
    RowMajorMatrix::new(values, body.width)
}
