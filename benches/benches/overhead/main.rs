//! What checks and metering cost on a device: the kernel as it is printed for a driver against the same WGSL as its
//! author wrote it, handed to wgpu without us. Kernels that compute much and move little.
//!
//! Both have the same bindings, buffers, dispatch and runtime checks of wgpu, and take turns. What is measured is
//! the dispatch alone: compiling and moving buffers are not in it. That both computed the same is checked. Says so where
//! there is no adapter.

mod kernel;

use std::time::Duration;

use arknet_benches::examples;
use arknet_benches::turns::{Cost, ratio, take_turns};
use arknet_workload::emit;
use arknet_workload::emit::report::{self, Report};
use arknet_workload::emit::{Emitted, Layout, Role};
use arknet_workload::job::Job;

use kernel::{Binding, Device, Kernel};

const ROUNDS: usize = 15;

fn main() {
    // An argument that is no option chooses kernels, as with the other benchmarks.
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let device = match Device::open() {
        Ok(device) => device,
        Err(error) => {
            println!("overhead: not measured: {error}");
            return;
        }
    };
    println!("overhead: {}", device.name);
    let jobs = [
        ("sha256", examples::sha256(65_535)),
        ("collatz", examples::collatz(1 << 20)),
        ("matmul", examples::matmul(384)),
        ("mandelbrot", examples::mandelbrot(16)),
    ];
    for (name, job) in &jobs {
        if wanted
            .as_ref()
            .is_none_or(|wanted| name.contains(wanted.as_str()))
        {
            compare(&device, name, job);
        }
    }
}

fn compare(device: &Device, name: &str, job: &Job) {
    let (source, entry) = examples::source(name);
    let raw = Kernel::new(
        device,
        &source,
        &entry,
        &as_written(job),
        job.dispatch().workgroups(),
    );
    let emitted = emit::wgsl(job.workload());
    let checked = Kernel::new(
        device,
        &emitted.source,
        Emitted::ENTRY_POINT,
        &as_printed(&emitted, job),
        job.dispatch().workgroups(),
    );
    let [with, without] = take_turns(ROUNDS, [&mut || checked.run(), &mut || raw.run()]);
    assert_same(&emitted, job, &checked, &raw);
    println!(
        "overhead/{name:<10} checked {}, raw {}: checked over raw {}",
        times(with),
        times(without),
        ratio(with, without)
    );
}

fn times(cost: Cost) -> String {
    let millis = |time: Duration| 1e3 * time.as_secs_f64();
    format!(
        "{:.2} ms wall, {:.2} ms CPU",
        millis(cost.wall),
        millis(cost.cpu)
    )
}

/// The buffers where the author of the kernel bound them.
fn as_written(job: &Job) -> Vec<Binding> {
    let buffers = job.buffer_memories().zip(job.buffers());
    let binding = |((_, memory), words): ((_, &arknet_workload::ir::Memory), &Vec<u32>)| {
        let place = memory.binding().expect("a buffer has a binding");
        assert_eq!(place.group, 0, "the examples use one group");
        Binding {
            number: place.binding,
            words: words.clone(),
        }
    };
    buffers.map(binding).collect()
}

/// The buffers where the printed kernel expects them, with the words behind their ends.
fn as_printed(emitted: &Emitted, job: &Job) -> Vec<Binding> {
    let layout = &emitted.layout;
    let with_spare = |wanted| {
        let mut buffers = job.buffer_memories().zip(job.buffers());
        let found = buffers.find(|((id, _), _)| *id == wanted);
        let mut words = found.expect("a buffer of the job").1.clone();
        words.extend([0; Layout::SPARE_WORDS as usize]);
        words
    };
    let words = |role: &Role| match role {
        Role::Input(id) | Role::Output(id) => with_spare(*id),
        Role::Tables => layout.tables.clone(),
        Role::Parameters => report::parameters(emitted, job, None),
        Role::Report => Report::INITIAL.to_vec(),
    };
    let numbered = (0u32..).zip(&layout.bindings);
    numbered
        .map(|(number, role)| Binding {
            number,
            words: words(role),
        })
        .collect()
}

/// Both ran to their end and left the same words in every buffer.
fn assert_same(emitted: &Emitted, job: &Job, checked: &Kernel, raw: &Kernel) {
    for (position, role) in emitted.layout.bindings.iter().enumerate() {
        match role {
            Role::Report => {
                let words = checked.read(position);
                let words = words.try_into().expect("a report");
                assert_eq!(Report::from_words(words).first_trapped(), None);
            }
            Role::Output(id) => {
                let mut written = checked.read(position);
                written.truncate(written.len() - Layout::SPARE_WORDS as usize);
                let buffer = job.buffer_memories().position(|(other, _)| other == *id);
                assert!(written == raw.read(buffer.expect("a buffer of the job")));
            }
            Role::Input(_) | Role::Tables | Role::Parameters => {}
        }
    }
}
