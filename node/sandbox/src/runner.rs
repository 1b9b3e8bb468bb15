//! A device that runs jobs one after the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use arknet_workload::emit;
use arknet_workload::emit::report::Report;
use arknet_workload::job::{Execution, Job};

use crate::adapter::{self, AdapterInfo, Selection};
use crate::faults::Faults;
use crate::fit::{self, CompileLimits};
use crate::pass::{Context, Kernel};
use crate::trap;
use crate::{BackendError, RunError};

/// An open device. Cheap to keep: opening one costs more than running a small job.
#[derive(Debug)]
pub struct WgpuRunner {
    info: AdapterInfo,
    adapter: String,
    device: wgpu::Device,
    queue: wgpu::Queue,
    faults: Faults,
    limits: CompileLimits,
    /// Held while a job runs: a device's faults do not say which job they belong to.
    turn: Mutex<()>,
}

/// A run that came to its end.
pub(crate) struct Ran {
    pub(crate) ended: Ended,
    pub(crate) compile_time: Duration,
    pub(crate) run_time: Duration,
}

impl Ran {
    /// What the run gives to whoever knows the source.
    pub(crate) fn explain(
        self,
        adapter: &AdapterInfo,
        job: &Job,
    ) -> Result<GpuExecution, RunError> {
        match self.ended {
            Ended::Finished(execution) => Ok(GpuExecution {
                execution,
                adapter: adapter.clone(),
                compile_time: self.compile_time,
                run_time: self.run_time,
            }),
            Ended::Trapped(report) => Err(trap::explain(report, job)),
        }
    }
}

/// How a run ended.
pub(crate) enum Ended {
    /// With a result.
    Finished(Execution),
    /// At a trap; the words of the report that explain it.
    Trapped([u32; Report::WORDS]),
}

/// A finished run and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuExecution {
    /// The result.
    pub execution: Execution,
    /// What ran it.
    pub adapter: AdapterInfo,
    /// Time to print the kernel and have it compiled. Some drivers put part of it off to the run.
    pub compile_time: Duration,
    /// Time to bring the buffers up, run and bring them down.
    pub run_time: Duration,
}

impl WgpuRunner {
    /// Opens the first adapter that the selection allows.
    pub fn new(selection: Selection) -> Result<Self, BackendError> {
        Self::open(adapter::choose(selection)?)
    }

    /// Opens one of [`adapters`](crate::adapters).
    pub fn on(adapter: &AdapterInfo) -> Result<Self, BackendError> {
        Self::open(adapter::find(adapter)?)
    }

    fn open((info, adapter): (AdapterInfo, wgpu::Adapter)) -> Result<Self, BackendError> {
        let name = info.to_string();
        let request = adapter.request_device(&wgpu::DeviceDescriptor {
            label: None,
            required_features: wgpu::Features::empty(),
            required_limits: adapter.limits(),
            experimental_features: wgpu::ExperimentalFeatures::disabled(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            trace: wgpu::Trace::Off,
        });
        let (device, queue) =
            pollster::block_on(request).map_err(|error| BackendError::Device {
                adapter: name.clone(),
                message: error.to_string(),
            })?;
        let faults = Faults::watch(&device);
        Ok(Self {
            info,
            adapter: name,
            device,
            queue,
            faults,
            limits: CompileLimits::default(),
            turn: Mutex::new(()),
        })
    }

    /// Replaces the limits on what the driver is given to compile.
    pub fn with_compile_limits(self, limits: CompileLimits) -> Self {
        Self { limits, ..self }
    }

    /// The adapter.
    pub fn adapter(&self) -> &AdapterInfo {
        &self.info
    }

    /// Runs a job. Calls from several threads take turns.
    ///
    /// The result and the reported trap are those of the interpreter, with one exception: **races are
    /// not detected here**. A racy job gives some result, or [`RunError::Unrepeatable`]. Whoever needs
    /// to know that a result has a meaning runs the interpreter or checks a proof.
    ///
    /// A job that goes over its time gives [`RunError::OverTime`] promptly, but the kernel cannot be
    /// called off: the device works on until the step limit ends it, and this runner takes no more jobs.
    pub fn run(&self, job: &Job) -> Result<GpuExecution, RunError> {
        self.attempt(job)?.explain(&self.info, job)
    }

    /// Runs a job, and leaves what a trap means to whoever knows the source.
    pub(crate) fn attempt(&self, job: &Job) -> Result<Ran, RunError> {
        // Nothing is kept between jobs, so a turn that panicked leaves nothing broken behind.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // wgpu panics where a driver fails in ways that it does not expect, such as a lost device while
        // it is waited for.
        catch_unwind(AssertUnwindSafe(|| self.take_turn(job))).unwrap_or_else(|_| {
            let message = "wgpu gave up on the driver".to_owned();
            self.faults.lose(message.clone());
            Err(RunError::DeviceLost {
                adapter: self.adapter.clone(),
                message,
            })
        })
    }

    fn take_turn(&self, job: &Job) -> Result<Ran, RunError> {
        let start = Instant::now();
        let emitted = emit::wgsl(job.workload());
        self.limits.check(&emitted.size)?;
        fit::check_device(job, &emitted, &self.device.limits(), &self.adapter)?;
        let context = Context {
            device: &self.device,
            queue: &self.queue,
            faults: &self.faults,
            adapter: &self.adapter,
            job,
            emitted: &emitted,
            deadline: start.checked_add(job.limits().time),
        };
        context.check()?;
        let kernel = context.compile()?;
        let compiled = Instant::now();
        let ended = execute(&context, &kernel);
        if let Err(RunError::OverTime { .. }) = ended {
            self.abandon();
        }
        Ok(Ran {
            ended: ended?,
            compile_time: compiled - start,
            run_time: compiled.elapsed(),
        })
    }

    /// Leaves the device to the kernel that is still running on it. Closing a busy device waits for it,
    /// so a handle is kept open for as long as the process lives.
    fn abandon(&self) {
        self.faults
            .lose("it is still busy with a job that went over its time".to_owned());
        std::mem::forget((self.device.clone(), self.queue.clone()));
    }
}

fn execute(context: &Context<'_>, kernel: &Kernel) -> Result<Ended, RunError> {
    let outcome = context.run(kernel, None)?;
    let Some(invocation) = Report::from_words(outcome.report).first_trapped() else {
        let execution = Execution {
            buffers: context.final_buffers(&outcome)?,
            steps: Report::from_words(outcome.report).steps(),
        };
        context.erase(outcome)?;
        return Ok(Ended::Finished(execution));
    };
    context.erase(outcome)?;
    let again = context.run(kernel, Some(invocation))?;
    let report = again.report;
    context.erase(again)?;
    if Report::from_words(report).first_trapped() != Some(invocation) {
        return Err(RunError::Unrepeatable { invocation });
    }
    Ok(Ended::Trapped(report))
}
