//! Whether a receipt holds.
//!
//! The caller brings the job and its outputs; the receipt brings the proof, or only a provider's word for it, in which
//! case the job has to be run again. An attestation is not looked at here. From the receipt come only the
//! preset's name, the steps, the heights of the tables and the proof, and each is checked: the report
//! says what the preset gives, the steps are in the statement that is proven and within the limit,
//! the heights are checked and bound by the transcript, and the proof verifies or does not.

mod check;
mod replay;
mod table;

use std::error::Error;
use std::io;

use arknet_air::{AIR_VERSION, Statement, compile};
use arknet_workload::interpreter::RunError;
use arknet_workload::job::{Job, Trap};

use crate::claim::{Claim, ClaimError, Mismatch, Usage};
use crate::placement::{InvalidHeights, Slot};
use crate::proof::{MalformedProof, Unprovable};
use crate::receipt::Receipt;
use crate::security::{ProofShape, SecurityReport};
use table::VerifierTable;

pub use replay::replay;

/// A receipt that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// What was verified, made from the caller's job and outputs.
    pub claim: Claim,
    /// How hard it is to make such a receipt for something false.
    pub security: SecurityReport,
    /// The shape of the proof.
    pub shape: ProofShape,
}

/// What does not hold.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// The caller's outputs are no outputs of the caller's job.
    #[error(transparent)]
    Outputs(#[from] ClaimError),
    /// The receipt is about something else.
    #[error(transparent)]
    Claim(#[from] Mismatch),
    /// More steps than the job allows.
    #[error(
        "the run took up to {steps} steps, over the declared limit of {limit} (`limits.steps`)"
    )]
    OverSteps {
        /// Steps proven.
        steps: u32,
        /// Steps allowed.
        limit: u32,
    },
    /// An execution seal where a proof is asked for.
    #[error(
        "it has an execution seal: its provider signed for the run, and nothing is proven; run the job again to know, or \
         decide to trust the provider"
    )]
    NotProven,
    /// Repeating the run ends without a result.
    #[error("the job has no result when it is run again: {0}")]
    Trapped(#[source] Trap),
    /// Repeating the run takes another number of steps.
    #[error("the run took {got} steps when it was repeated; the receipt says {claimed}")]
    ReplaySteps {
        /// Of the receipt.
        claimed: u32,
        /// Of the run.
        got: u32,
    },
    /// Repeating the run gives other outputs.
    #[error("`{name}[{index}]` is {got} when the job is run again, and {claimed} in the outputs")]
    ReplayOutput {
        /// The buffer.
        name: String,
        /// The first word that differs.
        index: usize,
        /// Of the outputs that the receipt is about.
        claimed: u32,
        /// Of the run.
        got: u32,
    },
    /// The run cannot be repeated here; says nothing about the receipt.
    #[error("the job could not be run again: {0}")]
    Replay(#[source] RunError),
    /// Made by a build that compiles workloads to other tables.
    #[error("the receipt is for AIR version {got}; this build verifies version {known}")]
    AirVersion {
        /// Of the receipt.
        got: u32,
        /// Of this build.
        known: u32,
    },
    /// The job has no proof at all in this version.
    #[error("this job cannot be proven: {0}")]
    Compile(#[source] Box<dyn Error + Send + Sync>),
    /// Wrong heights.
    #[error("the proof does not fit the statement: {0}")]
    Heights(#[from] InvalidHeights),
    /// Tables that no proof would be sound for.
    #[error("the statement cannot be proven under this preset: {0}")]
    Unprovable(#[from] Unprovable),
    /// Bytes that are no proof.
    #[error("the proof is malformed: {0}")]
    Malformed(#[from] MalformedProof),
    /// A proof that is wrong.
    #[error("the proof does not verify: {reason}")]
    Rejected {
        /// What the verifier found.
        reason: String,
    },
    /// A proof with too few bits.
    #[error("the proof has {bits} provable bits, fewer than the {required} required")]
    Weak {
        /// Bits of the proof.
        bits: u32,
        /// Bits wanted.
        required: u32,
    },
    /// No thread to verify on; says nothing about the receipt.
    #[error("the verifier could not be started: {0}")]
    Start(#[source] io::Error),
}

/// Checks that what `receipt` claims is that `job` ends with `outputs`, within the job's limits. It says nothing about
/// why to believe it.
pub fn check_claim(receipt: &Receipt, job: &Job, outputs: &[Vec<u32>]) -> Result<Claim, Invalid> {
    let steps = receipt.claim().usage().steps;
    let claim = Claim::new(job, outputs, Usage::new(job, steps))?;
    if let Some(mismatch) = receipt.claim().mismatch(&claim) {
        return Err(mismatch.into());
    }
    let limit = job.limits().steps;
    if steps > limit {
        return Err(Invalid::OverSteps { steps, limit });
    }
    Ok(claim)
}

/// Checks that `receipt` proves that `job` ends with `outputs` (the final words of each buffer, in the
/// order of [`Job::buffer_memories`]), with the bits its preset promises.
pub fn verify(receipt: &Receipt, job: &Job, outputs: &[Vec<u32>]) -> Result<Verified, Invalid> {
    verify_with_min_bits(receipt, job, outputs, 0)
}

/// [`verify`], with at least `min_bits` provable bits.
pub fn verify_with_min_bits(
    receipt: &Receipt,
    job: &Job,
    outputs: &[Vec<u32>],
    min_bits: u32,
) -> Result<Verified, Invalid> {
    check::check(receipt, job, outputs, min_bits, AIR_VERSION, |steps| {
        tables(job, outputs, steps).map_err(Invalid::Compile)
    })
}

fn tables(
    job: &Job,
    outputs: &[Vec<u32>],
    steps: u32,
) -> Result<Vec<Slot<VerifierTable>>, Box<dyn Error + Send + Sync>> {
    let statement = Statement::new(job, outputs.to_vec(), steps)?;
    Ok(compile(&statement)?
        .into_iter()
        .map(|table| Slot::from(table).map(VerifierTable))
        .collect())
}

#[cfg(test)]
mod tests;
