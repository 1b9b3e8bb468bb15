//! The state of a word that is read and written, as it goes from access to access.
//!
//! A state is `(address, party, low, high, order)`: only the party may move it ([`party`]). An owner's order is
//! the time of the access, which grows along a run; readers and updaters are counted, whatever their order. Where
//! barriers order the memory, a state also has the phase of its last access and the workgroup that uses the word. Then
//! the party may change, with a later phase.

use std::collections::HashMap;

use arknet_workload::ir::MemoryId;

use super::message::{party, tag};
use super::row::{Extra, Hint, RowBuilder};
use crate::graph::{BlockId, Graph};
use crate::table::{Bus, Direction, Expr};

/// Times of accesses: `clock · sites + site`, with sites in a topological order of the blocks.
///
/// The clock is the one *after* a header's own step: blocks of the body run with the clock that the header
/// sends, so a header's accesses must come after those of the round before.
#[derive(Clone, Debug)]
pub(crate) struct Sites {
    /// Site of each block's first access; sites start at 1.
    first: HashMap<BlockId, u32>,
    /// One more than the last site.
    pub(crate) count: u32,
    /// No time reaches this.
    pub(crate) time_bound: u64,
    /// No phase, counted from 1, reaches this.
    pub(crate) phase_bound: u64,
}

impl Sites {
    pub(crate) fn new(graph: &Graph, steps: u32) -> Self {
        let mut count = 1;
        let mut first = HashMap::new();
        for &id in &graph.order {
            first.insert(id, count);
            count += graph.blocks[id.0 as usize].accesses.len() as u32;
        }
        let time_bound = (u64::from(steps) + 1) * u64::from(count);
        let moments = graph.order.iter().flat_map(|id| {
            let block = &graph.blocks[id.0 as usize];
            let moments = block.accesses.iter().filter_map(|access| access.moment);
            moments.map(|moment| u64::from(block.range(moment.phase).max) + 2)
        });
        Self {
            first,
            count,
            time_bound,
            phase_bound: moments.max().unwrap_or(0),
        }
    }

    fn site(&self, block: BlockId, access: usize) -> u32 {
        self.first[&block] + access as u32
    }

    /// What to add to `clock · count`, with the clock that the block receives.
    pub(crate) fn offset(&self, block: BlockId, is_header: bool, access: usize) -> u32 {
        self.site(block, access) + if is_header { self.count } else { 0 }
    }
}

/// An access that moves a word's state.
pub(super) struct Turn {
    pub(super) memory: MemoryId,
    pub(super) address: Expr,
    pub(super) party: Party,
    /// Limbs of the word that is found and of the one that is left.
    pub(super) before: [Expr; 2],
    pub(super) after: [Expr; 2],
    /// Position of the access in its block.
    pub(super) access: u32,
    /// Its time.
    pub(super) now: Expr,
    /// When and where, if barriers order the memory.
    pub(super) moment: Option<PlacedMoment>,
    /// Whether it happens.
    pub(super) present: Expr,
}

/// Who moves a state.
#[derive(Clone, Copy)]
pub(super) enum Party {
    /// An invocation in an array of its own.
    Alone,
    /// The invocation.
    Owner,
    /// A party of many.
    Members(u32),
    /// The invocation where this holds, else a party of many.
    Either(Expr, u32),
}

/// What states of a memory that barriers order carry besides, of degree one.
#[derive(Clone, Copy)]
pub(super) struct PlacedMoment {
    /// One more than the barriers passed, or 0.
    pub(super) phase: Expr,
    /// One more than the workgroup, or 0.
    pub(super) home: Expr,
}

impl RowBuilder {
    /// The time of an access.
    pub(super) fn time(&mut self, sites: &Sites, block: BlockId, access: usize) -> Expr {
        let scaled = self.exprs.scale(self.clock, i64::from(sites.count));
        let site = sites.offset(block, self.block.is_header, access);
        let site = self.exprs.constant(i64::from(site));
        self.exprs.add(scaled, site)
    }

    /// Takes the word's state and gives it back.
    ///
    /// Where the party stays the same, an owner's order is the time, which is larger than the one before, and that of
    /// many goes up by one. Where it changes the phase is larger than the one before, and many begin with 0.
    pub(super) fn take_turn(&mut self, sites: &Sites, turn: &Turn) {
        let party = self.party(turn.party);
        let one = self.exprs.constant(1);
        let access = turn.access;
        let previous = self.column(Hint::Extra(Extra::PreviousOrder { access }));
        let counted = self.exprs.add(previous, one);
        let changes = turn
            .moment
            .map(|_| self.boolean_column(Hint::Extra(Extra::ChangesHands { access })));
        let stays = changes.map_or(one, |changes| self.exprs.sub(one, changes));
        let next = match turn.party {
            Party::Alone | Party::Owner => turn.now,
            Party::Members(_) => self.exprs.mul(stays, counted),
            Party::Either(own, _) => {
                let count = self.exprs.mul(stays, counted);
                let late = self.exprs.sub(turn.now, count);
                let chosen = self.exprs.mul(own, late);
                self.exprs.add(chosen, count)
            }
        };
        let next = self.linear(next);
        let gap = self.exprs.sub(next, counted);
        let (taken_party, taken_moment, gap, bound) = match (turn.moment, changes) {
            (Some(moment), Some(changes)) => {
                let from = self.column(Hint::Extra(Extra::PreviousParty { access }));
                let phase = self.column(Hint::Extra(Extra::PreviousPhase { access }));
                for (taken, given) in [(from, party), (phase, moment.phase)] {
                    let change = self.exprs.sub(given, taken);
                    let kept = self.exprs.mul(stays, change);
                    self.assert_zero(kept);
                }
                let later = self.exprs.sub(moment.phase, phase);
                let later = self.exprs.sub(later, one);
                let later = self.exprs.sub(later, gap);
                let chosen = self.exprs.mul(changes, later);
                let gap = self.exprs.add(chosen, gap);
                let gap = self.linear(gap);
                let bound = sites.time_bound.max(sites.phase_bound);
                let taken = PlacedMoment { phase, ..moment };
                (from, Some(taken), Some(gap), bound)
            }
            _ => {
                let is_counted = matches!(turn.party, Party::Members(_));
                (party, None, (!is_counted).then_some(gap), sites.time_bound)
            }
        };
        self.state(
            turn,
            Direction::Receive,
            taken_party,
            previous,
            taken_moment,
        );
        self.state(turn, Direction::Send, party, next, turn.moment);
        if let Some(gap) = gap {
            self.check_gap(gap, bound, turn.present);
        }
    }

    /// Who moves the state, as a field of degree one.
    fn party(&mut self, party: Party) -> Expr {
        let first = self.exprs.constant(party::FIRST_OWNER.into());
        let owner = self.exprs.add(self.invocation, first);
        match party {
            Party::Alone => self.exprs.constant(0),
            Party::Owner => owner,
            Party::Members(code) => self.exprs.constant(code.into()),
            Party::Either(own, code) => {
                let code = self.exprs.constant(code.into());
                let apart = self.exprs.sub(owner, code);
                let chosen = self.exprs.mul(own, apart);
                let sum = self.exprs.add(chosen, code);
                self.linear(sum)
            }
        }
    }

    fn state(
        &mut self,
        turn: &Turn,
        direction: Direction,
        party: Expr,
        order: Expr,
        moment: Option<PlacedMoment>,
    ) {
        let tag = self.exprs.constant(tag::state(turn.memory));
        let [low, high] = match direction {
            Direction::Receive => turn.before,
            _ => turn.after,
        };
        let mut fields = vec![tag, turn.address, party, low, high, order];
        if let Some(PlacedMoment { phase, home }) = moment {
            fields.extend([phase, home]);
        }
        self.interact(Bus::State, direction, fields, turn.present);
    }

    /// A gap is a number below 2^30 where present, and below `bound` on an honest row.
    fn check_gap(&mut self, gap: Expr, bound: u64, present: Expr) {
        if bound <= 1 << 16 {
            self.range_check_when(gap, present);
            return;
        }
        let high_bits = 64 - (bound >> 16).leading_zeros();
        let high = self.column(Hint::Digit {
            expr: gap,
            offset: 0,
            shift: 16,
            bits: high_bits,
        });
        self.range_check_when(high, present);
        let scaled = self.exprs.scale(high, 1 << (16 - high_bits));
        self.range_check_when(scaled, present);
        let shifted = self.exprs.scale(high, 1 << 16);
        let low = self.exprs.sub(gap, shifted);
        self.range_check_when(low, present);
    }
}
