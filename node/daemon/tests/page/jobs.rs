//! Jobs with receipts that hold, and with some that do not.

use std::collections::BTreeMap;
use std::time::Duration;

use arknet_protocol::api::{JobView, OutputView, StateChange};
use arknet_protocol::{
    BlobDigest, BufferContents, BufferRequest, Domain, JobKind, JobRequest, JobState, KeyPair,
    Limits, Nonce, Options, SignedRequest, WorkloadRequest,
};
use arknet_receipt::{
    Attestation, Claim, Digest, ExecutionSeal, Preset, Races, Receipt, Seal, Usage,
};
use arknet_stark::Prepared;
use arknet_workload::job::{self, Job};
use arknet_workload::wgsl::{FrontEndLimits, compile};

use crate::node::{NOW, ShownJob};

const KERNEL: &str = "
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;
@compute @workgroup_size(2)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    for (var i = 0u; i < a[id.x]; i++) { sums[id.x] += i; }
}";
const INPUT: [u32; 4] = [3, 5, 0, 9];
const OUTPUT: [u32; 4] = [3, 10, 0, 36];
/// Starts of the loop's body in the last invocation.
const STEPS: u32 = 10;

fn key(seed: u8) -> KeyPair {
    KeyPair::from_seed([seed; 32]).expect("a good seed")
}

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn job() -> Job {
    let workload = compile(KERNEL, "main", &FrontEndLimits::default()).expect("a good kernel");
    let limits = job::Limits {
        steps: 100,
        memory: 65_536,
        time: Duration::from_secs(60),
    };
    let buffers = vec![INPUT.to_vec(), vec![0; 4]];
    Job::new(workload, [2, 1, 1], buffers, limits).expect("a job")
}

fn request(kind: JobKind, nonce: u8) -> SignedRequest {
    let name = |text: &str| text.parse().expect("a name");
    let request = JobRequest {
        version: 1,
        audience: key(1).public(),
        client: key(2).public(),
        nonce: Nonce([nonce; 16]),
        not_before: 1_000,
        expires: 1_600,
        kind,
        preset: None,
        workload: WorkloadRequest {
            wgsl: BlobDigest::of(KERNEL.as_bytes()),
            entry: name("main"),
            constants: BTreeMap::new(),
        },
        workgroups: [2, 1, 1],
        limits: Limits {
            steps: 100,
            memory: 65_536,
            time_ms: 60_000,
        },
        buffers: vec![
            BufferRequest {
                name: name("a"),
                contents: BufferContents::Input(BlobDigest::of(&bytes(&INPUT))),
            },
            BufferRequest {
                name: name("sums"),
                contents: BufferContents::Size(16),
            },
        ],
        options: Options::default(),
    };
    SignedRequest::sign(request, &key(2)).expect("a good request")
}

fn attested(claim: Claim, seal: Seal, request: &SignedRequest) -> Receipt {
    let node = key(1);
    let attestation = Attestation::sign(
        *node.public().as_bytes(),
        claim.digest(),
        seal.digest(),
        Some(Digest(request.digest().0)),
        NOW / 1000,
        |message| *node.sign(Domain::Attestation, message).as_bytes(),
    );
    Receipt::attested(claim, seal, attestation)
}

fn shown(request: &SignedRequest, receipt: Vec<u8>) -> ShownJob {
    let accepted = NOW - 12_000;
    let states = [
        (JobState::Queued, 0),
        (JobState::Executing, 800),
        (JobState::Proving, 2_300),
        (JobState::Verifying, 9_400),
        (JobState::Done, 9_900),
    ];
    let output = bytes(&OUTPUT);
    ShownJob {
        view: JobView {
            id: request.job(),
            request: request.digest(),
            client: request.request().client,
            kind: request.request().kind,
            state: JobState::Done,
            percent: None,
            attempt: 1,
            priority: 5,
            deadline: None,
            device: Some("h200-0".to_owned()),
            reason: None,
            detail: None,
            timeline: states
                .map(|(state, after)| StateChange {
                    state,
                    attempt: 1,
                    at_ms: accepted + after,
                })
                .to_vec(),
            outputs: vec![OutputView {
                name: "sums".to_owned(),
                digest: BlobDigest::of(&output),
                size: 16,
            }],
            receipt: Some(BlobDigest::of(&receipt)),
            log_index: Some(1841),
        },
        request: request.body().to_vec(),
        receipt,
        blobs: vec![output, bytes(&INPUT), KERNEL.as_bytes().to_vec()],
    }
}

/// A job with a proof.
pub(crate) fn proven(nonce: u8) -> ShownJob {
    let request = request(JobKind::Prove, nonce);
    let job = job();
    let prepared =
        Prepared::new(&job, Preset::S100, u64::MAX, &mut |_, _| {}).expect("a small job");
    let proven = prepared.prove(&mut |_, _| {}).expect("a proof");
    assert_eq!(proven.outputs[1], OUTPUT);
    let (claim, seal) = proven.receipt.into_parts();
    shown(&request, attested(claim, seal, &request).encode())
}

/// A job that was run and signed for.
pub(crate) fn signed(nonce: u8) -> ShownJob {
    let request = request(JobKind::Run, nonce);
    let job = job();
    let buffers = [INPUT.to_vec(), OUTPUT.to_vec()];
    let claim = Claim::new(&job, &buffers, Usage::new(&job, STEPS)).expect("outputs of the job");
    let seal = ExecutionSeal::new("cuda", "NVIDIA H200", Digest([8; 32]), Races::NotChecked);
    let seal = Seal::Execution(seal.expect("a plain description"));
    shown(&request, attested(claim, seal, &request).encode())
}

/// The same job with a receipt in which one bit of the proof is another.
pub(crate) fn forged(nonce: u8) -> ShownJob {
    let honest = proven(nonce);
    let mut receipt = honest.receipt;
    let middle = receipt.len() / 2;
    receipt[middle] ^= 1;
    ShownJob { receipt, ..honest }
}

/// A job that is not done.
pub(crate) fn unfinished(nonce: u8) -> ShownJob {
    let mut job = shown(&request(JobKind::Prove, nonce), Vec::new());
    job.view.state = JobState::Proving;
    job.view.percent = Some(62);
    job.view.receipt = None;
    job.view.log_index = None;
    job.view.outputs.clear();
    job.view.timeline.truncate(3);
    job
}
