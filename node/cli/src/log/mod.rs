//! `arknet log`: reading the transparency log of a node without believing it.
//!
//! A log is a folder or a node; either way every file is held against a checkpoint that the log's key signed, and the
//! key comes from the command line.

pub(crate) mod arguments;
mod entry;
mod monitor;
mod prove;
mod source;
mod verify;

use crate::answer::Answer;
use crate::error::CliError;
use arguments::{LogArguments, LogVerb};

/// Whether a verb that goes on for ever may print, and how.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    Quiet,
    Json,
    Text,
}

/// Carries out one of the verbs.
pub(crate) fn log(arguments: &LogArguments, manner: Manner) -> Result<Answer, CliError> {
    match &arguments.verb {
        LogVerb::Verify(verify) => verify::verify(verify),
        LogVerb::Prove(prove) => prove::prove(prove),
        LogVerb::Monitor(monitor) => monitor::monitor(monitor, manner),
    }
}
