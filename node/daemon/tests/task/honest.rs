//! Children that do what they are told.

use std::fs;

use arknet_node::task::{Act, Ended, FailureKind, Placement, RECEIPT, RefusalKind, TaskSpec};
use arknet_receipt::{Preset, Receipt, Seal};

use crate::harness::{COLLATZ, Folder, end, end_or, failure, program};

const PROVE: Act = Act::Prove {
    preset: Preset::S100,
};
const RUN: Act = Act::Run {
    on: Placement::Cpu,
    reference: false,
};
/// Steps that 1, 2, 3, … take.
const STEPS: [u32; 16] = [0, 1, 7, 2, 5, 8, 16, 3, 19, 6, 14, 9, 9, 17, 17, 4];

#[tokio::test]
async fn a_job_is_proven_and_the_proof_is_verified_by_another_child() {
    let folder = Folder::collatz();
    let mut heard = Vec::new();
    let spec = folder.spec(PROVE);
    let never = std::future::pending();
    let ended = end_or(
        &program(),
        &spec,
        &mut |progress| heard.push(progress),
        never,
    )
    .await;
    let Ended::Done(done) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(folder.words(), STEPS);
    assert_eq!((done.steps, done.invocations, done.bits), (20, 16, 100));
    assert!(done.cells > 0 && done.races_checked);
    assert!(heard.is_sorted_by_key(|progress| (progress.phase as u8, progress.percent)));
    assert_eq!(heard.last().map(|progress| progress.percent), Some(100));
    let receipt = Receipt::load(&folder.path().join(RECEIPT)).unwrap();
    assert_eq!(receipt.claim().digest(), done.claim);

    let Ended::Done(verified) = end(&program(), &folder.spec(Act::Verify)).await else {
        panic!("it does not verify");
    };
    assert_eq!(verified.claim, done.claim);
    assert!(verified.bits >= 100);

    // One word that is not what was proven.
    let path = folder.path().join("out/buffer-values");
    let mut bytes = fs::read(&path).unwrap();
    bytes[4] ^= 1;
    fs::write(&path, bytes).unwrap();
    let failure = failure(end(&program(), &folder.spec(Act::Verify)).await);
    assert_eq!(failure.kind, FailureKind::InvalidProof);
}

#[tokio::test]
async fn a_job_is_run_and_its_claim_is_checked_by_another_child() {
    let folder = Folder::collatz();
    let ended = end(&program(), &folder.spec(RUN)).await;
    let Ended::Done(done) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(folder.words(), STEPS);
    assert!(done.device.contains("interpreter") && done.races_checked);
    let receipt = Receipt::load(&folder.path().join(RECEIPT)).unwrap();
    assert!(matches!(receipt.seal(), Seal::Execution(_)));
    let Ended::Done(checked) = end(&program(), &folder.spec(Act::Verify)).await else {
        panic!("it does not hold");
    };
    assert_eq!(checked.claim, done.claim);
    assert_eq!(receipt.claim().digest(), done.claim);

    let path = folder.path().join("out/buffer-values");
    fs::write(&path, [0; 64]).unwrap();
    let failure = failure(end(&program(), &folder.spec(Act::Verify)).await);
    assert_eq!(failure.kind, FailureKind::InvalidProof);
}

#[tokio::test]
async fn an_output_of_a_buffer_that_is_only_read_is_none() {
    let reads = "@group(0) @binding(0) var<storage, read> values: array<u32>;
@compute @workgroup_size(1) fn main() { let n = values[0]; }";
    let folder = Folder::of(reads, 1, 4, "steps = 1\nmemory = \"64KiB\"\ntime = \"60s\"");
    assert!(matches!(
        end(&program(), &folder.spec(RUN)).await,
        Ended::Done(_)
    ));
    assert!(matches!(
        end(&program(), &folder.spec(Act::Verify)).await,
        Ended::Done(_)
    ));
    fs::copy(
        folder.path().join("values.bin"),
        folder.path().join("out/buffer-values"),
    )
    .unwrap();
    let failure = failure(end(&program(), &folder.spec(Act::Verify)).await);
    assert_eq!(failure.kind, FailureKind::InvalidProof);
    assert!(failure.detail.contains("only reads"), "{}", failure.detail);
}

#[tokio::test]
async fn the_faults_of_a_job_are_told_with_their_place_and_without_the_nodes() {
    const LIMITS: &str = "steps = 1000\nmemory = \"64KiB\"\ntime = \"60s\"";
    let racy = "@group(0) @binding(0) var<storage, read_write> values: array<u32>;
@compute @workgroup_size(4) fn main(@builtin(local_invocation_id) id: vec3<u32>) {
    values[0] = id.x;
}";
    let few = "steps = 3\nmemory = \"64KiB\"\ntime = \"60s\"";
    let little = "steps = 1000\nmemory = \"32\"\ntime = \"60s\"";
    for (wgsl, words, limits, kind, told) in [
        (
            "fn main( {",
            16,
            LIMITS,
            RefusalKind::Malformed,
            "kernel.wgsl:1",
        ),
        (COLLATZ, 15, LIMITS, RefusalKind::Trapped, "kernel.wgsl:3"),
        (COLLATZ, 16, few, RefusalKind::Trapped, "steps"),
        (racy, 16, LIMITS, RefusalKind::Trapped, "kernel.wgsl:3"),
        (COLLATZ, 16, little, RefusalKind::OverLimit, "job.toml:5"),
    ] {
        let folder = Folder::of(wgsl, 4, words, limits);
        let ended = end(&program(), &folder.spec(RUN)).await;
        let Ended::Refused(refusal) = ended else {
            panic!("{told}: {ended:?}");
        };
        assert_eq!(refusal.kind, kind, "{}", refusal.reason);
        assert!(refusal.reason.contains(told), "{}", refusal.reason);
        let place = folder.path().to_string_lossy();
        assert!(!refusal.reason.contains(&*place), "{}", refusal.reason);
    }
}

#[tokio::test]
async fn what_takes_more_memory_than_the_node_allows_is_refused_before_it_is_begun() {
    let folder = Folder::collatz();
    let spec = TaskSpec {
        memory_bytes: 1 << 20,
        ..folder.spec(PROVE)
    };
    let Ended::Refused(refusal) = end(&program(), &spec).await else {
        panic!("it should not have been begun");
    };
    assert_eq!(refusal.kind, RefusalKind::OverLimit);
    assert!(refusal.reason.contains("memory"), "{}", refusal.reason);
}
