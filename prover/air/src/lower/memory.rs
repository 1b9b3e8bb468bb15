//! How a row reads and writes memory.
//!
//! By the memory's [`MemoryPlan`]: a lookup in what the memory's table offers, or a turn of the word's state
//! ([`chain`](super::chain)). Either way a word that is written has one *owner*, the only invocation that may touch it
//! before the next barrier, and a word that several invocations read is not written meanwhile: a run with a race has no
//! witness. Words that are only updated, by operations that commute, have no owner.

use super::chain::{Party, PlacedMoment, Sites, Turn};
use super::message::{party, tag};
use super::plan::MemoryPlan;
use super::row::{Extra, Hint, RowBuilder};
use crate::graph::{Access, AccessKind, BlockId, Moment, NodeId};
use crate::statement::Statement;
use crate::table::{Bus, Direction, Expr};

/// What accesses need to know of their surroundings.
pub(super) struct MemoryContext<'a> {
    pub(super) plans: &'a [MemoryPlan],
    pub(super) sites: &'a Sites,
    pub(super) statement: &'a Statement,
}

impl RowBuilder {
    /// Adds the columns and messages of an access.
    pub(super) fn access(
        &mut self,
        context: &MemoryContext<'_>,
        block: BlockId,
        position: usize,
        access: &Access,
    ) {
        let memory = access.memory;
        let plan = context.plans[memory.0 as usize];
        let predicate = self.truth(access.predicate);
        let present = self.when(predicate);
        let mut address = self.address(access.index, present);
        let words = context.statement.length(memory);
        let is_shared_memory = context.statement.buffer_index(memory).is_none();
        if plan == MemoryPlan::Private {
            let base = self.exprs.scale(self.invocation, i64::from(words));
            address = self.address_within(access.index, address, words, base, present);
        }
        let mut moment = None;
        if plan == MemoryPlan::Phased {
            let (placed, workgroup) = self.placed_moment(access.moment);
            moment = Some(placed);
            if is_shared_memory {
                let base = self.exprs.scale(workgroup, i64::from(words));
                address = self.address_within(access.index, address, words, base, present);
                let home = self.exprs.constant(0);
                moment = Some(PlacedMoment { home, ..placed });
            }
        }
        let [before, value] = access.kind.words().map(|node| self.limbs(node));
        let id = position as u32;
        let mut turn = Turn {
            memory,
            address,
            party: Party::Owner,
            before,
            after: value,
            access: id,
            now: self.time(context.sites, block, position),
            moment,
            present,
        };
        let owner = Some(self.invocation);
        match (plan, access.kind) {
            (MemoryPlan::ReadOnly, _) => {
                self.look_up(tag::view(memory), address, None, value, present);
                return;
            }
            (MemoryPlan::WriteOnce { .. }, AccessKind::Store(_)) => {
                self.look_up(tag::store(memory), address, owner, value, present);
                return;
            }
            (MemoryPlan::WriteOnce { shared_reads, .. }, _) => {
                let mut own = present;
                if shared_reads {
                    let shared;
                    [own, shared] = self.split(predicate, Extra::Exclusive { access: id });
                    self.look_up(tag::view(memory), address, None, value, shared);
                }
                self.look_up(tag::owned(memory), address, owner, value, own);
                return;
            }
            (MemoryPlan::Updates, kind) => {
                let members = kind.family().map_or(party::READERS, party::updaters);
                turn.party = Party::Members(members);
            }
            (MemoryPlan::Private, _) => turn.party = Party::Alone,
            (_, AccessKind::Store(_)) => {}
            (MemoryPlan::ReadWrite, AccessKind::Load(_)) => {
                let [own, shared] = self.split(predicate, Extra::Exclusive { access: id });
                self.look_up(tag::view(memory), address, None, value, shared);
                turn.present = own;
            }
            (MemoryPlan::Phased, AccessKind::Load(_)) => {
                let own = self.boolean_column(Hint::Extra(Extra::Exclusive { access: id }));
                turn.party = Party::Either(own, party::READERS);
                if !is_shared_memory {
                    let [global, local] = self.split(predicate, Extra::Global { access: id });
                    self.look_up(tag::view(memory), address, None, value, global);
                    turn.present = local;
                }
            }
            (_, AccessKind::Update(update)) => {
                let own = self.boolean_column(Hint::Extra(Extra::Exclusive { access: id }));
                turn.party = Party::Either(own, party::updaters(update.family));
                if let (false, Some(moment)) = (is_shared_memory, &mut turn.moment) {
                    // Updates by several workgroups are outside of all phases.
                    let global = self.boolean_column(Hint::Extra(Extra::Global { access: id }));
                    let both = self.exprs.mul(own, global);
                    self.assert_zero(both);
                    let one = self.exprs.constant(1);
                    let local = self.exprs.sub(one, global);
                    for field in [&mut moment.phase, &mut moment.home] {
                        let masked = self.exprs.mul(local, *field);
                        *field = self.linear(masked);
                    }
                }
            }
        }
        if matches!(access.kind, AccessKind::Store(_)) {
            turn.before = [false, true]
                .map(|high| self.column(Hint::Extra(Extra::PreviousLimb { access: id, high })));
        }
        self.take_turn(context.sites, &turn);
    }

    /// The index as one field element that is its integer, or does not occur: below 2^30 where present.
    fn address(&mut self, index: NodeId, present: Expr) -> Expr {
        if let Some(exact) = self.exact(index) {
            return exact;
        }
        let [low, high] = self.limbs(index);
        let scaled = self.exprs.scale(high, 4);
        self.range_check_when(scaled, present);
        let shifted = self.exprs.scale(high, 1 << 16);
        self.exprs.add(low, shifted)
    }

    /// `base + index`, with the index checked below `words` where present.
    fn address_within(
        &mut self,
        index: NodeId,
        address: Expr,
        words: u32,
        base: Expr,
        present: Expr,
    ) -> Expr {
        if self.block.range(index).max >= words {
            // The address is an integer below 2^30, so the difference does not wrap.
            let last = self.exprs.constant(i64::from(words) - 1);
            let room = self.exprs.sub(last, address);
            self.range_check_when(room, present);
        }
        self.exprs.add(base, address)
    }

    /// One more than the phase and the workgroup, and the workgroup itself.
    fn placed_moment(&mut self, moment: Option<Moment>) -> (PlacedMoment, Expr) {
        let nodes = moment.map(|moment| (moment.phase, moment.workgroup));
        let exact =
            nodes.and_then(|(phase, workgroup)| Some((self.exact(phase)?, self.exact(workgroup)?)));
        // Every access to such a memory has a moment, of numbers below 2^30.
        let (phase, workgroup) = exact.unwrap_or_else(|| {
            self.refuse();
            (self.is_real, self.is_real)
        });
        let one = self.exprs.constant(1);
        let placed = PlacedMoment {
            phase: self.exprs.add(phase, one),
            home: self.exprs.add(workgroup, one),
        };
        (placed, workgroup)
    }

    /// Splits an access's presence by a bit of the witness.
    fn split(&mut self, predicate: Expr, bit: Extra) -> [Expr; 2] {
        let first = self.boolean_column(Hint::Extra(bit));
        let one = self.exprs.constant(1);
        let absent = self.exprs.sub(one, predicate);
        let stray = self.exprs.mul(first, absent);
        self.assert_zero(stray);
        let second = self.exprs.sub(predicate, first);
        [self.when(first), self.when(second)]
    }

    fn look_up(
        &mut self,
        tag: i64,
        address: Expr,
        owner: Option<Expr>,
        value: [Expr; 2],
        present: Expr,
    ) {
        let tag = self.exprs.constant(tag);
        let owner = owner.unwrap_or_else(|| self.exprs.constant(0));
        let fields = vec![tag, address, owner, value[0], value[1]];
        self.interact(Bus::Data, Direction::Send, fields, present);
    }
}
