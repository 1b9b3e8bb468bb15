//! How each memory's accesses are proven.
//!
//! Each memory has one of six prices ([`MemoryPlan`]), chosen from the graph alone. A plan that does not suit a run is
//! no danger: the run has no witness.

use std::collections::HashSet;

use arknet_workload::ir::{BinaryOp, MemoryId, Space};

use crate::graph::{Access, AccessKind, BlockId, Graph, NodeId, Op};
use crate::statement::Statement;

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
    /// Offline memory checking of a buffer. A word is one invocation's, or anybody's to read, or anybody's to
    /// update by operations of one family.
    ReadWrite,
    /// Offline memory checking of each invocation's own array.
    Private,
    /// Nothing but updates, all of one family: a chain through those of each word, in any order.
    Updates,
    /// Offline memory checking of words that change hands at barriers: workgroup memory, and buffers of a kernel with
    /// storage barriers.
    Phased,
}

/// An access with its block and its position there.
type Site<'a> = (BlockId, usize, &'a Access);

impl MemoryPlan {
    /// Whether accesses carry times.
    pub(crate) const fn has_chains(self) -> bool {
        matches!(self, Self::ReadWrite | Self::Private | Self::Phased)
    }

    /// Fields of a message on the state bus, the same for all memories of a machine.
    pub(crate) fn state_width(plans: &[Self]) -> usize {
        // Tag, address, party, two limbs, order; phase and home.
        if plans.contains(&Self::Phased) { 8 } else { 6 }
    }

    /// The plan of each memory.
    pub(crate) fn of_all(graph: &Graph, statement: &Statement) -> Vec<Self> {
        statement
            .workload
            .program()
            .memories()
            .map(|(id, memory)| match memory.space {
                Space::Input { .. } | Space::Constant { .. } => Self::ReadOnly,
                Space::Private { .. } => Self::Private,
                Space::Shared { .. } => Self::Phased,
                Space::Output { .. } => Self::of_output(graph, id),
            })
            .collect()
    }

    fn of_output(graph: &Graph, memory: MemoryId) -> Self {
        let sites = sites_of(graph, memory);
        let of_kind = |wanted: fn(&AccessKind) -> bool| -> Vec<&Site<'_>> {
            let kinds = sites.iter().filter(|(.., access)| wanted(&access.kind));
            kinds.collect()
        };
        let loads = of_kind(|kind| matches!(kind, AccessKind::Load(_)));
        let stores = of_kind(|kind| matches!(kind, AccessKind::Store(_)));
        let families: HashSet<_> = sites.iter().filter_map(|(.., a)| a.kind.family()).collect();
        if families.len() == 1 && loads.is_empty() && stores.is_empty() {
            return Self::Updates;
        }
        let is_read_only = families.is_empty() && stores.is_empty();
        let has_barriers = sites.iter().any(|(.., access)| access.moment.is_some());
        if has_barriers && !is_read_only && !is_by_invocation(graph, &sites) {
            return Self::Phased;
        }
        if !families.is_empty() {
            return Self::ReadWrite;
        }
        // No store in a loop, and all to different words: `base + offset` with one base.
        let places: Vec<Place> = stores.iter().map(|site| place_of(graph, site)).collect();
        let same_base = places.windows(2).all(|pair| pair[0].base == pair[1].base);
        let offsets: HashSet<u32> = places.iter().map(|place| place.offset).collect();
        let once = stores
            .iter()
            .all(|(block, ..)| graph.blocks[block.0 as usize].depth == 0)
            && same_base
            && offsets.len() == places.len();
        let reads_first = once
            && stores.iter().all(|store| {
                let after = graph.reachable(store.0);
                loads
                    .iter()
                    .all(|load| !after.contains(&load.0) && (load.0 != store.0 || load.1 < store.1))
            });
        if !reads_first {
            return Self::ReadWrite;
        }
        let own_words: HashSet<Place> = places.into_iter().collect();
        let shared_reads = !loads.iter().all(|load| {
            let place = place_of(graph, load);
            matches!(place.base, Base::Linear(factor) if factor > 0) && own_words.contains(&place)
        });
        Self::WriteOnce {
            shared_reads,
            reads: !loads.is_empty(),
        }
    }
}

/// All accesses to a memory.
fn sites_of(graph: &Graph, memory: MemoryId) -> Vec<Site<'_>> {
    let mut sites = Vec::new();
    for &block in &graph.order {
        let accesses = &graph.blocks[block.0 as usize].accesses;
        for (position, access) in accesses.iter().enumerate() {
            if access.memory == memory {
                sites.push((block, position, access));
            }
        }
    }
    sites
}

/// Whether each invocation has words of its own, so many from its number times so many on.
fn is_by_invocation(graph: &Graph, sites: &[Site<'_>]) -> bool {
    let mut factors = HashSet::new();
    let own = sites.iter().all(|site| {
        let place = place_of(graph, site);
        match place.base {
            Base::Linear(factor) => {
                factors.insert(factor);
                let last = u64::from(graph.invocations - 1);
                let end = last * u64::from(factor) + u64::from(place.offset);
                place.offset < factor && end <= u64::from(u32::MAX)
            }
            Base::Node(..) => false,
        }
    });
    own && factors.len() == 1
}

fn place_of(graph: &Graph, (block, _, access): &Site<'_>) -> Place {
    place(graph, *block, access.index)
}

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
