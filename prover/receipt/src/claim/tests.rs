use super::*;
use crate::testing::{STEPS, claim, job, job_with, outputs};

#[test]
fn a_claim_says_what_the_job_says() {
    let job = job();
    let claim = claim();
    assert_eq!(claim.workload().0, job.workload().id().0);
    assert_eq!(claim.workgroups(), [4, 1, 1]);
    assert_eq!(
        claim.usage(),
        Usage {
            steps: STEPS,
            memory: 68,
            invocations: 16
        }
    );
    assert_eq!(
        claim.limits(),
        ClaimedLimits {
            steps: 10,
            memory: 1 << 20,
            time_ms: 2000
        }
    );
    let [data, seed] = claim.buffers() else {
        panic!("two buffers: {claim}")
    };
    assert_eq!((data.name.as_str(), data.words), ("data", 16));
    assert_eq!((seed.name.as_str(), seed.words), ("seed", 1));
    assert_eq!(data.before, Digest::of_words(&job.buffers()[0]));
    assert_eq!(data.after, Digest::of_words(&outputs(&job)[0]));
    assert_eq!(seed.before, seed.after);
}

#[test]
fn outputs_must_be_the_jobs() {
    let job = job();
    let refuse = |outputs: &[Vec<u32>]| Claim::new(&job, outputs, Usage::new(&job, 0)).unwrap_err();
    let mut few = outputs(&job);
    few.pop();
    assert!(matches!(
        refuse(&few),
        ClaimError::BufferCount {
            expected: 2,
            got: 1
        }
    ));
    let mut short = outputs(&job);
    short[0].pop();
    assert!(matches!(
        refuse(&short),
        ClaimError::BufferLength {
            expected: 16,
            got: 15,
            ..
        }
    ));
    let mut changed = outputs(&job);
    changed[1][0] ^= 1;
    assert!(matches!(refuse(&changed), ClaimError::InputChanged { .. }));
}

#[test]
fn differences_are_named() {
    let claim = claim();
    assert_eq!(claim.mismatch(&claim), None);
    let against = |change: fn(&mut Claim)| {
        let mut other = claim.clone();
        change(&mut other);
        assert_ne!(claim.digest(), other.digest());
        other.mismatch(&claim).unwrap().to_string()
    };
    assert!(against(|c| c.workload.0[31] ^= 1).starts_with("the workload differs"));
    assert!(against(|c| c.workgroups[2] = 2).contains("[4, 1, 2]"));
    assert!(against(|c| c.limits.steps += 1).contains("limit on steps"));
    assert!(against(|c| c.limits.memory += 1).contains("limit on memory"));
    assert!(against(|c| c.limits.time_ms += 1).contains("limit on time"));
    assert!(against(|c| c.usage.steps += 1).contains("number of steps"));
    assert!(against(|c| c.usage.memory += 1).contains("memory used"));
    assert!(against(|c| c.usage.invocations += 1).contains("number of invocations"));
    assert!(against(|c| c.buffers.truncate(1)).contains("for 1 buffers, your job has 2"));
    assert!(against(|c| c.buffers[1].name.push('s')).contains("`seeds` in the receipt"));
    assert!(against(|c| c.buffers[1].words += 1).contains("`seed` has 2 words"));
    assert!(against(|c| c.buffers[0].before.0[0] ^= 1).contains("`data`: its input"));
    assert!(against(|c| c.buffers[0].after.0[0] ^= 1).contains("`data`: its output"));
}

#[test]
fn another_input_gives_another_claim() {
    let one = job_with((0..16).collect());
    let claim = |job: &Job| Claim::new(job, &outputs(job), Usage::new(job, 0)).unwrap();
    let two = job_with((1..17).collect());
    assert_eq!(
        claim(&one).mismatch(&claim(&two)),
        Some(Mismatch::Input {
            name: "data".to_owned()
        })
    );
}

#[test]
fn names_are_identifiers() {
    for good in ["a", "_", "A9_z"] {
        assert_eq!(identifier(good.as_bytes()), Some(good));
    }
    for bad in ["", "9", "a-b", "a b", "é"] {
        assert_eq!(identifier(bad.as_bytes()), None);
    }
    assert_eq!(identifier(&[b'a', 0xff]), None);
}
