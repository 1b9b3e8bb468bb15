//! From a claimed job to a verified result.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use arknet_protocol::{JobKind, JobRequest, JobState, Phase, PresetName, Replay};
use arknet_receipt::{Claim, LoadError, Preset, Receipt, Seal};
use arknet_workload::{free_memory, regular};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use super::Pipeline;
use super::error::PipelineError;
use super::folder::Workspace;
use super::halt::Halt;
use super::publish::Made;
use super::reported::{Outcome, Reported, Stop};
use crate::scheduler::Device;
use crate::store::{Fence, Job, Output, Progress as Percent, UnixMillis};
use crate::task::{
    self, Act, Deadlines, Done, Ended, Failure, FailureKind, RECEIPT, TaskSpec, output_file,
};

/// How long a child may take until it has begun: it confines itself, and a GPU's driver starts.
const STARTING: Duration = Duration::from_secs(60);
/// How much longer a run may take where the interpreter repeats it.
const REFERENCE: u32 = 2;

/// An attempt that is under way.
pub(super) struct Attempt<'a> {
    pub(super) pipeline: &'a Pipeline,
    request: &'a JobRequest,
    pub(super) device: &'a Device,
    pub(super) fence: Fence,
    /// Attempts that failed before.
    pub(super) failures: u32,
    stop: watch::Receiver<Option<Stop>>,
}

impl Pipeline {
    /// Makes an attempt at a job that was claimed for `device`, and brings the job to where it leads. `failures` attempts
    /// at it have failed before.
    ///
    /// Once `stop` has a reason the attempt is called off.
    pub async fn attempt(
        &self,
        job: &Job,
        request: &JobRequest,
        device: &Device,
        failures: u32,
        stop: watch::Receiver<Option<Stop>>,
    ) -> Reported {
        let mut attempt = Attempt {
            pipeline: self,
            request,
            device,
            fence: Fence {
                job: job.summary.id,
                attempt: job.summary.attempt,
                state: JobState::Executing,
            },
            failures,
            stop,
        };
        let start = Instant::now();
        let made = attempt.make().await;
        let device_millis = millis(start.elapsed());
        let (outcome, rates) = match made {
            Ok((made, rates)) => (attempt.seal(job, made, device_millis).await, rates),
            Err(halt) => (attempt.halt(halt, device_millis).await, Vec::new()),
        };
        Reported {
            outcome,
            device_millis,
            rates,
        }
    }
}

impl Attempt<'_> {
    /// Runs or proves the job, stores what came of it, and has that verified.
    async fn make(&mut self) -> Result<(Made, Vec<(&'static str, f64)>), Halt> {
        let parts = self.pipeline.parts();
        let name = format!("{}-{}", self.fence.job, self.fence.attempt);
        let folder = Workspace::make(parts.scratch.join(&name), self.request, &parts.blobs).await?;
        let done = self.child(&folder, self.act()).await?;
        let receipt = read_receipt(&folder.path().join(RECEIPT))
            .map_err(|error| unbelievable(format!("the child left no receipt: {error}")))?;
        self.check_seal(receipt.seal())?;
        let outputs = self.store_outputs(&folder).await?;
        drop(folder);
        self.enter(JobState::Verifying).await?;

        let copies = format!("{name}-check");
        let folder =
            Workspace::make(parts.scratch.join(copies), self.request, &parts.blobs).await?;
        for output in &outputs {
            folder
                .put(&parts.blobs, output.digest, &output_file(&output.name))
                .await?;
        }
        folder.write(RECEIPT, &receipt.encode())?;
        let verified = self.child(&folder, Act::Verify).await?;
        let (claim, seal) = receipt.into_parts();
        if verified.claim != claim.digest() {
            return Err(unbelievable(
                "the verified claim is not the receipt's".to_owned(),
            ));
        }
        let rates = rates(&done, &claim);
        Ok((
            Made {
                claim,
                seal: self.seal_of(seal, &done)?,
                outputs,
            },
            rates,
        ))
    }

    fn act(&self) -> Act {
        match self.request.kind {
            JobKind::Run => Act::Run {
                on: self.device.placement,
                reference: self.request.options.replay == Some(Replay::Reference),
            },
            JobKind::Prove => Act::Prove {
                preset: self.preset(),
            },
        }
    }

    fn preset(&self) -> Preset {
        match self.request.preset().unwrap_or_default() {
            PresetName::S100 => Preset::S100,
            PresetName::S128 => Preset::S128,
        }
    }

    /// Lets a child do something with a folder.
    async fn child(&mut self, folder: &Workspace, act: Act) -> Result<Done, Halt> {
        let parts = self.pipeline.parts();
        let limits = &parts.limits;
        let declared = Duration::from_millis(self.request.limits.time_ms);
        let runs = match act {
            Act::Run {
                reference: true, ..
            } => REFERENCE,
            _ => 1,
        };
        let spec = TaskSpec {
            act,
            folder: folder.path().to_owned(),
            memory_bytes: limits.memory.or_else(free_memory).unwrap_or(u64::MAX >> 1),
            file_bytes: self.request.limits.memory.max(Receipt::MAX_BYTES),
            deadlines: Deadlines {
                starting: STARTING,
                executing: limits
                    .executing
                    .saturating_add(declared.saturating_mul(runs)),
                proving: limits.proving,
                verifying: limits.verifying,
            },
            allow_weak: limits.allow_weak,
        };
        let (tell, mut told) = mpsc::unbounded_channel();
        let moved_on = Notify::new();
        let mut stop = self.stop.clone();
        let called_off = async {
            tokio::select! {
                _ = stop.wait_for(Option::is_some) => {}
                () = moved_on.notified() => {}
            }
        };
        let program = &parts.program;
        let perform = async {
            // A child says so little that all of it may wait here.
            let tell = tell;
            let mut progress = |progress| {
                // The other side listens until this one is done.
                let _ = tell.send(progress);
            };
            task::perform(program, &spec, &mut progress, called_off).await
        };
        let follow = async {
            let mut trouble = None;
            while let Some(task::Progress { phase, percent }) = told.recv().await {
                if trouble.is_some() {
                    continue;
                }
                if phase == Phase::Proving
                    && self.fence.state == JobState::Executing
                    && let Err(error) = self.enter(JobState::Proving).await
                {
                    moved_on.notify_one();
                    trouble = Some(error);
                    continue;
                }
                let progress = Percent {
                    attempt: self.fence.attempt,
                    phase,
                    percent,
                };
                parts.store.report_progress(self.fence.job, progress);
            }
            trouble
        };
        let (ended, trouble) = tokio::join!(perform, follow);
        if let Some(trouble) = trouble {
            return Err(trouble.into());
        }
        match ended {
            Ended::Done(done) => Ok(done),
            Ended::Refused(refusal) => Err(Halt::Refused(refusal)),
            Ended::Failed(failure) => Err(Halt::Failed(failure)),
            Ended::Cancelled => {
                let reason = *self.stop.borrow();
                Err(Halt::Stopped(reason.unwrap_or(Stop::ShuttingDown)))
            }
        }
    }

    /// Moves the job to its next phase.
    async fn enter(&mut self, state: JobState) -> Result<(), PipelineError> {
        let parts = self.pipeline.parts();
        parts
            .store
            .advance(UnixMillis::now(), self.fence, state)
            .await?;
        self.fence.state = state;
        Ok(())
    }

    /// Refuses a seal that is not what was asked for.
    fn check_seal(&self, seal: &Seal) -> Result<(), Halt> {
        let fits = match (self.request.kind, seal) {
            (JobKind::Prove, Seal::Stark(seal)) => seal.preset() == self.preset(),
            (JobKind::Run, Seal::Execution(_)) => true,
            (JobKind::Prove, Seal::Execution(_)) | (JobKind::Run, Seal::Stark(_)) => false,
        };
        if fits {
            Ok(())
        } else {
            Err(unbelievable(
                "the child left another seal than was asked for".to_owned(),
            ))
        }
    }

    /// Stores a copy of what the child wrote. Whether it is what the job makes is for the second child to say.
    async fn store_outputs(&self, folder: &Workspace) -> Result<Vec<Output>, Halt> {
        let parts = self.pipeline.parts();
        let mut outputs = Vec::new();
        for buffer in &self.request.buffers {
            let name = buffer.name.as_str();
            let path = folder.path().join(output_file(name));
            match fs::symlink_metadata(&path) {
                Ok(_) => {}
                // The kernel only reads it, which the second child makes sure of.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(PipelineError::Scratch { path, source }.into()),
            }
            let limit = self.request.limits.memory;
            let now = UnixMillis::now();
            let stored = parts.blobs.put_file(now, None, &path, limit).await;
            outputs.push(Output {
                name: name.to_owned(),
                digest: stored.map_err(PipelineError::from)?.digest,
            });
        }
        Ok(outputs)
    }

    /// The seal that the node signs: of a run, its own word on the device.
    fn seal_of(&self, seal: Seal, done: &Done) -> Result<Seal, Halt> {
        match seal {
            Seal::Stark(_) => Ok(seal),
            Seal::Execution(_) => self
                .device
                .seal(&done.device, done.races_checked)
                .map_err(unbelievable),
        }
    }

    /// Publishes a verified result.
    async fn seal(&mut self, job: &Job, made: Made, device_millis: u64) -> Outcome {
        let sealed = self.pipeline.seal(job, made, device_millis).await;
        let finished = match sealed {
            Ok(()) => {
                self.pipeline
                    .resume(self.fence.job, self.fence.attempt)
                    .await
            }
            Err(error) => return self.halt(Halt::Trouble(error), device_millis).await,
        };
        if let Err(error) = &finished {
            tracing::warn!(job = %self.fence.job, %error, "the receipt is not finished yet");
        }
        Outcome::Sealed {
            finished: finished.is_ok(),
        }
    }
}

/// Reads the receipt that a child left: a file, and no link to one of the node's.
fn read_receipt(path: &Path) -> Result<Receipt, LoadError> {
    drop(regular::open_unlinked(path)?);
    Receipt::load(path)
}

fn unbelievable(detail: String) -> Halt {
    Halt::Failed(Failure {
        kind: FailureKind::Unbelievable,
        detail,
        stderr: String::new(),
    })
}

/// What an attempt says about its device's speed. A time too short to measure says nothing.
fn rates(done: &Done, claim: &Claim) -> Vec<(&'static str, f64)> {
    let per_second = |count: u64, millis: u64| count as f64 * 1000.0 / millis as f64;
    let mut rates = Vec::new();
    if done.executing_ms > 0 {
        let usage = claim.usage();
        // An upper bound: no invocation takes more steps than this.
        let steps = u64::from(usage.steps.max(1)).saturating_mul(usage.invocations.into());
        rates.push(("steps", per_second(steps, done.executing_ms)));
    }
    if done.proving_ms > 0 && done.cells > 0 {
        rates.push(("cells", per_second(done.cells, done.proving_ms)));
    }
    rates
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
