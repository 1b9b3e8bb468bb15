//! A GPU that runs jobs one after the other.
#![allow(unsafe_code, reason = "the driver is a C library")]

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arknet_workload::emit::report::Report;
use arknet_workload::emit::{self, Emitted, Layout};
use arknet_workload::job::{Execution, Job};
use cudarc::driver::sys::{self, CUdevice_attribute, CUresult};
use cudarc::driver::{CudaContext, CudaFunction, CudaStream, DriverError};
use cudarc::nvrtc::Ptx;

use super::compiler::{Compiler, CompilerError};
use super::pass::{Context, describe};
use crate::fit::CompileLimits;
use crate::runner::{Ended, Ran};
use crate::{AdapterInfo, AdapterKind, BackendError, GpuExecution, RunError};

/// An open GPU. Cheap to keep: opening one costs more than running a small job.
#[derive(Debug)]
pub struct CudaRunner {
    info: AdapterInfo,
    device: String,
    context: Arc<CudaContext>,
    stream: Arc<CudaStream>,
    compiler: Compiler,
    architecture: u32,
    limits: CompileLimits,
    /// Set once a kernel was left running or the driver gave the context up.
    lost: AtomicBool,
    /// Held while a job runs.
    turn: Mutex<()>,
}

impl CudaRunner {
    /// Opens the first GPU of this machine.
    pub fn new() -> Result<Self, BackendError> {
        // The binding panics where the library lacks one of its functions.
        let present = catch_unwind(|| {
            // SAFETY: loads the library of this name and runs its initialisers, which belong to the driver.
            unsafe { sys::is_culib_present() }
        });
        match present {
            Ok(true) => {}
            Ok(false) => return Err(no_cuda("NVIDIA's driver (libcuda.so) is not installed")),
            Err(_) => {
                return Err(no_cuda(
                    "NVIDIA's driver is too old; CUDA 12.9 (driver 575) or later is needed",
                ));
            }
        }
        let compiler = Compiler::load().map_err(|error| no_cuda(&error.to_string()))?;
        let failed = |error: DriverError| no_cuda(&describe(error));
        let count = initialised_count().map_err(failed)?;
        if count == 0 {
            return Err(no_cuda("NVIDIA's driver finds no GPU"));
        }
        let context = CudaContext::new(0).map_err(failed)?;
        let info = info(&context).map_err(failed)?;
        let (major, minor) = context.compute_capability().map_err(failed)?;
        let capability = u32::try_from(10 * major + minor).unwrap_or(0);
        let architecture = compiler
            .architecture_for(capability)
            .map_err(|error| no_cuda(&error.to_string()))?;
        Ok(Self {
            device: info.to_string(),
            info,
            stream: context.default_stream(),
            context,
            compiler,
            architecture,
            limits: CompileLimits::default(),
            lost: AtomicBool::new(false),
            turn: Mutex::new(()),
        })
    }

    /// Replaces the limits on what the compiler is given.
    pub fn with_compile_limits(self, limits: CompileLimits) -> Self {
        Self { limits, ..self }
    }

    /// The GPU.
    pub fn adapter(&self) -> &AdapterInfo {
        &self.info
    }

    /// Runs a job. Calls from several threads take turns.
    ///
    /// As with [`WgpuRunner::run`](crate::WgpuRunner::run), the result and the reported trap are those of the
    /// interpreter, except that **races are not detected**, and a kernel that goes over its time is left
    /// running, whereupon this runner takes no more jobs.
    pub fn run(&self, job: &Job) -> Result<GpuExecution, RunError> {
        self.attempt(job)?.explain(&self.info, job)
    }

    /// Runs a job, and leaves what a trap means to whoever knows the source.
    pub(crate) fn attempt(&self, job: &Job) -> Result<Ran, RunError> {
        // Nothing is kept between jobs, so a turn that panicked leaves nothing broken behind.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if self.lost.load(Ordering::Relaxed) {
            return Err(RunError::DeviceLost {
                adapter: self.device.clone(),
                message: "an earlier job was left running on it, or broke it".to_owned(),
            });
        }
        let start = Instant::now();
        let emitted = emit::cuda(job.workload());
        self.limits.check(&emitted.size)?;
        self.check_lengths(job)?;
        let context = Context {
            stream: &self.stream,
            device: &self.device,
            job,
            emitted: &emitted,
            deadline: start.checked_add(job.limits().time),
        };
        let code = self.compiler.compile(&emitted.source, self.architecture);
        let code = code.map_err(|error| self.compiler_failed(&error))?;
        let result = self.load(&context, code).and_then(|kernel| {
            let compiled = Instant::now();
            let ended = execute(&context, &kernel);
            if let Err(RunError::OverTime { .. }) = ended {
                // Unloading a kernel waits until it has ended.
                std::mem::forget(kernel);
            }
            Ok(Ran {
                ended: ended?,
                compile_time: compiled - start,
                run_time: compiled.elapsed(),
            })
        });
        if let Err(RunError::OverTime { .. } | RunError::DeviceLost { .. }) = result {
            self.abandon();
        }
        result
    }

    fn load(&self, context: &Context<'_>, code: Vec<u8>) -> Result<CudaFunction, RunError> {
        let module = context.driven(self.context.load_module(Ptx::from_binary(code)))?;
        context.driven(module.load_function(Emitted::ENTRY_POINT))
    }

    /// Indices are 32 bits wide, those of the spare words too.
    fn check_lengths(&self, job: &Job) -> Result<(), RunError> {
        let limit = u64::from(u32::MAX - Layout::SPARE_WORDS);
        for ((_, memory), words) in job.buffer_memories().zip(job.buffers()) {
            let needed = words.len() as u64;
            if needed > limit {
                return Err(RunError::OverAdapter {
                    what: format!("words for buffer `{}`", memory.name),
                    needed,
                    limit,
                    adapter: self.device.clone(),
                });
            }
        }
        Ok(())
    }

    fn compiler_failed(&self, error: &CompilerError) -> RunError {
        RunError::Driver {
            adapter: self.device.clone(),
            message: error.to_string(),
        }
    }

    /// Leaves the device to the kernel that may still run on it. Closing it would wait, so a handle is kept open
    /// for as long as the process lives.
    fn abandon(&self) {
        if !self.lost.swap(true, Ordering::Relaxed) {
            std::mem::forget((self.context.clone(), self.stream.clone()));
        }
    }
}

fn execute(context: &Context<'_>, kernel: &CudaFunction) -> Result<Ended, RunError> {
    let outcome = context.run(kernel, None)?;
    let report = Report::from_words(outcome.report);
    let Some(invocation) = report.first_trapped() else {
        return Ok(Ended::Finished(Execution {
            steps: report.steps(),
            buffers: context.final_buffers(outcome),
        }));
    };
    let again = context.run(kernel, Some(invocation))?.report;
    if Report::from_words(again).first_trapped() != Some(invocation) {
        return Err(RunError::Unrepeatable { invocation });
    }
    Ok(Ended::Trapped(again))
}

/// The number of GPUs, which may be asked for only after the driver is initialised.
fn initialised_count() -> Result<i32, DriverError> {
    match cudarc::driver::result::init() {
        Err(DriverError(CUresult::CUDA_ERROR_NO_DEVICE)) => Ok(0),
        other => other.and_then(|()| CudaContext::device_count()),
    }
}

fn info(context: &CudaContext) -> Result<AdapterInfo, DriverError> {
    let integrated = context.attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_INTEGRATED)? != 0;
    let mut version = 0;
    // SAFETY: writes one number.
    unsafe { sys::cuDriverGetVersion(&raw mut version) }.result()?;
    Ok(AdapterInfo {
        name: context.name()?,
        kind: if integrated {
            AdapterKind::Integrated
        } else {
            AdapterKind::Discrete
        },
        backend: "CUDA".to_owned(),
        driver: "NVIDIA".to_owned(),
        driver_version: format!("CUDA {}.{}", version / 1000, version % 1000 / 10),
    })
}

fn no_cuda(reason: &str) -> BackendError {
    BackendError::NoCuda {
        reason: reason.to_owned(),
    }
}
