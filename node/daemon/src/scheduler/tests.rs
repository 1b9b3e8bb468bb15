//! Which job a free device takes.

use std::collections::{HashMap, HashSet};

use arknet_protocol::{Fingerprint, JobId, JobKind, JobState, KeyPair, PublicKey};

use super::{Device, FairShare, choose};
use crate::store::{Candidate, JobSummary, UnixMillis};
use crate::task::Placement;

fn client(seed: u8) -> PublicKey {
    KeyPair::from_seed([seed; 32]).unwrap().public()
}

fn device(number: u8, kinds: &[JobKind]) -> Device {
    Device {
        name: format!("device {number}"),
        backend: "cpu",
        description: String::new(),
        fingerprint: Fingerprint([number; 32]),
        placement: Placement::Cpu,
        kinds: kinds.to_vec(),
    }
}

fn job(number: u8, client: PublicKey, kind: JobKind, priority: u8) -> Candidate {
    Candidate {
        job: JobSummary {
            number: number.into(),
            id: JobId([number; 16]),
            client,
            kind,
            state: JobState::Queued,
            attempt: 1,
            reason: None,
            detail: None,
            priority,
            device: None,
            deadline: None,
            accepted_at: UnixMillis(0),
            state_since: UnixMillis(0),
            started_at: None,
            finished_at: None,
            device_millis: 0,
            leaf: None,
            receipt: None,
        },
        device_pin: None,
    }
}

type Avoid = HashMap<JobId, HashSet<Fingerprint>>;

#[test]
fn a_clients_own_priorities_decide_and_then_age() {
    let (one, run) = (client(1), JobKind::Run);
    let cpu = device(1, &[run]);
    let all = [cpu.clone()];
    let candidates = [
        job(3, one, run, 5),
        job(2, one, run, 5),
        job(4, one, run, 9),
        job(1, one, JobKind::Prove, 9),
    ];
    let mut share = FairShare::new(1000);
    let mut take = |candidates: &[Candidate]| {
        let choice = choose(candidates, &cpu, &all, &Avoid::new(), &mut share);
        choice.map(|choice| candidates[choice.candidate].job.number)
    };
    assert_eq!(take(&candidates), Some(4));
    assert_eq!(take(&candidates[..2]), Some(2));
    // The device does not prove.
    assert_eq!(take(&candidates[3..]), None);
    assert_eq!(take(&[]), None);
}

#[test]
fn a_priority_is_nothing_to_other_clients() {
    let (one, other, run) = (client(1), client(2), JobKind::Run);
    let cpu = device(1, &[run]);
    let all = [cpu.clone()];
    let mut candidates = vec![job(50, other, run, 0)];
    candidates.extend((1..=20).map(|number| job(number, one, run, 9)));
    let mut share = FairShare::new(1000);
    let mut first = 0;
    while let Some(choice) = choose(&candidates, &cpu, &all, &Avoid::new(), &mut share) {
        let taken = candidates.remove(choice.candidate);
        share.charge(choice.client, 5000);
        if taken.job.client == other {
            break;
        }
        first += 1;
    }
    assert!(first <= 1, "{first} jobs of the other client came first");
}

#[test]
fn a_pinned_job_waits_for_its_device() {
    let (one, run) = (client(1), JobKind::Run);
    let (here, there) = (device(1, &[run]), device(2, &[run]));
    let all = [here.clone(), there.clone()];
    let pinned = Candidate {
        device_pin: Some(there.fingerprint),
        ..job(1, one, run, 5)
    };
    let mut share = FairShare::new(1000);
    let candidates = [pinned];
    assert_eq!(
        choose(&candidates, &here, &all, &Avoid::new(), &mut share),
        None
    );
    assert!(choose(&candidates, &there, &all, &Avoid::new(), &mut share).is_some());
}

#[test]
fn a_job_goes_back_to_a_device_that_it_failed_on_only_where_no_other_is_left() {
    let (one, run) = (client(1), JobKind::Run);
    let (bad, good, other) = (
        device(1, &[run]),
        device(2, &[run]),
        device(3, &[JobKind::Prove]),
    );
    let candidates = [job(1, one, run, 5)];
    let id = candidates[0].job.id;
    let mut avoid = Avoid::from([(id, HashSet::from([bad.fingerprint]))]);
    let mut share = FairShare::new(1000);
    let all = [bad.clone(), good.clone(), other.clone()];
    assert_eq!(choose(&candidates, &bad, &all, &avoid, &mut share), None);
    assert!(choose(&candidates, &good, &all, &avoid, &mut share).is_some());
    // The other one is drained.
    let left = [bad.clone(), other];
    assert!(choose(&candidates, &bad, &left, &avoid, &mut share).is_some());
    avoid.entry(id).or_default().insert(good.fingerprint);
    assert!(choose(&candidates, &bad, &all, &avoid, &mut share).is_some());
}
