//! Which of the compiled tables a proof is about, and how tall they are.
//!
//! A statement compiles to a list of tables. Those whose height follows from the statement must be there
//! with that height; the others may have any height the preset allows, or be left out when no row visits
//! them: an absent table sends and receives nothing, so the buses balance without it or not at all.

use arknet_air::{Height, MAX_STEPS, Table};
use p3_field::PrimeField64;
use p3_koala_bear::KoalaBear;

use crate::preset::Preset;

/// A table that a statement compiles to.
#[derive(Clone, Debug)]
pub struct Slot<A> {
    /// What messages call it.
    pub name: String,
    /// Its height.
    pub rule: Height,
    /// The most that one of its rows adds to an invocation's clock.
    pub clock_weight: u64,
    /// Its constraints.
    pub air: A,
}

impl<A> Slot<A> {
    /// The same table with other constraints.
    pub fn map<B>(self, air: impl FnOnce(A) -> B) -> Slot<B> {
        let Self {
            name,
            rule,
            clock_weight,
            air: old,
        } = self;
        Slot {
            name,
            rule,
            clock_weight,
            air: air(old),
        }
    }
}

impl From<Table> for Slot<Table> {
    fn from(table: Table) -> Self {
        Self {
            name: table.name().to_owned(),
            rule: table.height(),
            clock_weight: table.clock_weight(),
            air: table,
        }
    }
}

/// The tables that are in a proof, in the order of the statement, as three lists of one length.
#[derive(Clone, Debug)]
pub struct Placed<A> {
    /// Their names.
    pub names: Vec<String>,
    /// log2 of their rows.
    pub log_heights: Vec<u8>,
    /// Their constraints.
    pub airs: Vec<A>,
}

/// Why heights do not go with a statement's tables.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeights {
    /// Not one entry per table.
    #[error("the statement has {expected} tables, the seal lists {got}")]
    Count {
        /// Tables of the statement.
        expected: usize,
        /// Entries of the seal.
        got: usize,
    },
    /// A table of known height that is missing or has another.
    #[error("table `{table}` has 2^{expected} rows, the seal says {}", rows(*got))]
    Fixed {
        /// The table.
        table: String,
        /// log2 of the rows it has.
        expected: u8,
        /// What the seal says.
        got: Option<u8>,
    },
    /// A table past the preset's limit.
    #[error("table `{table}` has 2^{got} rows, preset {preset} allows 2^{limit}")]
    TooTall {
        /// The table.
        table: String,
        /// log2 of its rows.
        got: u8,
        /// The preset.
        preset: Preset,
        /// log2 of the rows it allows.
        limit: u8,
    },
    /// Clocks that could come round in the field and let rows feed themselves.
    #[error("the tables' rows could turn the clock {turns} times, round the field's order")]
    Clock {
        /// Σ rows · clock weight.
        turns: u128,
    },
    /// No table at all.
    #[error("the seal leaves out every table")]
    Empty,
}

fn rows(height: Option<u8>) -> String {
    height.map_or_else(|| "it is absent".to_owned(), |height| format!("2^{height}"))
}

/// Picks the tables that `heights` gives a height to and checks the heights.
pub fn place<A>(
    preset: Preset,
    slots: Vec<Slot<A>>,
    heights: &[Option<u8>],
) -> Result<Placed<A>, InvalidHeights> {
    if slots.len() != heights.len() {
        return Err(InvalidHeights::Count {
            expected: slots.len(),
            got: heights.len(),
        });
    }
    let limit = preset.parameters().max_log_height;
    let mut placed = Placed {
        names: Vec::new(),
        log_heights: Vec::new(),
        airs: Vec::new(),
    };
    let mut turns = 0u128;
    for (slot, &height) in slots.into_iter().zip(heights) {
        let Slot {
            name,
            rule,
            clock_weight,
            air,
        } = slot;
        if let Height::Fixed(expected) = rule
            && height != Some(expected)
        {
            return Err(InvalidHeights::Fixed {
                table: name,
                expected,
                got: height,
            });
        }
        let Some(height) = height else { continue };
        if height > limit {
            return Err(InvalidHeights::TooTall {
                table: name,
                got: height,
                preset,
                limit,
            });
        }
        turns += u128::from(clock_weight) << height;
        placed.names.push(name);
        placed.log_heights.push(height);
        placed.airs.push(air);
    }
    if placed.airs.is_empty() {
        return Err(InvalidHeights::Empty);
    }
    // An invocation's clock is shown to be at most the proven steps by a difference below 2^30, so the
    // clocks that are that much below zero must not occur either.
    if turns >= u128::from(KoalaBear::ORDER_U64) - u128::from(2 * MAX_STEPS) {
        return Err(InvalidHeights::Clock { turns });
    }
    Ok(placed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots() -> Vec<Slot<u32>> {
        [Height::Fixed(4), Height::Free, Height::Free]
            .into_iter()
            .zip(0..)
            .map(|(rule, air)| Slot {
                name: format!("t{air}"),
                rule,
                clock_weight: 500,
                air,
            })
            .collect()
    }

    #[test]
    fn free_tables_may_be_absent() {
        let placed = place(Preset::S100, slots(), &[Some(4), None, Some(21)]).unwrap();
        assert_eq!(placed.airs, [0, 2]);
        assert_eq!(placed.log_heights, [4, 21]);
        assert_eq!(placed.names, ["t0", "t2"]);
    }

    #[test]
    fn other_heights_are_refused() {
        let refuse = |preset, heights: &[_]| place(preset, slots(), heights).unwrap_err();
        assert!(matches!(
            refuse(Preset::S100, &[Some(5), None, None]),
            InvalidHeights::Fixed {
                expected: 4,
                got: Some(5),
                ..
            }
        ));
        assert!(matches!(
            refuse(Preset::S100, &[None, None, None]),
            InvalidHeights::Fixed {
                expected: 4,
                got: None,
                ..
            }
        ));
        assert!(matches!(
            refuse(Preset::S100, &[Some(4), None]),
            InvalidHeights::Count {
                expected: 3,
                got: 2
            }
        ));
        assert!(matches!(
            refuse(Preset::S100, &[Some(4), Some(23), None]),
            InvalidHeights::TooTall {
                got: 23,
                limit: 22,
                ..
            }
        ));
        assert!(matches!(
            refuse(Preset::S128, &[Some(4), Some(22), None]),
            InvalidHeights::TooTall {
                got: 22,
                limit: 21,
                ..
            }
        ));
        assert!(matches!(
            refuse(Preset::S100, &[Some(4), Some(22), Some(17)]),
            InvalidHeights::Clock { .. }
        ));
        assert_eq!(
            place::<u32>(Preset::S100, vec![], &[]).unwrap_err(),
            InvalidHeights::Empty
        );
    }
}
