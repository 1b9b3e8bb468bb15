//! Programs as text, as canonical bytes, and what is made of those that are valid.

use std::time::Duration;

use arknet_sandbox::CompileLimits;
use arknet_workload::emit;
use arknet_workload::interpreter;
use arknet_workload::ir::{Length, Space, Workload, canonical as bytes, text};
use arknet_workload::job::{Job, Limits};
use naga::valid::{Capabilities, ValidationFlags, Validator};

/// A program as text: what parses and is valid survives the way through text and bytes, prints in both GPU languages,
/// and runs to an end.
pub fn ir_text(data: &[u8]) -> bool {
    let Some(program) = std::str::from_utf8(data)
        .ok()
        .and_then(|source| text::parse(source).ok())
    else {
        return false;
    };
    match Workload::new(program) {
        Ok(workload) => {
            assert_sound(&workload);
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

/// A program as canonical bytes: those that decode are the encoding of what they decode to.
pub fn canonical(data: &[u8]) -> bool {
    let Ok(workload) = bytes::decode(data) else {
        return false;
    };
    assert_eq!(bytes::encode(&workload), data, "another encoding");
    assert_sound(&workload);
    true
}

/// What must hold for every workload.
pub(crate) fn assert_sound(workload: &Workload) {
    let printed = workload.to_string();
    let parsed = text::parse(&printed).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    let parsed = Workload::new(parsed).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    assert_eq!(parsed.id(), workload.id(), "by text\n{printed}");
    let encoded = bytes::encode(workload);
    let decoded = bytes::decode(&encoded).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    assert_eq!(decoded.id(), workload.id(), "by bytes\n{printed}");

    let wgsl = emit::wgsl(workload);
    let limits = CompileLimits::default();
    // Nothing larger is handed to naga.
    if wgsl.size.instructions <= limits.instructions && wgsl.size.nesting <= limits.nesting {
        let source = &wgsl.source;
        let module = naga::front::wgsl::parse_str(source)
            .unwrap_or_else(|error| panic!("{}\n{printed}", error.emit_to_string(source)));
        Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{}\n{printed}", error.emit_to_string(source)));
    }
    assert!(!emit::cuda(workload).source.is_empty());
    run(workload);
}

/// Runs one workgroup over small buffers, for a few steps.
fn run(workload: &Workload) {
    let memories = workload.program().memories.iter();
    let buffers: Vec<Vec<u32>> = memories
        .filter_map(|memory| {
            let (Space::Input { length, .. } | Space::Output { length, .. }) = memory.space else {
                return None;
            };
            let words = match length {
                Length::Words(words) => words.min(1 << 16),
                Length::Runtime => 7,
            };
            Some((0..words).map(|at| at.wrapping_mul(0x9e37_79b9)).collect())
        })
        .collect();
    let limits = Limits {
        steps: 200,
        memory: 1 << 26,
        time: Duration::from_secs(2),
    };
    // A fixed length above the bound makes no job.
    if let Ok(job) = Job::new(workload.clone(), [1, 1, 1], buffers, limits)
        && let Err(error) = interpreter::run(&job)
    {
        assert!(!error.to_string().is_empty());
    }
}
