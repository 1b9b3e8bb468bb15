//! What printing must know of memory and control flow that invocations share.

use std::collections::HashSet;

use crate::ir::{AtomicOp, Block, InstKind, MemoryId, Program, Type, uniformity};

/// How invocations of a kernel share.
pub(super) struct Sharing {
    /// For each memory.
    words: Vec<Words>,
    /// Whether invocations wait for others.
    pub(super) meets: bool,
    /// The bodies of loops of which all invocations of a workgroup run the same rounds. Empty where no
    /// invocation waits for others.
    uniform_loops: HashSet<*const Block>,
}

/// What the words of a memory are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Words {
    /// No atomic touches them.
    #[default]
    Plain,
    /// Some atomic does.
    Atomic {
        /// Whether any takes the smaller or larger of them as `i32`.
        signed: bool,
        /// The same as `u32`.
        unsigned: bool,
    },
}

impl Sharing {
    pub(super) fn of(program: &Program) -> Self {
        let mut sharing = Self {
            words: vec![Words::Plain; program.memories.len()],
            meets: uniformity::has_meetings(&program.body),
            uniform_loops: HashSet::new(),
        };
        sharing.find_atomics(program, &program.body);
        if sharing.meets {
            let mut bodies = Vec::new();
            loop_bodies(&program.body, &mut bodies);
            let uniform = bodies.into_iter().zip(uniformity::of_loops(program));
            let uniform = uniform.filter_map(|(body, uniform)| uniform.then_some(body));
            sharing.uniform_loops = uniform.collect();
        }
        sharing
    }

    pub(super) fn words(&self, memory: MemoryId) -> Words {
        self.words[memory.0 as usize]
    }

    /// Whether all invocations of a workgroup run the same rounds of the loop with this body, and it matters.
    pub(super) fn is_uniform_loop(&self, body: &Block) -> bool {
        self.uniform_loops.contains(&std::ptr::from_ref(body))
    }

    /// The walk is as deep as the checked nesting.
    fn find_atomics(&mut self, program: &Program, block: &Block) {
        for inst in &block.insts {
            match &inst.kind {
                InstKind::Atomic {
                    op, memory, value, ..
                } => {
                    let words = &mut self.words[memory.0 as usize];
                    let (mut signed, mut unsigned) = match *words {
                        Words::Plain => (false, false),
                        Words::Atomic { signed, unsigned } => (signed, unsigned),
                    };
                    if matches!(op, AtomicOp::Min | AtomicOp::Max) {
                        match program.type_of(*value) {
                            Type::I32 => signed = true,
                            Type::U32 | Type::Bool => unsigned = true,
                        }
                    }
                    *words = Words::Atomic { signed, unsigned };
                }
                InstKind::If {
                    then, otherwise, ..
                } => {
                    self.find_atomics(program, then);
                    self.find_atomics(program, otherwise);
                }
                InstKind::Loop { body, .. } => self.find_atomics(program, body),
                _ => {}
            }
        }
    }
}

/// The bodies of all loops in the order of the text.
fn loop_bodies(block: &Block, bodies: &mut Vec<*const Block>) {
    for inst in &block.insts {
        match &inst.kind {
            InstKind::If {
                then, otherwise, ..
            } => {
                loop_bodies(then, bodies);
                loop_bodies(otherwise, bodies);
            }
            InstKind::Loop { body, .. } => {
                bodies.push(std::ptr::from_ref(body));
                loop_bodies(body, bodies);
            }
            _ => {}
        }
    }
}
