//! One trip of a job through a GPU: buffers up, one launch, buffers down.
#![allow(unsafe_code, reason = "a launch hands pointers to a kernel")]

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use arknet_workload::emit::report::{self, Report};
use arknet_workload::emit::{Emitted, Layout, Role};
use arknet_workload::ir::MemoryId;
use arknet_workload::job::{Invocation, Job};
use cudarc::driver::result::event;
use cudarc::driver::sys::CUresult;
use cudarc::driver::{
    CudaFunction, CudaSlice, CudaStream, DeviceRepr, DriverError, LaunchConfig, PushKernelArg,
};

use crate::RunError;

/// How long the host sleeps between two looks at a running kernel; short ones wait less.
const LONGEST_NAP: Duration = Duration::from_millis(2);

/// What every stage of a run needs.
pub(super) struct Context<'a> {
    pub(super) stream: &'a Arc<CudaStream>,
    pub(super) device: &'a str,
    pub(super) job: &'a Job,
    pub(super) emitted: &'a Emitted,
    pub(super) deadline: Option<Instant>,
}

/// What a pass left on the host: the report, and the words of every output.
pub(super) struct Outcome {
    pub(super) report: [u32; Report::WORDS],
    outputs: Vec<(MemoryId, Vec<u32>)>,
}

/// The parameters, as large as those of any workload; a kernel takes as much of them as it declares.
#[repr(C)]
struct Parameters([u32; 2 + arknet_workload::ir::Workload::MAX_MEMORIES]);

// SAFETY: an array of words, which a device represents as the host does.
unsafe impl DeviceRepr for Parameters {}

/// An argument of the kernel, in the order of the layout's bindings.
enum Argument {
    Buffer(CudaSlice<u32>),
    Parameters(Box<Parameters>),
}

impl Context<'_> {
    /// Runs the job once. `explains` leaves its trap in the report.
    pub(super) fn run(
        &self,
        kernel: &CudaFunction,
        explains: Option<Invocation>,
    ) -> Result<Outcome, RunError> {
        let bindings = &self.emitted.layout.bindings;
        let mut arguments = Vec::with_capacity(bindings.len());
        for role in bindings {
            arguments.push(self.argument(*role, explains)?);
        }
        self.launch(kernel, &arguments)?;
        if let Err(error) = self.wait() {
            // Freeing what a kernel uses waits until it has ended.
            std::mem::forget(arguments);
            return Err(error);
        }
        let mut outputs = Vec::new();
        let mut report = None;
        for (role, argument) in bindings.iter().zip(&arguments) {
            let Argument::Buffer(buffer) = argument else {
                continue;
            };
            match role {
                Role::Output(id) => {
                    outputs.push((*id, self.download(buffer, self.initial(*id).len())?));
                }
                Role::Report => report = Some(self.download(buffer, Report::WORDS)?),
                Role::Input(_) | Role::Tables | Role::Parameters => {}
            }
        }
        // Nothing of the job stays in memory that the next one may be given.
        for argument in &mut arguments {
            if let Argument::Buffer(buffer) = argument {
                self.driven(self.stream.memset_zeros(buffer))?;
            }
        }
        self.driven(self.stream.synchronize())?;
        let words: [u32; Report::WORDS] = report
            .and_then(|words| words.try_into().ok())
            .ok_or_else(|| self.driver_error("the report has the wrong length"))?;
        Ok(Outcome {
            report: words,
            outputs,
        })
    }

    /// The words of every buffer of the job after a pass.
    pub(super) fn final_buffers(&self, outcome: Outcome) -> Vec<Vec<u32>> {
        let mut outputs = outcome.outputs;
        self.job
            .buffer_memories()
            .zip(self.job.buffers())
            .map(|((id, _), initial)| {
                let output = outputs.iter_mut().find(|(other, _)| *other == id);
                output.map_or_else(|| initial.clone(), |(_, words)| std::mem::take(words))
            })
            .collect()
    }

    fn argument(&self, role: Role, explains: Option<Invocation>) -> Result<Argument, RunError> {
        let spare = Layout::SPARE_WORDS as usize;
        Ok(match role {
            Role::Input(id) | Role::Output(id) => {
                Argument::Buffer(self.upload(self.initial(id), spare)?)
            }
            Role::Tables => Argument::Buffer(self.upload(&self.emitted.layout.tables, 0)?),
            Role::Report => Argument::Buffer(self.upload(&Report::INITIAL, 0)?),
            Role::Parameters => {
                let words = report::parameters(self.emitted, self.job, explains);
                let mut parameters = Box::new(Parameters([0; _]));
                parameters.0[..words.len()].copy_from_slice(&words);
                Argument::Parameters(parameters)
            }
        })
    }

    /// A buffer on the device with these words and zeros behind them.
    fn upload(&self, words: &[u32], spare: usize) -> Result<CudaSlice<u32>, RunError> {
        let mut buffer = self.driven(self.stream.alloc_zeros(words.len() + spare))?;
        self.driven(self.stream.memcpy_htod(words, &mut buffer))?;
        Ok(buffer)
    }

    fn download(&self, buffer: &CudaSlice<u32>, words: usize) -> Result<Vec<u32>, RunError> {
        let mut copy = vec![0; words];
        self.driven(self.stream.memcpy_dtoh(&buffer.slice(..words), &mut copy))?;
        self.driven(self.stream.synchronize())?;
        Ok(copy)
    }

    fn launch(&self, kernel: &CudaFunction, arguments: &[Argument]) -> Result<(), RunError> {
        let mut launch = self.stream.launch_builder(kernel);
        for argument in arguments {
            match argument {
                Argument::Buffer(buffer) => launch.arg(buffer),
                Argument::Parameters(parameters) => launch.arg(&**parameters),
            };
        }
        let [x, y, z] = self.job.dispatch().workgroups();
        let shape = LaunchConfig {
            grid_dim: (x, y, z),
            block_dim: (self.job.dispatch().group_invocations(), 1, 1),
            shared_mem_bytes: 0,
        };
        // SAFETY: the kernel was printed for this layout, whose bindings the arguments follow one by one. It
        // compares each index with the length of its buffer, which the parameters or the text give, and the
        // spare words that it turns to otherwise are there. The buffers outlive the launch: they are freed
        // on the stream that it runs on.
        let launched = unsafe { launch.launch(shape) };
        self.driven(launched.map(|_| ()))
    }

    /// Waits for the stream until the job's time is over.
    fn wait(&self) -> Result<(), RunError> {
        let done = self.driven(self.stream.record_event(None))?;
        let mut nap = Duration::from_micros(20);
        loop {
            // SAFETY: the event is alive.
            match unsafe { event::query(done.cu_event()) } {
                Ok(()) => return Ok(()),
                Err(DriverError(CUresult::CUDA_ERROR_NOT_READY)) => {}
                Err(error) => return self.driven(Err(error)),
            }
            if self
                .deadline
                .is_some_and(|deadline| Instant::now() >= deadline)
            {
                // The kernel cannot be called off and still uses the event.
                std::mem::forget(done);
                return Err(RunError::OverTime {
                    limit: self.job.limits().time,
                });
            }
            thread::sleep(nap);
            nap = LONGEST_NAP.min(2 * nap);
        }
    }

    /// The job's words for a buffer.
    fn initial(&self, id: MemoryId) -> &[u32] {
        self.job
            .buffer_memories()
            .zip(self.job.buffers())
            .find(|((other, _), _)| *other == id)
            .map_or(&[], |(_, words)| words)
    }

    /// A driver's error as a run's.
    pub(super) fn driven<T>(&self, result: Result<T, DriverError>) -> Result<T, RunError> {
        result.map_err(|error| match error.0 {
            CUresult::CUDA_ERROR_OUT_OF_MEMORY => RunError::OutOfMemory {
                adapter: self.device.to_owned(),
                bytes: self.job.memory_bytes(),
            },
            // After any of the others that a run can give, the driver refuses this context everything.
            _ => RunError::DeviceLost {
                adapter: self.device.to_owned(),
                message: describe(error),
            },
        })
    }

    fn driver_error(&self, message: &str) -> RunError {
        RunError::Driver {
            adapter: self.device.to_owned(),
            message: message.to_owned(),
        }
    }
}

/// What the driver says about an error.
pub(super) fn describe(error: DriverError) -> String {
    match error.error_string() {
        Ok(text) => text.to_string_lossy().into_owned(),
        Err(_) => format!("{:?}", error.0),
    }
}
