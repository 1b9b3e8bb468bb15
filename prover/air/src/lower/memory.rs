//! How a row reads and writes memory.
//!
//! Each memory has one of five prices, chosen from the graph alone ([`MemoryPlan`]). Either way a word that is
//! written has one *owner*, the only invocation that may touch it, and a word that several invocations read
//! is never written: a run with a race has no witness. Words that are only updated, by operations that commute, have
//! no owner.

use std::collections::{HashMap, HashSet};

use arknet_workload::ir::{AtomicFamily, BinaryOp, MemoryId, Space};

use super::row::{Extra, Hint, RowBuilder};
use crate::graph::{Access, AccessKind, BlockId, Graph, NodeId, Op, Target, Update};
use crate::statement::Statement;
use crate::table::{Bus, Direction, Expr};

/// Tags that keep the messages of a bus apart.
pub(crate) mod tag {
    use arknet_workload::ir::MemoryId;

    /// `(x, y, 0, 0)`: two bytes.
    pub(crate) const BYTE_PAIR: i64 = 1;
    /// `(x, y, x & y, 0)`: bytes.
    pub(crate) const BYTE_AND: i64 = 2;

    const FIRST_MEMORY: i64 = 16;
    const PER_MEMORY: i64 = 4;

    const fn of(memory: MemoryId, which: i64) -> i64 {
        FIRST_MEMORY + PER_MEMORY * memory.0 as i64 + which
    }

    /// `(address, 0, low, high)`: a word that nobody writes.
    pub(crate) const fn view(memory: MemoryId) -> i64 {
        of(memory, 0)
    }

    /// `(address, owner, low, high)`: the initial word, for its owner.
    pub(crate) const fn owned(memory: MemoryId) -> i64 {
        of(memory, 1)
    }

    /// `(address, owner, low, high)`: the only write of a word.
    pub(crate) const fn store(memory: MemoryId) -> i64 {
        of(memory, 2)
    }

    /// `(address, owner, low, high, time)` on the state bus.
    pub(crate) const fn state(memory: MemoryId) -> i64 {
        of(memory, 3)
    }
}

/// Fields of a data message.
pub(crate) const DATA_WIDTH: usize = 5;

/// What the states of a word that is updated carry in the owner's place.
pub(crate) const fn family_code(family: AtomicFamily) -> u32 {
    family as u32
}

/// How a memory's accesses are proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemoryPlan {
    /// Never written: one lookup a read.
    ReadOnly,
    /// No word is written twice by one invocation and no read follows a write of its word: reads see the
    /// initial words, each write is one message.
    WriteOnce {
        /// Whether reads may be of words that the reader does not own.
        shared_reads: bool,
        /// Whether there are reads at all.
        reads: bool,
    },
    /// Offline memory checking of a buffer.
    ReadWrite,
    /// Offline memory checking of each invocation's own array.
    Private,
    /// Nothing but updates, those of a word all of one family: a chain through them, in any order.
    Updates,
}

impl MemoryPlan {
    /// Whether accesses carry times.
    pub(crate) const fn has_chains(self) -> bool {
        matches!(self, Self::ReadWrite | Self::Private)
    }

    /// The plan of each memory, where each has one.
    pub(crate) fn of_all(graph: &Graph, statement: &Statement) -> Result<Vec<Self>, MixedUpdates> {
        statement
            .workload
            .program()
            .memories()
            .map(|(id, memory)| match memory.space {
                Space::Input { .. } | Space::Constant { .. } => Ok(Self::ReadOnly),
                Space::Shared { .. } | Space::Private { .. } => Ok(Self::Private),
                Space::Output { .. } => Self::of_output(graph, id),
            })
            .collect()
    }

    fn of_output(graph: &Graph, memory: MemoryId) -> Result<Self, MixedUpdates> {
        let mut loads = Vec::new();
        let mut stores = Vec::new();
        let mut has_updates = false;
        for &block in &graph.order {
            let accesses = &graph.blocks[block.0 as usize].accesses;
            for (position, access) in accesses.iter().enumerate() {
                if access.memory == memory {
                    match access.kind {
                        AccessKind::Load(_) => loads.push((block, position)),
                        AccessKind::Store(_) => stores.push((block, position)),
                        AccessKind::Update(_) => has_updates = true,
                    }
                }
            }
        }
        if has_updates {
            return if loads.is_empty() && stores.is_empty() {
                Ok(Self::Updates)
            } else {
                Err(MixedUpdates)
            };
        }
        let index = |&(block, position): &(BlockId, usize)| {
            place(
                graph,
                block,
                graph.blocks[block.0 as usize].accesses[position].index,
            )
        };
        // No store in a loop, and all to different words: `base + offset` with one base.
        let places: Vec<Place> = stores.iter().map(index).collect();
        let same_base = places.windows(2).all(|pair| pair[0].base == pair[1].base);
        let offsets: HashSet<u32> = places.iter().map(|place| place.offset).collect();
        let once = stores
            .iter()
            .all(|(block, _)| graph.blocks[block.0 as usize].depth == 0)
            && same_base
            && offsets.len() == places.len();
        let reads_first = once
            && stores.iter().all(|store| {
                let after = reachable(graph, store.0);
                loads
                    .iter()
                    .all(|load| !after.contains(&load.0) && (load.0 != store.0 || load.1 < store.1))
            });
        if !reads_first {
            return Ok(Self::ReadWrite);
        }
        let own_words: HashSet<Place> = places.into_iter().collect();
        let shared_reads = !loads.iter().all(|load| {
            let place = index(load);
            matches!(place.base, Base::Linear(factor) if factor > 0) && own_words.contains(&place)
        });
        Ok(Self::WriteOnce {
            shared_reads,
            reads: !loads.is_empty(),
        })
    }
}

/// A buffer with loads or stores beside updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MixedUpdates;

/// What an index is, up to a constant.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Base {
    /// A multiple of the invocation's number.
    Linear(u32),
    /// A node of a block.
    Node(BlockId, NodeId),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    base: Base,
    offset: u32,
}

fn place(graph: &Graph, id: BlockId, mut node: NodeId) -> Place {
    let block = &graph.blocks[id.0 as usize];
    let mut offset = 0u32;
    while let Op::Binary(BinaryOp::Add, _, a, b) = block.node(node).op {
        let Some(constant) = block.as_constant(b) else {
            break;
        };
        offset = offset.wrapping_add(constant);
        node = a;
    }
    let base = match block.node(node).op {
        Op::Const(bits) => {
            offset = offset.wrapping_add(bits);
            Base::Linear(0)
        }
        Op::Invocation => Base::Linear(1),
        Op::Binary(BinaryOp::Mul, _, a, b) if matches!(block.node(a).op, Op::Invocation) => block
            .as_constant(b)
            .map_or(Base::Node(id, node), Base::Linear),
        _ => Base::Node(id, node),
    };
    Place { base, offset }
}

/// Blocks that control can reach after a block, itself only through a loop.
fn reachable(graph: &Graph, from: BlockId) -> HashSet<BlockId> {
    let mut seen = HashSet::new();
    let mut pending = vec![from];
    while let Some(id) = pending.pop() {
        for exit in &graph.blocks[id.0 as usize].exits {
            if let Target::Block(target) = exit.target
                && seen.insert(target)
            {
                pending.push(target);
            }
        }
    }
    seen
}

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
        Self {
            first,
            count,
            time_bound,
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
        let predicate = self.truth(access.predicate);
        let present = self.when(predicate);
        let mut address = self.address(access.index, present);
        let plan = context.plans[access.memory.0 as usize];
        if plan == MemoryPlan::Private {
            let words = context.statement.length(access.memory);
            address = self.private_address(access.index, address, words, present);
        }
        let [before, value] = access.kind.words().map(|node| self.limbs(node));
        let site = context.sites.offset(block, self.block.is_header, position);
        let access_id = position as u32;
        let is_store = matches!(access.kind, AccessKind::Store(_));
        let memory = access.memory;
        match plan {
            MemoryPlan::Updates => {
                if let AccessKind::Update(Update { family, .. }) = access.kind {
                    let words = [before, value];
                    self.update(memory, address, family, words, access_id, present);
                }
            }
            MemoryPlan::ReadOnly => self.look_up(tag::view(memory), address, None, value, present),
            MemoryPlan::WriteOnce { .. } if is_store => {
                let owner = Some(self.invocation);
                self.look_up(tag::store(memory), address, owner, value, present);
            }
            MemoryPlan::WriteOnce {
                shared_reads: false,
                ..
            } => {
                let owner = Some(self.invocation);
                self.look_up(tag::owned(memory), address, owner, value, present);
            }
            MemoryPlan::WriteOnce {
                shared_reads: true, ..
            } => {
                let (own, shared) = self.ownership(predicate, access_id);
                let owner = Some(self.invocation);
                self.look_up(tag::owned(memory), address, owner, value, own);
                self.look_up(tag::view(memory), address, None, value, shared);
            }
            MemoryPlan::ReadWrite | MemoryPlan::Private => {
                let (chained, owner) = if plan == MemoryPlan::Private {
                    (present, self.exprs.constant(0))
                } else if is_store {
                    (present, self.invocation)
                } else {
                    let (own, shared) = self.ownership(predicate, access_id);
                    self.look_up(tag::view(memory), address, None, value, shared);
                    (own, self.invocation)
                };
                let before = if is_store {
                    [false, true].map(|high| {
                        self.column(Hint::Extra(Extra::PreviousLimb {
                            access: access_id,
                            high,
                        }))
                    })
                } else {
                    value
                };
                let word = Word {
                    tag: tag::state(memory),
                    address,
                    owner,
                    before,
                    after: value,
                };
                self.chain(word, context.sites, site, access_id, chained);
            }
        }
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

    /// `invocation · words + index`, with the index checked below `words` where present.
    fn private_address(&mut self, index: NodeId, address: Expr, words: u32, present: Expr) -> Expr {
        if self.block.range(index).max >= words {
            // The address is an integer below 2^30, so the difference does not wrap.
            let last = self.exprs.constant(i64::from(words) - 1);
            let room = self.exprs.sub(last, address);
            self.range_check_when(room, present);
        }
        let base = self.exprs.scale(self.invocation, i64::from(words));
        self.exprs.add(base, address)
    }

    /// Splits a load's presence into reading a word of its own and one that nobody writes.
    fn ownership(&mut self, predicate: Expr, access: u32) -> (Expr, Expr) {
        let own = self.boolean_column(Hint::Extra(Extra::Exclusive { access }));
        let one = self.exprs.constant(1);
        let absent = self.exprs.sub(one, predicate);
        let stray = self.exprs.mul(own, absent);
        self.assert_zero(stray);
        let shared = self.exprs.sub(predicate, own);
        (self.when(own), self.when(shared))
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

    /// Takes the word's state, which counts the updates so far, and gives it back with one more.
    fn update(
        &mut self,
        memory: MemoryId,
        address: Expr,
        family: AtomicFamily,
        [before, after]: [[Expr; 2]; 2],
        access: u32,
        present: Expr,
    ) {
        let tag = self.exprs.constant(tag::state(memory));
        let family = self.exprs.constant(family_code(family).into());
        let one = self.exprs.constant(1);
        let count = self.column(Hint::Extra(Extra::PreviousTime { access }));
        let next = self.exprs.add(count, one);
        let taken = vec![tag, address, family, before[0], before[1], count];
        self.interact(Bus::State, Direction::Receive, taken, present);
        let given = vec![tag, address, family, after[0], after[1], next];
        self.interact(Bus::State, Direction::Send, given, present);
    }

    /// Takes the word's state and gives it back with this access's time, which is later.
    fn chain(&mut self, word: Word, sites: &Sites, site: u32, access: u32, present: Expr) {
        let tag = self.exprs.constant(word.tag);
        let previous = self.column(Hint::Extra(Extra::PreviousTime { access }));
        let scaled = self.exprs.scale(self.clock, i64::from(sites.count));
        let site = self.exprs.constant(i64::from(site));
        let now = self.exprs.add(scaled, site);
        let [low, high] = word.before;
        let taken = vec![tag, word.address, word.owner, low, high, previous];
        self.interact(Bus::State, Direction::Receive, taken, present);
        let [low, high] = word.after;
        let given = vec![tag, word.address, word.owner, low, high, now];
        self.interact(Bus::State, Direction::Send, given, present);

        // now − previous − 1 is a number below the bound of times.
        let one = self.exprs.constant(1);
        let gap = self.exprs.sub(now, previous);
        let gap = self.exprs.sub(gap, one);
        if sites.time_bound <= 1 << 16 {
            self.range_check_when(gap, present);
            return;
        }
        let high_bits = 64 - (sites.time_bound >> 16).leading_zeros();
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

/// A word on the state bus.
struct Word {
    tag: i64,
    address: Expr,
    owner: Expr,
    before: [Expr; 2],
    after: [Expr; 2],
}
