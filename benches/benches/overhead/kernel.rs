//! A kernel on wgpu and nothing around it.

use std::error::Error;
use std::time::Duration;

use arknet_benches::turns::{Cost, measure};

/// An open adapter.
pub(crate) struct Device {
    pub(crate) name: String,
    device: wgpu::Device,
    queue: wgpu::Queue,
}

/// The words of a binding of group 0.
pub(crate) struct Binding {
    pub(crate) number: u32,
    pub(crate) words: Vec<u32>,
}

/// A compiled kernel with its buffers.
pub(crate) struct Kernel {
    device: wgpu::Device,
    queue: wgpu::Queue,
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
    workgroups: [u32; 3],
    /// The buffers that the kernel has, and others with what was in them at first.
    buffers: Vec<(wgpu::Buffer, wgpu::Buffer)>,
}

impl Device {
    /// Opens the adapter that wgpu prefers.
    pub(crate) fn open() -> Result<Self, Box<dyn Error>> {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.flags = wgpu::InstanceFlags::empty();
        let instance = wgpu::Instance::new(descriptor);
        let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..wgpu::RequestAdapterOptions::default()
        }))?;
        let info = adapter.get_info();
        let (device, queue) =
            pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
                required_limits: adapter.limits(),
                ..wgpu::DeviceDescriptor::default()
            }))?;
        Ok(Self {
            name: format!("{} ({}, {})", info.name, info.driver, info.driver_info),
            device,
            queue,
        })
    }
}

impl Kernel {
    /// Compiles a kernel and makes its buffers. What goes wrong here is a panic of wgpu.
    pub(crate) fn new(
        device: &Device,
        source: &str,
        entry: &str,
        bindings: &[Binding],
        workgroups: [u32; 3],
    ) -> Self {
        let Device { device, queue, .. } = device;
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(source.into()),
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: Some(entry),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        let buffer = |words: &[u32]| {
            let buffer = device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size: 4 * words.len() as u64,
                usage: wgpu::BufferUsages::STORAGE
                    | wgpu::BufferUsages::UNIFORM
                    | wgpu::BufferUsages::COPY_SRC
                    | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            queue.write_buffer(&buffer, 0, &bytes);
            buffer
        };
        let buffers: Vec<_> = bindings
            .iter()
            .map(|binding| (buffer(&binding.words), buffer(&binding.words)))
            .collect();
        let entries: Vec<_> = bindings
            .iter()
            .zip(&buffers)
            .map(|(binding, (buffer, _))| wgpu::BindGroupEntry {
                binding: binding.number,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        Self {
            device: device.clone(),
            queue: queue.clone(),
            pipeline,
            group,
            workgroups,
            buffers,
        }
    }

    /// Runs the kernel on what was in the buffers at first. Gives what the dispatch took.
    pub(crate) fn run(&self) -> Cost {
        self.submit(|encoder| {
            for (buffer, initial) in &self.buffers {
                encoder.copy_buffer_to_buffer(initial, 0, buffer, 0, buffer.size());
            }
        });
        let dispatch = || {
            self.submit(|encoder| {
                let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                pass.set_pipeline(&self.pipeline);
                pass.set_bind_group(0, &self.group, &[]);
                let [x, y, z] = self.workgroups;
                pass.dispatch_workgroups(x, y, z);
            });
        };
        measure(dispatch).1
    }

    /// The words of a buffer, by its position among the bindings.
    pub(crate) fn read(&self, position: usize) -> Vec<u32> {
        let (buffer, _) = &self.buffers[position];
        let copy = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: buffer.size(),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.submit(|encoder| encoder.copy_buffer_to_buffer(buffer, 0, &copy, 0, buffer.size()));
        copy.slice(..).map_async(wgpu::MapMode::Read, |_| {});
        self.wait();
        let bytes = copy.slice(..).get_mapped_range().expect("it is mapped");
        let words = bytes.chunks_exact(4);
        words
            .map(|word| u32::from_le_bytes(word.try_into().expect("four bytes")))
            .collect()
    }

    /// Has the device do something, and waits for it.
    fn submit(&self, commands: impl FnOnce(&mut wgpu::CommandEncoder)) {
        let mut encoder = self
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        commands(&mut encoder);
        self.queue.submit([encoder.finish()]);
        self.wait();
    }

    fn wait(&self) {
        self.device
            .poll(wgpu::PollType::Wait {
                submission_index: None,
                timeout: Some(Duration::from_secs(300)),
            })
            .expect("the device finishes");
    }
}
