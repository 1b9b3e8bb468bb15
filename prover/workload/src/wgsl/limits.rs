//! How much source and how large a program the front end accepts.

use std::fmt;

/// Bounds on what [`compile`](super::compile) accepts. They keep a hostile source cheap to refuse; ordinary
/// kernels stay far below the defaults. The depths also bound the stack that compiling takes; the thread it runs
/// on has room for some times the defaults, not for any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrontEndLimits {
    /// Bytes of the source text.
    pub source_bytes: usize,
    /// Braces within braces in the source; each `else if` counts as one more.
    pub nesting: usize,
    /// Operators, brackets and member accesses around one operand of an expression.
    pub expression_depth: usize,
    /// Functions declared in the source.
    pub functions: usize,
    /// Calls within calls.
    pub call_depth: usize,
    /// Loops of the program once every call is inlined.
    pub loops: usize,
    /// Operations and statements of the program once every call is inlined.
    pub operations: usize,
    /// Blocks within blocks of the program once every call is inlined. What follows an early `return` stands
    /// one block deeper than it.
    pub blocks: usize,
    /// Words of one local or private variable.
    pub private_words: usize,
    /// Words of all local arrays that are indexed at run time, once every call is inlined.
    pub private_words_in_all: usize,
    /// Words of all workgroup variables; at most [`Workload::MAX_SHARED_WORDS`](crate::ir::Workload).
    pub shared_words: usize,
    /// Arrays and structs within arrays and structs.
    pub type_depth: usize,
    /// Members of a struct, those of its members included.
    pub type_members: usize,
    /// Scalars of one constant or composed value.
    pub constant_words: usize,
    /// Scalars that naga's constant evaluation may visit, estimated from the source: it copies a constant
    /// wherever an expression mentions it.
    pub constant_copies: usize,
    /// Words of all constant arrays that are indexed at run time.
    pub constant_words_in_all: usize,
}

impl Default for FrontEndLimits {
    fn default() -> Self {
        Self {
            source_bytes: 64 << 10,
            nesting: 32,
            expression_depth: 512,
            functions: 512,
            call_depth: 32,
            loops: 64,
            operations: 20_000,
            blocks: 120,
            private_words: 256,
            private_words_in_all: 4096,
            shared_words: 4096,
            type_depth: 32,
            type_members: 1024,
            constant_words: 4096,
            constant_copies: 1 << 18,
            constant_words_in_all: 1 << 16,
        }
    }
}

/// A bound of [`FrontEndLimits`], or one that the program format sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`FrontEndLimits::source_bytes`].
    SourceBytes,
    /// [`FrontEndLimits::nesting`].
    Nesting,
    /// [`FrontEndLimits::expression_depth`].
    ExpressionDepth,
    /// [`FrontEndLimits::functions`].
    Functions,
    /// [`FrontEndLimits::call_depth`].
    CallDepth,
    /// [`FrontEndLimits::loops`].
    Loops,
    /// [`FrontEndLimits::operations`].
    Operations,
    /// [`FrontEndLimits::blocks`].
    Blocks,
    /// [`FrontEndLimits::private_words`].
    PrivateWords,
    /// [`FrontEndLimits::private_words_in_all`].
    PrivateWordsInAll,
    /// [`FrontEndLimits::shared_words`].
    SharedWords,
    /// [`FrontEndLimits::type_depth`].
    TypeDepth,
    /// [`FrontEndLimits::type_members`].
    TypeMembers,
    /// [`FrontEndLimits::constant_copies`].
    ConstantCopies,
    /// [`FrontEndLimits::constant_words`].
    ConstantWords,
    /// [`FrontEndLimits::constant_words_in_all`].
    ConstantWordsInAll,
    /// Buffers, local arrays and constant arrays together: [`Workload::MAX_MEMORIES`](crate::ir::Workload).
    Memories,
    /// Invocations of a workgroup: [`Workload::MAX_WORKGROUP_INVOCATIONS`](crate::ir::Workload).
    WorkgroupInvocations,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SourceBytes => "bytes of source",
            Self::Nesting => "blocks within blocks",
            Self::ExpressionDepth => "operators and brackets in one expression",
            Self::Functions => "functions",
            Self::CallDepth => "calls within calls",
            Self::Loops => "loops after inlining",
            Self::Operations => "operations after inlining",
            Self::Blocks => "blocks within blocks after inlining (early returns count)",
            Self::PrivateWords => "words in a local variable",
            Self::PrivateWordsInAll => "words in all local arrays after inlining",
            Self::SharedWords => "words in all workgroup variables",
            Self::TypeDepth => "arrays and structs within each other",
            Self::TypeMembers => "members in a struct, those of its members included",
            Self::ConstantCopies => "scalars in constants, over all their uses",
            Self::ConstantWords => "words in a constant or composed value",
            Self::ConstantWordsInAll => "words in all constant arrays",
            Self::Memories => "buffers, workgroup variables, local arrays and constant arrays",
            Self::WorkgroupInvocations => "invocations in a workgroup",
        })
    }
}
