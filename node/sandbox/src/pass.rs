//! One trip of a job through a device: buffers up, one dispatch, buffers down.

use std::time::{Duration, Instant};

use arknet_workload::emit::report::{self, Report};
use arknet_workload::emit::{Emitted, Layout, Role};
use arknet_workload::ir::MemoryId;
use arknet_workload::job::{Invocation, Job};

use crate::RunError;
use crate::faults::Faults;

/// How long a wait for the device lasts before the deadline is looked at again.
const SLICE: Duration = Duration::from_millis(250);

/// What every stage of a run needs.
pub(crate) struct Context<'a> {
    pub(crate) device: &'a wgpu::Device,
    pub(crate) queue: &'a wgpu::Queue,
    pub(crate) faults: &'a Faults,
    pub(crate) adapter: &'a str,
    pub(crate) job: &'a Job,
    pub(crate) emitted: &'a Emitted,
    pub(crate) deadline: Option<Instant>,
}

/// A kernel that the driver has compiled.
pub(crate) struct Kernel {
    layout: wgpu::BindGroupLayout,
    pipeline: wgpu::ComputePipeline,
}

/// What a pass left.
pub(crate) struct Outcome {
    /// The words of the report.
    pub(crate) report: [u32; Report::WORDS],
    downloads: Vec<(MemoryId, wgpu::Buffer)>,
    /// The buffers that the kernel had.
    bound: Vec<wgpu::Buffer>,
    /// The buffers that the host reads.
    mapped: Vec<wgpu::Buffer>,
}

impl Context<'_> {
    pub(crate) fn check(&self) -> Result<(), RunError> {
        self.faults.check(self.adapter, self.job.memory_bytes())
    }

    /// Compiles the kernel.
    pub(crate) fn compile(&self) -> Result<Kernel, RunError> {
        let device = self.device;
        let entries: Vec<_> = (0u32..)
            .zip(&self.emitted.layout.bindings)
            .map(|(binding, role)| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer {
                    ty: binding_type(*role),
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            })
            .collect();
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: None,
            entries: &entries,
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(self.emitted.source.as_str().into()),
        });
        self.check()?;
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some(Emitted::ENTRY_POINT),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        self.check()?;
        Ok(Kernel { layout, pipeline })
    }

    /// Runs the job once. `explains` leaves its trap in the report.
    pub(crate) fn run(
        &self,
        kernel: &Kernel,
        explains: Option<Invocation>,
    ) -> Result<Outcome, RunError> {
        let mut buffers = Vec::with_capacity(self.emitted.layout.bindings.len());
        let mut downloads = Vec::new();
        let mut encoder = self
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for role in &self.emitted.layout.bindings {
            buffers.push(self.upload(*role, explains)?);
        }
        let entries: Vec<_> = (0u32..)
            .zip(&buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let bind_group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &kernel.layout,
            entries: &entries,
        });
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&kernel.pipeline);
            pass.set_bind_group(0, &bind_group, &[]);
            let [x, y, z] = self.job.dispatch().workgroups();
            pass.dispatch_workgroups(x, y, z);
        }
        let mut report = None;
        for (role, buffer) in self.emitted.layout.bindings.iter().zip(&buffers) {
            match role {
                Role::Output(id) => {
                    let words = self.initial(*id).len();
                    downloads.push((*id, self.download(&mut encoder, buffer, words)?));
                }
                Role::Report => {
                    report = Some(self.download(&mut encoder, buffer, Report::WORDS)?);
                }
                Role::Input(_) | Role::Tables | Role::Parameters => {}
            }
        }
        let submission = self.queue.submit([encoder.finish()]);
        for buffer in downloads.iter().map(|(_, buffer)| buffer).chain(&report) {
            // A mapping that fails shows when the range is asked for.
            buffer.slice(..).map_async(wgpu::MapMode::Read, |_| {});
        }
        self.check()?;
        self.wait(&submission)?;
        let words = report
            .as_ref()
            .map(|buffer| self.words(buffer))
            .transpose()?;
        let words: [u32; Report::WORDS] = words
            .and_then(|words| words.try_into().ok())
            .ok_or_else(|| self.driver_error("the report has the wrong length"))?;
        let read = downloads.iter().map(|(_, buffer)| buffer);
        let mapped = read.chain(&report).cloned().collect();
        Ok(Outcome {
            report: words,
            downloads,
            bound: buffers,
            mapped,
        })
    }

    /// Overwrites what a pass left on the device with zeros: whoever gets that memory next sees nothing of the job.
    pub(crate) fn erase(&self, outcome: Outcome) -> Result<(), RunError> {
        let mut encoder = self
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for buffer in &outcome.mapped {
            // The device may not touch what the host can see.
            buffer.unmap();
        }
        for buffer in outcome.mapped.iter().chain(&outcome.bound) {
            encoder.clear_buffer(buffer, 0, None);
        }
        let submission = self.queue.submit([encoder.finish()]);
        self.check()?;
        self.wait(&submission)
    }

    /// The words of every buffer of the job after a pass.
    pub(crate) fn final_buffers(&self, outcome: &Outcome) -> Result<Vec<Vec<u32>>, RunError> {
        self.job
            .buffer_memories()
            .zip(self.job.buffers())
            .map(|((id, _), initial)| {
                let download = outcome.downloads.iter().find(|(other, _)| *other == id);
                match download {
                    Some((_, buffer)) => self.words(buffer),
                    None => Ok(initial.clone()),
                }
            })
            .collect()
    }

    /// A buffer on the device with what the binding holds at the start.
    fn upload(&self, role: Role, explains: Option<Invocation>) -> Result<wgpu::Buffer, RunError> {
        let storage = wgpu::BufferUsages::STORAGE;
        let readable = storage | wgpu::BufferUsages::COPY_SRC;
        let tables = &self.emitted.layout.tables;
        match role {
            // New buffers are zero, and so are the spare words behind the job's.
            Role::Input(id) => self.buffer(self.initial(id), Layout::SPARE_WORDS, storage),
            Role::Output(id) => self.buffer(self.initial(id), Layout::SPARE_WORDS, readable),
            Role::Tables => self.buffer(tables, 0, storage),
            Role::Parameters => {
                let words = report::parameters(self.emitted, self.job, explains);
                self.buffer(&words, 0, wgpu::BufferUsages::UNIFORM)
            }
            Role::Report => self.buffer(&Report::INITIAL, 0, readable),
        }
    }

    fn buffer(
        &self,
        words: &[u32],
        spare: u32,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, RunError> {
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 4 * (words.len() as u64 + u64::from(spare)),
            usage: usage | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.check()?;
        self.queue
            .write_buffer(&buffer, 0, bytemuck::cast_slice(words));
        self.check()?;
        Ok(buffer)
    }

    /// The job's words for a buffer.
    fn initial(&self, id: MemoryId) -> &[u32] {
        self.job
            .buffer_memories()
            .zip(self.job.buffers())
            .find(|((other, _), _)| *other == id)
            .map_or(&[], |(_, words)| words)
    }

    /// A buffer that the host can map, filled from one on the device when the encoder's commands run.
    fn download(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        from: &wgpu::Buffer,
        words: usize,
    ) -> Result<wgpu::Buffer, RunError> {
        let size = 4 * words as u64;
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.check()?;
        encoder.copy_buffer_to_buffer(from, 0, &buffer, 0, size);
        Ok(buffer)
    }

    /// Waits for a submission until the job's time is over.
    fn wait(&self, submission: &wgpu::SubmissionIndex) -> Result<(), RunError> {
        loop {
            let left = self.deadline.map_or(SLICE, |deadline| {
                deadline.saturating_duration_since(Instant::now())
            });
            let waited = self.device.poll(wgpu::PollType::Wait {
                submission_index: Some(submission.clone()),
                timeout: Some(left.min(SLICE)),
            });
            self.check()?;
            match waited {
                Ok(_) => return Ok(()),
                Err(wgpu::PollError::Timeout) if left.is_zero() => {
                    return Err(RunError::OverTime {
                        limit: self.job.limits().time,
                    });
                }
                Err(wgpu::PollError::Timeout) => {}
                Err(error) => return Err(self.driver_error(&error.to_string())),
            }
        }
    }

    fn words(&self, buffer: &wgpu::Buffer) -> Result<Vec<u32>, RunError> {
        let view = buffer
            .slice(..)
            .get_mapped_range()
            .map_err(|error| self.driver_error(&error.to_string()))?;
        Ok(bytemuck::pod_collect_to_vec(&view[..]))
    }

    fn driver_error(&self, message: &str) -> RunError {
        RunError::Driver {
            adapter: self.adapter.to_owned(),
            message: message.to_owned(),
        }
    }
}

fn binding_type(role: Role) -> wgpu::BufferBindingType {
    match role {
        Role::Input(_) | Role::Tables => wgpu::BufferBindingType::Storage { read_only: true },
        Role::Output(_) | Role::Report => wgpu::BufferBindingType::Storage { read_only: false },
        Role::Parameters => wgpu::BufferBindingType::Uniform,
    }
}
