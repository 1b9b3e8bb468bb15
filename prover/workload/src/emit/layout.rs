//! What an emitted module binds: all in group 0, bindings counted from 0 in this order.

use crate::ir::{Length, MemoryId, Program, Space, uniformity};
use crate::job::Job;

/// The bindings of an emitted module, and where things lie in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What each binding is, by its number.
    pub bindings: Vec<Role>,
    /// The contents of [`Role::Tables`], spare words included.
    pub tables: Vec<u32>,
    /// Words of workgroup memory, those that the kernel does not know of included.
    pub shared_words: u32,
    /// Per memory, the first word of its table in `tables`.
    table_offsets: Vec<Option<u32>>,
    /// The buffers whose length the parameters carry, in order.
    runtime: Vec<MemoryId>,
}

/// What a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A read-only storage buffer: the words of an input buffer of the job and the spare words.
    Input(MemoryId),
    /// A storage buffer: the words of a writable buffer of the job and the spare words.
    Output(MemoryId),
    /// A read-only storage buffer: all constant tables, one behind the other. Absent where there is none.
    Tables,
    /// A uniform buffer: [`report::parameters`](super::report::parameters).
    Parameters,
    /// A storage buffer: the [`Report`](super::report::Report).
    Report,
}

impl Layout {
    /// Words that follow the last word of every memory on the device, zero at the start of a run: where
    /// accesses go that miss. Buffers of a job have them too, behind the words the job gives.
    pub const SPARE_WORDS: u32 = 2;

    /// Words in which a workgroup with barriers finds out who of it trapped first.
    const VERDICT_WORDS: u32 = 2;

    /// The bindings of a program.
    pub(super) fn of(program: &Program) -> Self {
        let mut layout = Self {
            bindings: Vec::new(),
            tables: Vec::new(),
            shared_words: if uniformity::has_meetings(&program.body) {
                Self::VERDICT_WORDS
            } else {
                0
            },
            table_offsets: Vec::with_capacity(program.memories.len()),
            runtime: Vec::new(),
        };
        for (id, memory) in program.memories() {
            let mut offset = None;
            match &memory.space {
                Space::Input { length, .. } => {
                    layout.bindings.push(Role::Input(id));
                    layout.note_length(id, *length);
                }
                Space::Output { length, .. } => {
                    layout.bindings.push(Role::Output(id));
                    layout.note_length(id, *length);
                }
                Space::Shared { words } => layout.shared_words += words + Self::SPARE_WORDS,
                Space::Private { .. } => {}
                Space::Constant { words } => {
                    // A workload's tables together have far fewer than 2^32 words.
                    offset = Some(layout.tables.len() as u32);
                    layout.tables.extend_from_slice(words);
                    layout.tables.extend([0; Self::SPARE_WORDS as usize]);
                }
            }
            layout.table_offsets.push(offset);
        }
        if !layout.tables.is_empty() {
            layout.bindings.push(Role::Tables);
        }
        layout.bindings.extend([Role::Parameters, Role::Report]);
        layout
    }

    fn note_length(&mut self, id: MemoryId, length: Length) {
        if length == Length::Runtime {
            self.runtime.push(id);
        }
    }

    /// The first word of a constant memory in [`Layout::tables`].
    pub(super) fn table_offset(&self, id: MemoryId) -> Option<u32> {
        self.table_offsets[id.0 as usize]
    }

    /// The buffers whose length the parameters carry, in order.
    pub(super) fn runtime_buffers(&self) -> &[MemoryId] {
        &self.runtime
    }
}

// The last spare word of the longest buffer has an index.
const _: () = assert!(Job::MAX_BUFFER_WORDS <= u32::MAX - Layout::SPARE_WORDS);
