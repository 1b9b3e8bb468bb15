//! Why text is not a program.

use crate::ir::Workload;

/// Why text is not a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: u32,
    /// What is wrong there.
    pub problem: ParseProblem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseProblem {
    /// Something else belongs here.
    #[error("{expected} expected, found {found}")]
    Expected {
        /// What belongs here.
        expected: &'static str,
        /// What stands here.
        found: String,
    },
    /// A number that is no 32-bit word.
    #[error("{0} is not a 32-bit word")]
    NotWord(i64),
    /// A value that no line before defines.
    #[error("%{0} is not defined before this use")]
    Undefined(u32),
    /// A value that was defined before.
    #[error("%{0} is defined a second time")]
    Redefined(u32),
    /// A memory out of turn.
    #[error("memory m{got} should be m{expected}; memories are numbered from 0")]
    MemoryNumber {
        /// Its number in the text.
        got: u32,
        /// Its position.
        expected: u32,
    },
    /// Not one result, or some where there can be none.
    #[error("`{operation}` defines {expected}, not {got} values")]
    Results {
        /// The operation.
        operation: String,
        /// What it defines.
        expected: &'static str,
        /// Values to the left of `=`.
        got: usize,
    },
    /// Blocks nested too deep.
    #[error("blocks are nested deeper than {}", Workload::MAX_DEPTH)]
    TooDeep,
}
