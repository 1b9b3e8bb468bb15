//! Performs attempts as the node does: in a child process ([`crate::task`]).

use std::fs;
use std::future::Future;
use std::io;
use std::time::Duration;

use arknet_protocol::{Fingerprint, JobKind, JobRequest, PresetName, Replay};
use arknet_receipt::{Preset, Receipt};
use arknet_sandbox::{Backend, Selection, StartError, Worker};
use arknet_workload::free_memory;

use super::folder::lay_out;
use super::settings::WorkerSettings;
use super::{Execute, Job};
use crate::fleet::message::WorkerDevice;
use crate::task::{
    self, Act, Deadlines, Ended, Failure, FailureKind, Placement, Program, Progress, TaskSpec,
    WRITABLE,
};

/// How long a child may take until it has begun: it confines itself, and a GPU's driver starts.
const STARTING: Duration = Duration::from_secs(60);
/// What a run may take beside the time that its job declares.
const EXECUTING: Duration = Duration::from_secs(60);
/// What a check may take.
const VERIFYING: Duration = Duration::from_secs(600);
/// Bytes of buffers that a sandbox worker is asked for only to say what it runs on.
const NO_JOB: u64 = 1 << 20;

/// Children of this program, on one device.
#[derive(Debug)]
pub struct Children {
    program: Program,
    placement: Placement,
    device: WorkerDevice,
    memory: Option<u64>,
    proving: Duration,
    allow_weak: bool,
}

impl Children {
    /// Finds out what the device is. Starts a sandbox worker for a GPU, which takes up to half a minute.
    pub fn open(settings: &WorkerSettings, program: Program) -> Result<Self, StartError> {
        let ask = |backend, selection| {
            let worker = Worker::start(&arknet_sandbox::WorkerSettings {
                backend,
                selection,
                memory: NO_JOB,
                allow_weak: settings.allow_weak,
                ..arknet_sandbox::WorkerSettings::default()
            })?;
            Ok::<_, StartError>(task::device_name(&worker.adapter().to_string()))
        };
        let (backend, description, number) = match settings.placement {
            Placement::Cpu => {
                let version = env!("CARGO_PKG_VERSION");
                (
                    "cpu",
                    format!("reference interpreter {version}"),
                    String::new(),
                )
            }
            Placement::Wgpu { software } => {
                let selection = if software {
                    Selection::Any
                } else {
                    Selection::Auto
                };
                ("wgpu", ask(Backend::Wgpu, selection)?, String::new())
            }
            Placement::Cuda { number } => (
                "cuda",
                ask(Backend::Cuda, Selection::Auto)?,
                number.to_string(),
            ),
        };
        Ok(Self {
            program,
            placement: settings.placement,
            device: WorkerDevice {
                backend: backend.to_owned(),
                fingerprint: Fingerprint::of(backend, &description, &number),
                description,
            },
            memory: settings.memory,
            proving: settings.proving,
            allow_weak: settings.allow_weak,
        })
    }

    fn spec(&self, job: &Job<'_>, request: &JobRequest) -> TaskSpec {
        let reference = request.options.replay == Some(Replay::Reference);
        let act = match request.kind {
            JobKind::Run => Act::Run {
                on: self.placement,
                reference,
            },
            JobKind::Prove => Act::Prove {
                preset: match request.preset().unwrap_or_default() {
                    PresetName::S100 => Preset::S100,
                    PresetName::S128 => Preset::S128,
                },
            },
        };
        let declared = Duration::from_millis(request.limits.time_ms);
        // Where the interpreter repeats a run, that takes as long again.
        let runs = if reference { 2 } else { 1 };
        TaskSpec {
            act,
            folder: job.folder.join(FOLDER),
            memory_bytes: self.memory.or_else(free_memory).unwrap_or(u64::MAX >> 1),
            file_bytes: request.limits.memory.max(Receipt::MAX_BYTES),
            deadlines: Deadlines {
                starting: STARTING,
                executing: EXECUTING.saturating_add(declared.saturating_mul(runs)),
                proving: self.proving,
                verifying: VERIFYING,
            },
            allow_weak: self.allow_weak,
        }
    }
}

/// The folder of the child in that of the attempt.
const FOLDER: &str = "job";

impl Execute for Children {
    fn device(&self) -> WorkerDevice {
        self.device.clone()
    }

    async fn execute(
        &self,
        job: Job<'_>,
        progress: &mut (dyn FnMut(Progress) + Send),
        dropped: impl Future<Output = ()> + Send,
    ) -> Ended {
        let request = job.request.request();
        let spec = self.spec(&job, request);
        if let Err(error) = lay_out(&spec.folder, request, job.blobs) {
            return not_started(&error);
        }
        let ended = task::perform(&self.program, &spec, progress, dropped).await;
        match fs::rename(spec.folder.join(WRITABLE), job.folder.join(WRITABLE)) {
            Ok(()) => ended,
            Err(error) => not_started(&error),
        }
    }
}

fn not_started(error: &io::Error) -> Ended {
    Ended::Failed(Failure {
        kind: FailureKind::NotStarted,
        detail: format!("the worker's disk: {error}"),
        stderr: String::new(),
    })
}
