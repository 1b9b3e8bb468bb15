use std::sync::LazyLock;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::check::check;
use super::*;
use crate::preset::Preset;
use crate::seal::{Seal, StarkSeal};
use crate::testing::{STEPS, VERSION, job, job_with, outputs, receipt, tables};

const EXTRA: [u32; 5] = [1, 2, 3, 63, 63];

static S100: LazyLock<Receipt> = LazyLock::new(|| receipt(Preset::S100, &job(), Some(&EXTRA)));
static S128: LazyLock<Receipt> = LazyLock::new(|| receipt(Preset::S128, &job(), None));

fn against(receipt: &Receipt, job: &Job, outputs: &[Vec<u32>]) -> Result<Verified, Invalid> {
    check(receipt, job, outputs, 0, VERSION, |steps| {
        assert_eq!(steps, receipt.claim().usage().steps);
        Ok(tables(job, outputs))
    })
}

fn verdict(receipt: &Receipt) -> Result<Verified, Invalid> {
    let job = job();
    against(receipt, &job, &outputs(&job))
}

fn stark(receipt: &Receipt) -> &StarkSeal {
    let Seal::Stark(seal) = receipt.seal() else {
        unreachable!("the receipts here are proven")
    };
    seal
}

fn resealed(receipt: &Receipt, version: u32, heights: &[Option<u8>], proof: &[u8]) -> Receipt {
    let preset = stark(receipt).preset();
    let seal = StarkSeal::new(preset, version, heights.to_vec(), proof.to_vec()).unwrap();
    Receipt::proven(receipt.claim().clone(), seal)
}

#[test]
fn honest_receipts_hold_under_both_presets() {
    for (receipt, bits, tables) in [(&*S100, 100, 3), (&*S128, 128, 2)] {
        let decoded = Receipt::decode(&receipt.encode()).unwrap();
        let verified = verdict(&decoded).unwrap();
        assert_eq!(verified.claim, *receipt.claim());
        assert_eq!(verified.shape.tables.len(), tables);
        assert!(verified.security.bits() >= bits, "{}", verified.security);
        let length = stark(receipt).proof().len();
        let limit = verified.shape.max_proof_bytes();
        assert!(
            length <= limit && limit <= 2 * length,
            "{length} of {limit}"
        );
    }
}

#[test]
fn another_job_is_named() {
    let job = job();
    let honest = outputs(&job);

    let mut wrong = honest.clone();
    wrong[0][3] ^= 1;
    let error = against(&S100, &job, &wrong).unwrap_err();
    assert!(
        matches!(error, Invalid::Claim(Mismatch::Output { .. })),
        "{error}"
    );

    let other = job_with((0..16).map(|i| 3 * i + 2).collect());
    let error = against(&S100, &other, &outputs(&other)).unwrap_err();
    assert!(
        matches!(error, Invalid::Claim(Mismatch::Input { .. })),
        "{error}"
    );

    let error = against(&S100, &job, &honest[..1]).unwrap_err();
    assert!(matches!(error, Invalid::Outputs(_)), "{error}");
}

#[test]
fn a_claim_cannot_be_exchanged() {
    // The claim says something else, the verifier agrees, and only the transcript knows better.
    let forged = Receipt::proven(crate::testing::other_claim(), stark(&S100).clone());
    assert_eq!(forged.claim().usage().steps, STEPS + 1);
    let error = verdict(&forged).unwrap_err();
    assert!(matches!(error, Invalid::Rejected { .. }), "{error}");
}

#[test]
fn steps_over_the_limit_are_refused() {
    let job = job();
    let claim = Claim::new(&job, &outputs(&job), Usage::new(&job, 11)).unwrap();
    let forged = Receipt::proven(claim, stark(&S100).clone());
    let error = verdict(&forged).unwrap_err();
    assert!(
        matches!(
            error,
            Invalid::OverSteps {
                steps: 11,
                limit: 10
            }
        ),
        "{error}"
    );
}

#[test]
fn wrong_outputs_have_no_proof() {
    // An honest proof of other public data, under a claim and a transcript of its own.
    let job = job();
    let mut wrong = outputs(&job);
    wrong[0][3] += 1;
    let claim = Claim::new(&job, &wrong, Usage::new(&job, STEPS)).unwrap();
    let forged = Receipt::proven(claim, stark(&S100).clone());
    let error = against(&forged, &job, &wrong).unwrap_err();
    assert!(matches!(error, Invalid::Rejected { .. }), "{error}");
}

#[test]
fn presets_cannot_be_exchanged() {
    for (receipt, preset) in [(&*S100, Preset::S128), (&*S128, Preset::S100)] {
        let seal = stark(receipt);
        let (heights, proof) = (seal.heights().to_vec(), seal.proof().to_vec());
        let seal = StarkSeal::new(preset, VERSION, heights, proof).unwrap();
        let forged = Receipt::proven(receipt.claim().clone(), seal);
        let error = verdict(&forged).unwrap_err();
        assert!(
            matches!(error, Invalid::Malformed(_) | Invalid::Rejected { .. }),
            "{error}"
        );
    }
}

#[test]
fn versions_cannot_be_exchanged() {
    let seal = stark(&S100);
    let forged = resealed(&S100, VERSION + 1, seal.heights(), seal.proof());
    let error = verdict(&forged).unwrap_err();
    assert!(matches!(error, Invalid::AirVersion { .. }), "{error}");
}

#[test]
fn heights_cannot_be_changed() {
    let seal = stark(&S100);
    for heights in [
        vec![Some(6), Some(4), Some(4)],
        vec![Some(6), Some(4), Some(2)],
        vec![Some(6), Some(4), None],
        vec![Some(6), None, Some(3)],
        vec![Some(5), Some(4), Some(3)],
        vec![Some(6), Some(4)],
        vec![Some(6), Some(4), Some(3), Some(3)],
        vec![Some(6), Some(4), Some(23)],
        vec![],
    ] {
        let forged = resealed(&S100, VERSION, &heights, seal.proof());
        let error = verdict(&forged).unwrap_err();
        let named = matches!(
            error,
            Invalid::Heights(_) | Invalid::Malformed(_) | Invalid::Rejected { .. }
        );
        assert!(named, "{heights:?}: {error}");
    }
}

#[test]
fn more_bits_can_be_asked_for() {
    let job = job();
    let outputs = outputs(&job);
    let ask = |receipt: &Receipt, bits| {
        check(receipt, &job, &outputs, bits, VERSION, |_| {
            Ok(tables(&job, &outputs))
        })
    };
    assert!(ask(&S100, 100).is_ok());
    assert!(matches!(
        ask(&S100, 128),
        Err(Invalid::Weak { required: 128, .. })
    ));
    assert!(ask(&S128, 128).is_ok());
    assert!(matches!(
        ask(&S128, 129),
        Err(Invalid::Weak {
            bits: 128,
            required: 129
        })
    ));
}

#[test]
fn flipped_bits_never_verify() {
    for (receipt, seed) in [(&*S100, 1), (&*S128, 2)] {
        let bytes = receipt.encode();
        let mut rng = SmallRng::seed_from_u64(seed);
        let end = bytes.len() - 1;
        let head = end - stark(receipt).proof().len();
        // Every byte before the proof and at its start, a sample of the rest, and what follows it.
        let sample = (0..400).map(|_| rng.random_range(head..end));
        let places = (0..head + 400).chain(sample).chain([end]);
        for at in places.collect::<Vec<_>>() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << rng.random_range(0..8);
            if let Ok(forged) = Receipt::decode(&changed) {
                assert!(verdict(&forged).is_err(), "byte {at}");
            }
        }
    }
}

#[test]
fn proofs_that_are_no_proofs_are_malformed() {
    let seal = stark(&S100);
    let mut rng = SmallRng::seed_from_u64(3);
    let proof = seal.proof();
    let mut tries: Vec<Vec<u8>> = vec![vec![], [proof, &[0]].concat()];
    tries.extend((0..60).map(|_| proof[..rng.random_range(0..proof.len())].to_vec()));
    tries.extend((0..60).map(|_| {
        (0..rng.random_range(1..5000))
            .map(|_| rng.random())
            .collect()
    }));
    // A length that takes one byte, written in two.
    tries.push([&[proof[0] | 0x80, 0], &proof[1..]].concat());
    for bytes in tries {
        let error = verdict(&resealed(&S100, VERSION, seal.heights(), &bytes)).unwrap_err();
        assert!(
            matches!(error, Invalid::Malformed(_)),
            "{} bytes: {error}",
            bytes.len()
        );
    }
    let long = vec![0; StarkSeal::MAX_PROOF_BYTES];
    let error = verdict(&resealed(&S100, VERSION, seal.heights(), &long)).unwrap_err();
    assert!(
        matches!(error, Invalid::Malformed(MalformedProof::TooLong { .. })),
        "{error}"
    );
}

#[test]
fn a_panic_is_an_answer() {
    let job = job();
    let outputs = outputs(&job);
    let error = check::<crate::testing::StandIn>(&S100, &job, &outputs, 0, VERSION, |_| {
        panic!("an assertion")
    })
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the proof is malformed: the verifier gave up on it: an assertion"
    );
}

#[test]
fn the_tables_are_compiled_from_the_callers_statement() {
    // The job's kernel does nothing, so its real tables accept no outputs but its inputs.
    let job = job();
    let resign = |outputs: &[Vec<u32>]| {
        let claim = Claim::new(&job, outputs, Usage::new(&job, 0)).unwrap();
        let seal = StarkSeal::new(Preset::S100, AIR_VERSION, vec![Some(6)], vec![]).unwrap();
        Receipt::proven(claim, seal)
    };
    let changed = outputs(&job);
    let error = verify(&resign(&changed), &job, &changed).unwrap_err();
    assert!(matches!(error, Invalid::Compile(_)), "{error}");

    let unchanged = job.buffers();
    let error = verify(&resign(unchanged), &job, unchanged).unwrap_err();
    assert!(matches!(error, Invalid::Heights(_)), "{error}");

    let error = verify(&S100, &job, &changed).unwrap_err();
    assert!(
        matches!(
            error,
            Invalid::AirVersion {
                got: VERSION,
                known: AIR_VERSION
            }
        ),
        "{error}"
    );
}
