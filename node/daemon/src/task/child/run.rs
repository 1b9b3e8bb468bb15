//! Running a job without proving it.

use arknet_protocol::Phase;
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use arknet_receipt::{Attestation, Claim, Digest, ExecutionSeal, Races, Receipt, Seal, Usage};
use arknet_sandbox::{
    Backend, Difference, Reference, RunError, Selection, StartError, Worker, WorkerSettings,
};
use arknet_workload::interpreter;
use arknet_workload::job::Execution;

use super::load::{Loaded, write};
use super::{Stop, say};
use crate::task::message::{Done, RefusalKind, Trouble};
use crate::task::spec::{Placement, RECEIPT, TaskSpec};

/// Runs the job and writes its outputs and a draft of the receipt.
pub(super) fn run(
    loaded: &Loaded,
    on: Placement,
    reference: bool,
    spec: &TaskSpec,
) -> Result<Done, Stop> {
    say::progress(Phase::Executing, 0);
    let (execution, device, time) = match on {
        Placement::Cpu => cpu(loaded, spec)?,
        Placement::Wgpu { software } => {
            let selection = if software {
                Selection::Any
            } else {
                Selection::Auto
            };
            gpu(loaded, Backend::Wgpu, selection, reference, spec)?
        }
        Placement::Cuda { .. } => gpu(loaded, Backend::Cuda, Selection::Auto, reference, spec)?,
    };
    loaded.write_outputs(&execution.buffers)?;
    let usage = Usage::new(loaded.job(), execution.steps);
    let claim = Claim::new(loaded.job(), &execution.buffers, usage)
        .map_err(|error| Stop::failed(Trouble::Defect, error))?;
    let races_checked = !on.is_gpu() || reference;
    let done = Done {
        device,
        races_checked,
        steps: usage.steps,
        invocations: usage.invocations,
        cells: 0,
        bits: 0,
        executing_ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
        proving_ms: 0,
        verifying_ms: 0,
        claim: claim.digest(),
    };
    let draft = draft(claim, races_checked)?.encode();
    write(Path::new(RECEIPT), |file| file.write_all(&draft))?;
    say::progress(Phase::Executing, 100);
    Ok(done)
}

/// A receipt that carries the claim to the node, which knows the device and has the key: the seal says nothing and the
/// signature is none.
fn draft(claim: Claim, races_checked: bool) -> Result<Receipt, Stop> {
    let races = if races_checked {
        Races::Checked
    } else {
        Races::NotChecked
    };
    let seal = ExecutionSeal::new("draft", "draft", Digest([0; 32]), races)
        .map_err(|error| Stop::failed(Trouble::Defect, error))?;
    let attestation = Attestation {
        provider: [0; 32],
        request: None,
        finished: 0,
        signature: [0; 64],
    };
    Ok(Receipt::attested(claim, Seal::Execution(seal), attestation))
}

type Ran = (Execution, String, Duration);

fn cpu(loaded: &Loaded, spec: &TaskSpec) -> Result<Ran, Stop> {
    loaded.check_run(spec.memory_bytes)?;
    let start = Instant::now();
    let execution = interpreter::run(loaded.job()).map_err(|error| loaded.failed_run(&error))?;
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let device = format!("reference interpreter on {threads} threads");
    Ok((execution, device, start.elapsed()))
}

fn gpu(
    loaded: &Loaded,
    backend: Backend,
    selection: Selection,
    reference: bool,
    spec: &TaskSpec,
) -> Result<Ran, Stop> {
    let job = loaded.job();
    let mut worker = Worker::start(&WorkerSettings {
        backend,
        selection,
        memory: job.memory_bytes(),
        allow_weak: spec.allow_weak,
        ..WorkerSettings::default()
    })
    .map_err(not_started)?;
    let device = worker.adapter().to_string();
    let reference = if reference {
        loaded.check_run(spec.memory_bytes)?;
        let reference = Reference::of(job).map_err(|error| loaded.failed_run(&error))?;
        say::progress(Phase::Executing, 50);
        Some(reference)
    } else {
        None
    };
    let differs = |difference: Difference| {
        Stop::failed(
            Trouble::Differs,
            format!(
                "{device} does not compute what the reference interpreter does: {difference}; the job is free of \
                 races, so the device, its driver or arknet is at fault"
            ),
        )
    };
    let start = Instant::now();
    let ran = worker.run(job);
    let time = start.elapsed();
    let execution = match (ran, &reference) {
        (Ok(ran), _) => ran.execution,
        (Err(RunError::Trap(trap)), Some(_)) => return Err(differs(Difference::Trap(trap))),
        (Err(RunError::Unrepeatable { invocation }), Some(_)) => {
            return Err(differs(Difference::Unsteady(invocation)));
        }
        (Err(RunError::Trap(trap)), None) => return Err(loaded.trapped(&trap)),
        (Err(error), _) => return Err(failed(error)),
    };
    if let Some(reference) = &reference {
        reference.compare(job, &execution).map_err(differs)?;
    }
    Ok((execution, device, time))
}

fn not_started(error: StartError) -> Stop {
    let trouble = match &error {
        StartError::Weak { .. } => Trouble::Weak,
        StartError::Backend(_)
        | StartError::Spawn(_)
        | StartError::Died(_)
        | StartError::Protocol(_) => Trouble::Device,
    };
    Stop::failed(trouble, error)
}

/// A run that has no result. Sizes that this device does not take are no fault of the job: another may take them.
fn failed(error: RunError) -> Stop {
    match &error {
        RunError::Trap(_) | RunError::Unrepeatable { .. } => {
            Stop::refused(RefusalKind::Trapped, error)
        }
        RunError::OverTime { .. } => Stop::refused(RefusalKind::OverLimit, error),
        RunError::OutOfMemory { .. }
        | RunError::OverAdapter { .. }
        | RunError::TooComplex { .. }
        | RunError::OverWorker { .. } => Stop::failed(Trouble::Memory, error),
        RunError::DeviceLost { .. }
        | RunError::Driver { .. }
        | RunError::Died(_)
        | RunError::Protocol(_) => Stop::failed(Trouble::Device, error),
        RunError::Start(_) => Stop::failed(Trouble::Device, error),
    }
}
