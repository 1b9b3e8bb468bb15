//! Why a program is not a workload.

use std::fmt;

use super::{BinaryOp, MemoryId, Span, Type, Value};

/// Why a program is not a workload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProgram {
    /// An axis of the workgroup is empty, or its product is too large.
    #[error("workgroup size {size:?}: each axis must be at least 1 and their product at most 1024")]
    WorkgroupSize {
        /// The size given.
        size: [u32; 3],
    },
    /// More of something than is supported.
    #[error("the program has {got} {what}; at most {limit} are supported")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are (counting stops soon after the limit).
        got: u64,
        /// How many there may be.
        limit: u64,
    },
    /// A memory breaks a rule.
    #[error("memory m{}: {problem}", memory.0)]
    Memory {
        /// Which.
        memory: MemoryId,
        /// How.
        problem: InvalidMemory,
    },
    /// An instruction or the end of a block breaks a rule.
    #[error("{place}: {problem}")]
    Code {
        /// Which instruction.
        place: Place,
        /// How.
        problem: InvalidCode,
    },
}

/// An instruction of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The instruction with this number, counted from 0 as the text form prints them: an `if` or `loop`
    /// before what it contains. Ends of blocks belong to the `if` or `loop` that has the block.
    Inst {
        /// Its number.
        number: u32,
        /// Its place in the source.
        span: Span,
    },
    /// The kernel's body itself.
    Body,
}

/// An instruction that all invocations of a workgroup must reach together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// A barrier.
    Barrier,
    /// A uniform load, which contains barriers.
    UniformLoad,
}

impl Meeting {
    const fn name(self) -> &'static str {
        match self {
            Self::Barrier => "a barrier",
            Self::UniformLoad => "a uniform load",
        }
    }
}

/// What is wrong with a memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMemory {
    /// Not an identifier.
    #[error("its name must match [A-Za-z_][A-Za-z0-9_]* and have at most {limit} bytes")]
    Name {
        /// Bytes a name may have.
        limit: usize,
    },
    /// Two buffers have one name.
    #[error("buffer m{} is also named `{name}`", other.0)]
    DuplicateName {
        /// The earlier buffer.
        other: MemoryId,
        /// Their name.
        name: String,
    },
    /// Two buffers have one binding.
    #[error("buffer m{} has the same binding", other.0)]
    DuplicateBinding {
        /// The earlier buffer.
        other: MemoryId,
    },
    /// A memory without a word.
    #[error("it must have at least one word")]
    Empty,
}

/// What is wrong with an instruction or the end of a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCode {
    /// Not in the table of values.
    #[error("{value} is not in the program's table of values")]
    UnknownValue {
        /// The value.
        value: Value,
    },
    /// Used before its definition or outside the block that defines it.
    #[error("{value} is not defined here")]
    NotVisible {
        /// The value.
        value: Value,
    },
    /// Defined twice.
    #[error("{value} is defined a second time")]
    Redefined {
        /// The value.
        value: Value,
    },
    /// Not in the table of memories.
    #[error("there is no memory m{}", memory.0)]
    UnknownMemory {
        /// The memory.
        memory: MemoryId,
    },
    /// A store to a memory that is only read.
    #[error("m{} cannot be written", memory.0)]
    NotWritable {
        /// The memory.
        memory: MemoryId,
    },
    /// An atomic on memory of one invocation, or that is only read.
    #[error("m{} takes no atomics; output and shared memory do", memory.0)]
    NotCommon {
        /// The memory.
        memory: MemoryId,
    },
    /// A uniform load from other than shared memory.
    #[error("m{} is not shared; only shared memory has uniform loads", memory.0)]
    NotShared {
        /// The memory.
        memory: MemoryId,
    },
    /// A barrier that only some invocations of a workgroup may reach.
    #[error(
        "{} stands where control flow may differ within a workgroup, by the condition of {because}; \
         every invocation must reach it",
        what.name()
    )]
    NotUniform {
        /// What must be reached by all.
        what: Meeting,
        /// The `if` whose condition may differ.
        because: Place,
    },
    /// A uniform load whose index may differ.
    #[error("a uniform load needs one index for the workgroup; {index} may differ")]
    UniformIndex {
        /// The index.
        index: Value,
    },
    /// The length of something that is no buffer.
    #[error("m{} is not a buffer", memory.0)]
    NotBuffer {
        /// The memory.
        memory: MemoryId,
    },
    /// A value of the wrong type.
    #[error("{value} is a {got}, it must be a {expected}")]
    Type {
        /// The value.
        value: Value,
        /// Its type.
        got: Type,
        /// The type it must have.
        expected: Type,
    },
    /// A truth value in memory.
    #[error("{value} is a bool; memory holds u32 and i32")]
    NotWord {
        /// The value.
        value: Value,
    },
    /// Operands that an operation does not take.
    #[error("`{}` does not take {lhs} and {rhs}", op.name())]
    Operands {
        /// The operation.
        op: BinaryOp,
        /// Type of the left operand.
        lhs: Type,
        /// Type of the right operand.
        rhs: Type,
    },
    /// A truth value that is neither 0 nor 1.
    #[error("a bool constant is 0 or 1, not {bits}")]
    BoolBits {
        /// The bits given.
        bits: u32,
    },
    /// Blocks nested too deep.
    #[error("blocks are nested deeper than {limit}")]
    TooDeep {
        /// The deepest nesting supported.
        limit: usize,
    },
    /// A block that ends in a way its place does not allow.
    #[error("{block} cannot end in `{end}`")]
    End {
        /// What kind of block.
        block: &'static str,
        /// Its end.
        end: &'static str,
    },
    /// An end with the wrong number of values.
    #[error("`{end}` passes {got} values where {expected} are needed")]
    Arity {
        /// The end.
        end: &'static str,
        /// Values passed.
        got: usize,
        /// Values needed.
        expected: usize,
    },
    /// An `if` that never continues after itself, with results or with something after it.
    #[error(
        "an `if` no arm of which yields must have no results, be the last of its block, and be followed by \
         `unreachable`"
    )]
    EndlessIf,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inst { number, .. } => write!(f, "instruction {number}"),
            Self::Body => f.write_str("kernel body"),
        }
    }
}
