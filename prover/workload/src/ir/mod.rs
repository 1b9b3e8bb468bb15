//! The Workload IR: scalar, structured, in SSA form, and total.
//!
//! A [`Program`] is one compute kernel after inlining. Its body is a tree of [`Block`]s: straight-line
//! instructions, `if` and `loop`, each of which passes values on as block arguments (as in MLIR's `scf`).
//! A value is assigned once and is visible in the block that defines it, after its definition, and in
//! the blocks nested there. Nothing else carries state but the [`Memory`] spaces.
//!
//! Every operation has exactly one result on every device; `docs/semantics.md` defines each one. What
//! would be undefined elsewhere either has a value here (division by zero, overflow, shifts) or is a
//! trap (an index out of bounds, too many steps, a race).
//!
//! A [`Workload`] is a `Program` that passed [`Workload::new`]: it is well-typed, its values dominate
//! their uses and its limits hold, so the code behind it need not check again. `text` prints and parses
//! it for people, `canonical` gives the bytes that its identity is the hash of.

use std::fmt;

/// The type of an SSA value. Vectors, structs and pointers do not exist here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// 32-bit unsigned integer, arithmetic modulo 2^32.
    U32,
    /// 32-bit two's complement integer, arithmetic modulo 2^32.
    I32,
    /// Truth value.
    Bool,
}

impl Type {
    /// Whether values of this type are 32-bit words (and so may live in memory).
    pub const fn is_word(self) -> bool {
        matches!(self, Self::U32 | Self::I32)
    }
}

/// An SSA value: an index into [`Program::values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(pub u32);

/// A memory: an index into [`Program::memories`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemoryId(pub u32);

/// Byte range of the WGSL source an instruction comes from. Not part of a program's identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte; equal to `start` where nothing is known.
    pub end: u32,
}

/// One of the three dimensions of a dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Axis {
    /// First dimension, the fastest to vary.
    X,
    /// Second dimension.
    Y,
    /// Third dimension.
    Z,
}

/// A value the dispatch gives to each invocation; all are `u32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Builtin {
    /// Position of the invocation in the whole dispatch.
    GlobalInvocationId(Axis),
    /// Position of the invocation in its workgroup.
    LocalInvocationId(Axis),
    /// Linear position in the workgroup: `x + y·sx + z·sx·sy`.
    LocalInvocationIndex,
    /// Position of the workgroup in the dispatch.
    WorkgroupId(Axis),
    /// Workgroups in the dispatch.
    NumWorkgroups(Axis),
}

/// A two-operand operation. Operands have one type; where it matters (`Div`, `Rem`, `Shr`, `Lt`, `Le`, `Min`,
/// `Max`) the operands' type decides the signedness. Shift amounts are `u32` whatever the left operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BinaryOp {
    /// Sum modulo 2^32. Words.
    Add,
    /// Difference modulo 2^32. Words.
    Sub,
    /// Product modulo 2^32. Words.
    Mul,
    /// Quotient towards zero; `x / 0 = x`, `INT_MIN / -1 = INT_MIN`. Words.
    Div,
    /// Remainder with the dividend's sign; `x % 0 = 0`, `INT_MIN % -1 = 0`. Words.
    Rem,
    /// Bitwise, or logical on `bool`.
    And,
    /// Bitwise, or logical on `bool`.
    Or,
    /// Bitwise, or logical on `bool`.
    Xor,
    /// Left shift by the amount modulo 32.
    Shl,
    /// Right shift by the amount modulo 32: logical on `u32`, arithmetic on `i32`.
    Shr,
    /// Equality of words or truth values; `bool`.
    Eq,
    /// Inequality of words or truth values; `bool`.
    Ne,
    /// Less than; words; `bool`.
    Lt,
    /// Less than or equal; words; `bool`.
    Le,
    /// The smaller. Words.
    Min,
    /// The larger. Words.
    Max,
}

/// One instruction with its place in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inst {
    /// What it does.
    pub kind: InstKind,
    /// Where it comes from.
    pub span: Span,
}

/// What an instruction does. Every `Value` under `result`, `results` or `param` is defined there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstKind {
    /// A constant: a word's bits, or 0 or 1 for a `bool`.
    Const {
        /// The value.
        result: Value,
        /// Its bits.
        bits: u32,
    },
    /// A value of the dispatch; the result is `u32`.
    Builtin {
        /// The value.
        result: Value,
        /// Which.
        builtin: Builtin,
    },
    /// A two-operand operation.
    Binary {
        /// The value.
        result: Value,
        /// The operation.
        op: BinaryOp,
        /// Left operand.
        lhs: Value,
        /// Right operand.
        rhs: Value,
    },
    /// `accept` where `condition` holds, else `reject`. Both have the result's type.
    Select {
        /// The value.
        result: Value,
        /// A `bool`.
        condition: Value,
        /// The value where it is true.
        accept: Value,
        /// The value where it is false.
        reject: Value,
    },
    /// Conversion between types: words keep their bits, `false`/`true` become 0/1, a word becomes
    /// `word != 0`.
    Cast {
        /// The value.
        result: Value,
        /// What is converted.
        operand: Value,
    },
    /// A word of memory as the result's word type. An index at or past the memory's length traps.
    Load {
        /// The value.
        result: Value,
        /// The memory.
        memory: MemoryId,
        /// Index in words, `u32`.
        index: Value,
    },
    /// Writes a word. An index at or past the memory's length traps.
    Store {
        /// An `Output`, `Shared` or `Private` memory.
        memory: MemoryId,
        /// Index in words, `u32`.
        index: Value,
        /// A word.
        value: Value,
    },
    /// Combines a word of memory with a value. Nobody sees the old word. An index at or past the memory's
    /// length traps.
    Atomic {
        /// How.
        op: AtomicOp,
        /// An `Output` or `Shared` memory.
        memory: MemoryId,
        /// Index in words, `u32`.
        index: Value,
        /// A word; its type decides the signedness of `Min` and `Max`.
        value: Value,
    },
    /// Waits for all invocations of the workgroup. Accesses to the memory of its scope before it and after it
    /// are in different phases. Stands in uniform control flow only.
    Barrier {
        /// Which memory.
        scope: BarrierScope,
    },
    /// A word of `Shared` memory that all invocations of the workgroup read at the same index: a workgroup
    /// barrier, a load, a workgroup barrier. Stands in uniform control flow only.
    UniformLoad {
        /// The value.
        result: Value,
        /// A `Shared` memory.
        memory: MemoryId,
        /// Index in words, a uniform `u32`.
        index: Value,
    },
    /// The number of words of an `Input` or `Output` memory, as `u32`.
    ArrayLength {
        /// The value.
        result: Value,
        /// The memory.
        memory: MemoryId,
    },
    /// Runs one of two blocks. An arm that ends in `Yield` gives `results` their values; one that ends in
    /// `Break` or `Continue` leaves for the innermost enclosing loop.
    If {
        /// A `bool`.
        condition: Value,
        /// Runs where it is true.
        then: Block,
        /// Runs where it is false.
        otherwise: Block,
        /// Values defined by the arm's `Yield`.
        results: Vec<Value>,
    },
    /// Runs `body` again and again until it breaks. Every start of the body is one *step* and traps where
    /// the invocation's steps would exceed the job's limit.
    Loop {
        /// Values carried from round to round.
        params: Vec<LoopParam>,
        /// The body; ends in `Break`, `Continue` or `Unreachable`, never in `Yield`.
        body: Block,
        /// Values defined by the `Break` that leaves the loop.
        results: Vec<Value>,
    },
    /// Counts steps of loops that were unrolled; never comes from the front end.
    Meter {
        /// Steps to add.
        steps: u32,
    },
}

/// A value carried around a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopParam {
    /// The value inside the body.
    pub param: Value,
    /// Its value in the first round.
    pub initial: Value,
}

/// Straight-line instructions and how control leaves them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The instructions in order.
    pub insts: Vec<Inst>,
    /// What happens after the last one.
    pub end: Terminator,
}

/// How control leaves a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terminator {
    /// Leaves an `if` arm with these results; at the end of the kernel's body (with none), returns.
    Yield(Vec<Value>),
    /// Leaves the innermost loop with these results.
    Break(Vec<Value>),
    /// Starts the innermost loop's next round with these params.
    Continue(Vec<Value>),
    /// Never reached: the block's last instruction is an `if` no arm of which yields.
    Unreachable,
}

impl Default for Terminator {
    fn default() -> Self {
        Self::Yield(Vec::new())
    }
}

/// A kernel: its interface, its values and its body. Not yet checked; see [`Workload`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Invocations of a workgroup per axis; each at least 1, together at most 1024.
    pub workgroup_size: [u32; 3],
    /// The memories.
    pub memories: Vec<Memory>,
    /// The type of each [`Value`].
    pub values: Vec<Type>,
    /// What one invocation does.
    pub body: Block,
}

impl Program {
    /// The type of a value.
    pub fn type_of(&self, value: Value) -> Type {
        self.values[value.0 as usize]
    }

    /// Adds a value of a type.
    pub fn new_value(&mut self, ty: Type) -> Value {
        let value = Value(u32::try_from(self.values.len()).expect("fewer than 2^32 values"));
        self.values.push(ty);
        value
    }

    /// A memory.
    pub fn memory(&self, id: MemoryId) -> &Memory {
        &self.memories[id.0 as usize]
    }

    /// Words of all `Shared` memories together.
    pub fn shared_words(&self) -> u64 {
        let words = self.memories.iter().map(|memory| match memory.space {
            Space::Shared { words } => u64::from(words),
            _ => 0,
        });
        words.sum()
    }

    /// Memories with their ids.
    pub fn memories(&self) -> impl Iterator<Item = (MemoryId, &Memory)> {
        (0..).map(MemoryId).zip(&self.memories)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::Bool => "bool",
        })
    }
}

pub mod canonical;
pub(crate) mod carried;
mod identity;
mod invalid;
mod memory;
mod operation;
mod renumber;
mod sharing;
pub mod text;
pub(crate) mod uniformity;
mod validate;

pub use identity::WorkloadId;
pub use invalid::{InvalidCode, InvalidMemory, InvalidProgram, Meeting, Place};
pub use memory::{Binding, Length, Memory, Space};
pub use sharing::{AtomicFamily, AtomicOp, BarrierScope};
pub use validate::Workload;
