//! How an attempt ended at a worker.

use std::collections::BTreeSet;

use arknet_protocol::{BlobDigest, Domain, Phase, PublicKey};
use arknet_workload::printable::{printable, printable_lines};
use serde::{Deserialize, Serialize};

use super::{AssignmentDigest, Ends, Message};
use crate::fleet::Ticket;
use crate::task::{Done, Refusal};

/// How an attempt ended. Its files are at the node already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The version of the message.
    pub version: u32,
    /// The node.
    pub node: PublicKey,
    /// The worker.
    pub worker: PublicKey,
    /// Which attempt at what.
    pub ticket: Ticket,
    /// The assignment that this is the outcome of.
    pub assignment: AssignmentDigest,
    /// The outcome itself.
    pub result: OutcomeResult,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum OutcomeResult {
    /// It is done.
    Done {
        /// What the worker says about it.
        done: Done,
        /// Every file that it made.
        files: Vec<ResultFile>,
    },
    /// The job is at fault. So is every other attempt at it.
    Refused(Refusal),
    /// The attempt failed.
    Failed {
        /// What kind of failure.
        kind: Trouble,
        /// What happened.
        detail: String,
    },
}

/// A file that an attempt made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultFile {
    /// Its name in the folder for results.
    pub name: String,
    /// Its digest, under which the node has it.
    pub digest: BlobDigest,
    /// Its bytes.
    pub size: u64,
}

/// Why an attempt failed at a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// Memory ran out.
    OutOfMemory,
    /// It took too long to begin.
    TimedOutStarting,
    /// The run took too long.
    TimedOutExecuting,
    /// The proof took too long.
    TimedOutProving,
    /// The check took too long.
    TimedOutVerifying,
    /// The device failed.
    Device,
    /// The device and the interpreter disagree.
    Differs,
    /// The worker found its own proof invalid.
    InvalidProof,
    /// The process that did it crashed.
    Crashed,
    /// The process that did it said what it must not.
    Unbelievable,
    /// The program has a defect.
    Defect,
    /// It was not begun: the worker stops, or could not fetch the blobs.
    NotStarted,
}

impl Trouble {
    /// The trouble of running out of time in a phase.
    pub fn timed_out(phase: Option<Phase>) -> Self {
        match phase {
            None => Self::TimedOutStarting,
            Some(Phase::Executing) => Self::TimedOutExecuting,
            Some(Phase::Proving) => Self::TimedOutProving,
            Some(Phase::Verifying) => Self::TimedOutVerifying,
        }
    }
}

impl Outcome {
    /// The most files: an output for each buffer, and the receipt.
    const MAX_FILES: usize = 80;
    /// The longest name of a file: that of a buffer and a little.
    const MAX_NAME: usize = 160;
    /// The longest text.
    pub const MAX_TEXT: usize = 8 << 10;
}

impl Message for Outcome {
    const KIND: &'static str = "an outcome";
    const DOMAIN: Domain = Domain::Outcome;
    const MAX_BYTES: usize = 64 << 10;

    fn version(&self) -> u32 {
        self.version
    }

    fn ends(&self) -> Ends {
        Ends {
            node: self.node,
            worker: self.worker,
        }
    }

    fn signer(ends: &Ends) -> PublicKey {
        ends.worker
    }

    fn check(&self) -> Result<(), String> {
        let text = match &self.result {
            OutcomeResult::Done { done, files } => {
                check_files(files)?;
                if printable(&done.device) != done.device.as_str() {
                    return Err("its device has no printable name".to_owned());
                }
                &done.device
            }
            OutcomeResult::Refused(Refusal { reason, .. }) => reason,
            OutcomeResult::Failed { detail, .. } => detail,
        };
        if text.len() > Self::MAX_TEXT || printable_lines(text) != text.as_str() {
            return Err("its text is too long or not printable".to_owned());
        }
        Ok(())
    }
}

/// Names that stay in their folder, none twice.
fn check_files(files: &[ResultFile]) -> Result<(), String> {
    if files.len() > Outcome::MAX_FILES {
        return Err(format!("{} files", files.len()));
    }
    let mut names = BTreeSet::new();
    for file in files {
        let fine = (1..=Outcome::MAX_NAME).contains(&file.name.len())
            && !file.name.starts_with('.')
            && file
                .name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !fine || !names.insert(&file.name) {
            return Err(format!("a file named `{}`", printable(&file.name)));
        }
    }
    Ok(())
}
