//! Memories: where words live that are not values.

/// Where a memory lives, who may write it, and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Space {
    /// A storage or uniform buffer that the kernel only reads.
    Input {
        /// The buffer's place in the WGSL interface.
        binding: Binding,
        /// Whether the WGSL declares `var<uniform>` (else `var<storage, read>`).
        uniform: bool,
        /// Words in the buffer.
        length: Length,
    },
    /// A storage buffer that the kernel may read and write.
    Output {
        /// The buffer's place in the WGSL interface.
        binding: Binding,
        /// Words in the buffer.
        length: Length,
    },
    /// Workgroup memory: one array for each workgroup, zero at the start of the workgroup.
    Shared {
        /// Words in the array; at least 1.
        words: u32,
    },
    /// An array of one invocation, indexed at run time, zero at the start of the invocation.
    Private {
        /// Words in the array; at least 1.
        words: u32,
    },
    /// A constant table.
    Constant {
        /// Its words; at least 1.
        words: Vec<u32>,
    },
}

/// `@group(group) @binding(binding)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Binding {
    /// Bind group.
    pub group: u32,
    /// Binding in the group.
    pub binding: u32,
}

/// The length of a buffer in 32-bit words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Length {
    /// Fixed by the WGSL type: a job's buffer must have exactly this many words. At least 1.
    Words(u32),
    /// `array<T>`: the length of the buffer that the job binds, at least one word.
    Runtime,
}

/// A linear array of 32-bit words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Variable name in the WGSL; a job names its buffers by it. `[A-Za-z_][A-Za-z0-9_]*`.
    pub name: String,
    /// Its place.
    pub space: Space,
}

impl Memory {
    /// The binding of a buffer; `None` for other memory.
    pub fn binding(&self) -> Option<Binding> {
        match self.space {
            Space::Input { binding, .. } | Space::Output { binding, .. } => Some(binding),
            Space::Shared { .. } | Space::Private { .. } | Space::Constant { .. } => None,
        }
    }

    /// Whether the kernel may store to it.
    pub fn is_writable(&self) -> bool {
        self.is_common() || matches!(self.space, Space::Private { .. })
    }

    /// Whether several invocations may see what the kernel writes to it: where accesses can race, and
    /// atomics work.
    pub fn is_common(&self) -> bool {
        matches!(self.space, Space::Output { .. } | Space::Shared { .. })
    }

    /// Whether a job supplies its contents.
    pub fn is_buffer(&self) -> bool {
        self.binding().is_some()
    }
}
