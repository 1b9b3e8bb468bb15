//! Running and proving a job.

use arknet_protocol::Phase;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use arknet_air::WitnessError;
use arknet_receipt::{Preset, Seal};
use arknet_stark::{Phase as Step, Prepared, ProveError};

use super::load::{Loaded, write};
use super::{Stop, say};
use crate::task::message::{Done, RefusalKind, Trouble};
use crate::task::spec::{RECEIPT, TaskSpec};

/// Proves the job and writes its outputs and the receipt.
pub(super) fn prove(loaded: &Loaded, preset: Preset, spec: &TaskSpec) -> Result<Done, Stop> {
    let mut tell = |step: Step, fraction: f32| {
        let (phase, percent) = place(step, fraction >= 1.0);
        say::progress(phase, percent);
    };
    let prepared = Prepared::new(loaded.job(), preset, spec.memory_bytes, &mut tell)
        .map_err(|error| failed(loaded, error))?;
    let cells = prepared.cost().cells;
    let proven = prepared
        .prove(&mut tell)
        .map_err(|error| failed(loaded, error))?;
    loaded.write_outputs(&proven.outputs)?;
    let receipt = proven.receipt.encode();
    write(Path::new(RECEIPT), |file| file.write_all(&receipt))?;
    let time = |of: Phase| -> u64 {
        let steps = proven.phases.iter();
        let time: Duration = steps
            .filter(|(step, _)| place(*step, true).0 == of)
            .map(|(_, time)| *time)
            .sum();
        u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
    };
    let claim = proven.receipt.claim();
    Ok(Done {
        device: "arknet prover".to_owned(),
        races_checked: true,
        steps: claim.usage().steps,
        invocations: claim.usage().invocations,
        cells,
        bits: match proven.receipt.seal() {
            Seal::Stark(seal) => seal.preset().parameters().bits,
            Seal::Execution(_) => 0,
        },
        executing_ms: time(Phase::Executing),
        proving_ms: time(Phase::Proving),
        verifying_ms: 0,
        claim: claim.digest(),
    })
}

/// Where a step of the prover lies. How long each takes depends on the job; these are shares of an ordinary one.
fn place(step: Step, done: bool) -> (Phase, u8) {
    let (phase, from, to) = match step {
        Step::Execute => (Phase::Executing, 0, 90),
        Step::Compile => (Phase::Executing, 90, 95),
        Step::Count => (Phase::Executing, 95, 100),
        Step::Witness => (Phase::Proving, 0, 15),
        Step::Commit => (Phase::Proving, 15, 50),
        Step::Quotient => (Phase::Proving, 50, 70),
        Step::Open => (Phase::Proving, 70, 100),
    };
    (phase, if done { to } else { from })
}

fn failed(loaded: &Loaded, error: ProveError) -> Stop {
    match error {
        ProveError::Run(error) => loaded.failed_run(&error),
        ProveError::OverMemory { .. }
        | ProveError::Compile(_)
        | ProveError::Witness(WitnessError::TooManyRows { .. })
        | ProveError::Heights(_)
        | ProveError::Lookups(_)
        | ProveError::Claim(_)
        | ProveError::Seal(_) => Stop::refused(RefusalKind::OverLimit, error),
        // The interpreter ran the same job without complaint.
        ProveError::Witness(_) | ProveError::Prover(_) => Stop::failed(Trouble::Defect, error),
    }
}
