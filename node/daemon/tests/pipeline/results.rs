//! Jobs that have a result.

use arknet_protocol::api::DeviceState;
use arknet_protocol::{Domain, JobKind, JobState, PublicKey, Signature};
use arknet_receipt::{Races, Receipt, Seal};
use arknet_tlog::Entry;

use crate::harness::{COLLATZ, World};

const STEPS: [u32; 16] = [0, 1, 7, 2, 5, 8, 16, 3, 19, 6, 14, 9, 9, 17, 17, 4];

#[tokio::test(flavor = "multi_thread")]
async fn jobs_become_receipts_in_the_log() {
    let world = World::new();
    let node = world.start().await;
    for (kind, leaf) in [(JobKind::Run, 0), (JobKind::Prove, 1)] {
        let request = world.request(&node, COLLATZ, kind).await;
        let id = world.submit(&node, request).await;
        let job = node.wait_for(id, JobState::Done).await;
        assert_eq!((job.summary.attempt, job.summary.leaf), (1, Some(leaf)));

        let [(name, digest, 64)] = &job.outputs[..] else {
            panic!("{:?}", job.outputs);
        };
        assert_eq!(name, "made");
        let made = node.bytes(*digest).await;
        let words = made.chunks_exact(4);
        let words: Vec<u32> = words
            .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
            .collect();
        assert_eq!(words, STEPS);

        let receipt = node.bytes(job.summary.receipt.unwrap()).await;
        let receipt = Receipt::decode(&receipt).unwrap();
        let attestation = receipt
            .check_attestation(|key, message, signature| {
                PublicKey::from_bytes(*key)
                    .unwrap()
                    .verify(Domain::Attestation, message, &Signature(*signature))
                    .is_ok()
            })
            .unwrap()
            .unwrap();
        assert_eq!(&attestation.provider, world.key.public().as_bytes());
        assert_eq!(attestation.request.unwrap().0, job.request_digest.0);
        assert_eq!(receipt.inclusion().unwrap().text(), format!("leaf {leaf}"));
        match (kind, receipt.seal()) {
            (JobKind::Prove, Seal::Stark(_)) => {}
            (JobKind::Run, Seal::Execution(seal)) => {
                assert_eq!((seal.backend(), seal.races()), ("cpu", Races::Checked));
                let devices = node.scheduler.devices();
                assert_eq!(seal.fingerprint().0, devices[0].fingerprint.unwrap().0);
            }
            (kind, seal) => panic!("{kind}: {seal}"),
        }
        let leaves = node.store.leaves(leaf..leaf + 1).await.unwrap();
        let entry = Entry::decode(&leaves[0].bytes).unwrap();
        assert_eq!(
            entry,
            Entry::Receipt {
                claim: receipt.claim().digest().0,
                seal: receipt.seal().digest().0,
                attestation: attestation.encode().to_vec(),
            }
        );
    }
    // What was measured is kept. A run can be too short to say how fast it was.
    node.wait_for_device(DeviceState::Idle).await;
    let devices = node.store.devices().await.unwrap();
    for measure in ["cells", "proofs"] {
        assert!(devices[0].rates.contains_key(measure), "{devices:?}");
    }
    let scratch = std::fs::read_dir(world.path().join("scratch")).unwrap();
    assert_eq!(scratch.count(), 0);
    node.scheduler.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_is_finished_after_a_crash_and_only_once() {
    use std::sync::atomic::Ordering::Relaxed;
    let world = World::new();
    world.log.broken.store(true, Relaxed);
    let node = world.start().await;
    let request = world.request(&node, COLLATZ, JobKind::Run).await;
    let id = world.submit(&node, request).await;
    let sealed = node.wait(id, |job| job.summary.leaf.is_some()).await;
    while world.log.asked.load(Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(sealed.summary.state, JobState::Verifying);
    assert_eq!(sealed.summary.receipt, None);
    node.crash().await;

    world.log.broken.store(false, Relaxed);
    let node = world.start().await;
    let done = node.wait_for(id, JobState::Done).await;
    assert_eq!((done.summary.attempt, done.summary.leaf), (1, Some(0)));
    assert_eq!(node.store.leaf_count().await.unwrap(), 1);
    // Again changes nothing.
    node.pipeline.resume(id, 1).await.unwrap();
    assert_eq!(node.wait_for(id, JobState::Done).await, done);
    node.scheduler.stop().await;
}
