//! Seeds in formats that nobody writes by hand. The test `corpus` compares them with the files in `fuzz/corpus`, or
//! writes them there.

use std::time::Duration;

use arknet_receipt::{
    Attestation, Claim, Digest, ExecutionSeal, Inclusion, Preset, Races, Receipt, Seal, StarkSeal,
    Usage,
};
use arknet_sandbox::protocol::{Answer, Backend, Done, Failure, JobMessage, Ready, Start, Unready};
use arknet_sandbox::{
    AdapterInfo, AdapterKind, BackendError, CompileLimits, Selection, Wall, WallState, Walls,
};
use arknet_workload::ir::{Workload, canonical};
use arknet_workload::job::Invocation;
use arknet_workload::wgsl::{FrontEndLimits, compile};

use crate::protocol::{NUMBER, job, written};

/// The first input of a target.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The target.
    pub target: &'static str,
    /// The name of its file.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Seeds made from kernels in WGSL, each with its name, and those of messages and receipts.
pub fn seeds(kernels: &[(String, String)]) -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut add = |target, name: &str, bytes| {
        let name = name.to_owned();
        seeds.push(Seed {
            target,
            name,
            bytes,
        });
    };
    for (name, source) in kernels {
        let workload: Workload = compile(source, "main", &FrontEndLimits::default())
            .unwrap_or_else(|refusal| panic!("{}", refusal.render(name, source)));
        add("ir_text", name, workload.to_string().into_bytes());
        add("canonical", name, canonical::encode(&workload));
    }
    for (name, bytes) in receipts() {
        add("receipt", name, bytes);
    }
    for (name, bytes) in to_parent() {
        add("protocol_parent", name, bytes);
    }
    for (name, bytes) in to_worker() {
        add("protocol_worker", name, bytes);
    }
    seeds
}

/// Receipts for the job of the protocol's targets, with proofs and signatures that are none.
fn receipts() -> Vec<(&'static str, Vec<u8>)> {
    let job = job();
    let claim = Claim::new(&job, job.buffers(), Usage::new(&job, 3)).expect("outputs of the job");
    let stark =
        |preset, heights, proof| StarkSeal::new(preset, 3, heights, proof).expect("a small seal");
    let heights = vec![Some(16), None, Some(0), Some(24)];
    let some = stark(Preset::S100, heights, (0..80).collect());
    let attested = |seal: Seal, request| {
        let digests = (claim.digest(), seal.digest());
        let sign = |_: &[u8]| [7; 64];
        let attestation = Attestation::sign([6; 32], digests.0, digests.1, request, 1 << 31, sign);
        Receipt::attested(claim.clone(), seal, attestation)
    };
    let run = ExecutionSeal::new("cuda", "a device", Digest([8; 32]), Races::Checked);
    let run = Seal::Execution(run.expect("a plain description"));
    let inclusion = Inclusion::new("c2sp.org/tlog-proof@v1\nindex 3\n".to_owned());
    let logged = attested(Seal::Stark(some.clone()), Some(Digest([9; 32])))
        .with_inclusion(inclusion.expect("a short proof"))
        .expect("an attested receipt");
    vec![
        (
            "none",
            Receipt::proven(claim.clone(), stark(Preset::S128, Vec::new(), Vec::new())).encode(),
        ),
        ("some", Receipt::proven(claim.clone(), some).encode()),
        ("run", attested(run, None).encode()),
        ("logged", logged.encode()),
    ]
}

fn to_worker() -> Vec<(&'static str, Vec<u8>)> {
    let start = Start {
        backend: Backend::Wgpu,
        selection: Selection::Any,
        compile_limits: CompileLimits::default(),
        memory: 1 << 30,
    };
    vec![
        ("start", written(|to| start.send(to))),
        ("job", written(|to| JobMessage::send(NUMBER, &job(), to))),
    ]
}

fn to_parent() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.to_owned();
    let mut walls = Walls::default();
    for wall in Wall::OF_WORKER {
        walls.set(wall, WallState::Up(text("it stands")));
    }
    walls.set(Wall::Reach, WallState::Missing(text("an old kernel")));
    let ready = Ready {
        adapter: AdapterInfo {
            name: text("a device"),
            kind: AdapterKind::Software,
            backend: text("Vulkan"),
            driver: text("a driver"),
            driver_version: text("1.2.3"),
        },
        walls,
    };
    let unready = [
        BackendError::NoAdapter {
            software_allowed: true,
            refused: vec![text("one is too old"), text("one is slow")],
        },
        BackendError::Device {
            adapter: text("a device"),
            message: text("is busy"),
        },
        BackendError::NoCuda {
            reason: text("no driver"),
        },
    ]
    .map(|error| written(|to| Unready(error).send(to)));
    let [no_adapter, no_device, no_cuda] = unready;
    let answer = |answer: Answer| written(|to| answer.send(NUMBER, to));
    let failed = |failure| answer(Answer::Failed(failure));
    vec![
        ("ready", written(|to| ready.send(to))),
        ("unready_adapter", no_adapter),
        ("unready_device", no_device),
        ("unready_cuda", no_cuda),
        (
            "done",
            answer(Answer::Done(Done {
                steps: 9,
                compile_time: Duration::from_millis(5),
                run_time: Duration::from_micros(7),
                outputs: vec![vec![1, 2, 3, 4], vec![5, 6, 7]],
            })),
        ),
        ("trapped", answer(Answer::Trapped([3, 1, 0, 0]))),
        ("over_time", failed(Failure::OverTime)),
        (
            "over_adapter",
            failed(Failure::OverAdapter {
                what: text("bindings"),
                needed: 9,
                limit: 8,
            }),
        ),
        (
            "too_complex",
            failed(Failure::TooComplex {
                what: text("loops"),
                got: 65,
                limit: 64,
            }),
        ),
        ("out_of_memory", failed(Failure::OutOfMemory)),
        (
            "device_lost",
            failed(Failure::DeviceLost {
                message: text("it is gone"),
            }),
        ),
        (
            "unrepeatable",
            failed(Failure::Unrepeatable {
                invocation: Invocation(2),
            }),
        ),
        (
            "driver",
            failed(Failure::Driver {
                message: text("it refuses"),
            }),
        ),
    ]
}
