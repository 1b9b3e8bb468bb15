//! How a program uses a memory, so that it does not race unless it may.

use super::phases::Mode;
use super::recipe::Sharing;
use crate::ir::{AtomicOp, BarrierScope, Type};

/// How the program uses a memory.
pub(super) enum Usage {
    /// Any word.
    Any { words: u32 },
    /// As the sharing says.
    Output {
        sharing: Sharing,
        words: u32,
        stored: bool,
    },
    /// By atomics of one family only.
    Updated { words: u32, op: AtomicOp, ty: Type },
    /// By the invocations of a workgroup together, as the mode says.
    Phased {
        /// Of a workgroup.
        words: u32,
        /// Of all workgroups.
        length: u32,
        scope: BarrierScope,
        mode: Mode,
    },
}

impl Usage {
    pub(super) fn length(&self) -> u32 {
        match self {
            Self::Any { words } | Self::Output { words, .. } | Self::Updated { words, .. } => {
                *words
            }
            Self::Phased { length, .. } => *length,
        }
    }

    /// What invocations may do with it in this phase, if that changes.
    pub(super) fn mode(&self) -> Option<Mode> {
        match self {
            Self::Phased { mode, .. } => Some(*mode),
            _ => None,
        }
    }

    /// The barriers at which that changes.
    pub(super) fn scope(&self) -> Option<BarrierScope> {
        match self {
            Self::Phased { scope, .. } => Some(*scope),
            _ => None,
        }
    }

    pub(super) fn is_readable(&self) -> bool {
        match self {
            Self::Any { .. } => true,
            Self::Output { sharing, .. } => !matches!(sharing, Sharing::Scatter { .. }),
            Self::Updated { .. } => false,
            Self::Phased { mode, .. } => !matches!(mode, Mode::UpdateAll { .. }),
        }
    }

    pub(super) fn is_writable(&self) -> bool {
        match self {
            Self::Any { .. } | Self::Output { .. } => true,
            Self::Updated { .. } => false,
            Self::Phased { mode, .. } => matches!(mode, Mode::Own { .. }),
        }
    }

    pub(super) fn takes_atomics(&self) -> bool {
        match self {
            Self::Any { .. } | Self::Updated { .. } => true,
            Self::Output { sharing, .. } => !matches!(sharing, Sharing::Scatter { .. }),
            Self::Phased { mode, .. } => !matches!(mode, Mode::ReadAll),
        }
    }
}
