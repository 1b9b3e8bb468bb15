//! The ways a run ends without a result.

use crate::ir::Span;

use super::Invocation;

/// What a memory access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A load.
    Read,
    /// A store.
    Write,
    /// An atomic.
    Update,
}

/// A run that has no meaning. Each names its place in the source (see [`Trap::span`]) and an invocation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trap {
    /// An index at or past the end of a memory.
    #[error(
        "out of bounds: invocation {} {access} word {index} of `{memory}`, which has {length} words",
        invocation.0
    )]
    OutOfBounds {
        /// Where.
        span: Span,
        /// Who.
        invocation: Invocation,
        /// What it does.
        access: Access,
        /// Name of the memory.
        memory: String,
        /// The index in words.
        index: u32,
        /// The memory's length in words.
        length: u32,
    },
    /// An invocation started more loop rounds than the job allows.
    #[error(
        "out of steps: invocation {} started a loop round past the declared limit of {limit} steps \
         (`limits.steps`)",
        invocation.0
    )]
    OutOfSteps {
        /// The loop.
        span: Span,
        /// Who.
        invocation: Invocation,
        /// The declared limit.
        limit: u32,
    },
    /// Two invocations touched a word in a way whose result depends on who comes first.
    #[error(
        "data race on word {index} of `{memory}`: invocation {} {second} it, invocation {} {first} it",
        second_invocation.0,
        first_invocation.0
    )]
    Race {
        /// Name of the memory.
        memory: String,
        /// The word.
        index: u32,
        /// The access that came first in the canonical order.
        first: Access,
        /// Its place.
        first_span: Span,
        /// Its invocation.
        first_invocation: Invocation,
        /// The access that met it.
        second: Access,
        /// Its place.
        second_span: Span,
        /// Its invocation.
        second_invocation: Invocation,
    },
}

impl Trap {
    /// The invocation that trapped; of a race, the one whose access came second.
    pub fn invocation(&self) -> Invocation {
        match self {
            Self::OutOfBounds { invocation, .. } | Self::OutOfSteps { invocation, .. } => {
                *invocation
            }
            Self::Race {
                second_invocation, ..
            } => *second_invocation,
        }
    }

    /// The main place in the source.
    pub fn span(&self) -> Span {
        match self {
            Self::OutOfBounds { span, .. } | Self::OutOfSteps { span, .. } => *span,
            Self::Race { second_span, .. } => *second_span,
        }
    }
}

impl std::fmt::Display for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Read => "reads",
            Self::Write => "writes",
            Self::Update => "updates",
        })
    }
}
