use std::io::Write as _;

use super::*;
use crate::claim::{BufferClaim, ClaimedLimits, Usage};
use crate::digest::Digest;
use crate::preset::Preset;
use crate::seal::{ExecutionSeal, Races};
use crate::testing;

/// The receipts of `tests/vectors`: synthetic, their proofs are no proofs and their signatures none either.
fn vectors() -> [(Receipt, &'static str, &'static str); 3] {
    let small = Receipt::proven(
        Claim::from_parts(
            Digest([0x11; 32]),
            [1, 1, 1],
            ClaimedLimits {
                steps: 1,
                memory: 4,
                time_ms: 1,
            },
            Usage {
                steps: 0,
                memory: 4,
                invocations: 1,
            },
            vec![BufferClaim {
                name: "x".to_owned(),
                words: 1,
                before: Digest::of_words(&[0]),
                after: Digest::of_words(&[1]),
            }],
        ),
        StarkSeal::new(Preset::S100, 3, vec![Some(0)], vec![]).unwrap(),
    );
    let heights = vec![Some(16), None, Some(21)];
    let large = Receipt::attested(
        Claim::from_parts(
            Digest(std::array::from_fn(|i| i as u8)),
            [64, 2, 3],
            ClaimedLimits {
                steps: 100_000,
                memory: 64 << 20,
                time_ms: 60_000,
            },
            Usage {
                steps: 64,
                memory: 6144,
                invocations: 24_576,
            },
            vec![
                BufferClaim {
                    name: "blocks".to_owned(),
                    words: 1024,
                    before: Digest([0xab; 32]),
                    after: Digest([0xab; 32]),
                },
                BufferClaim {
                    name: "_digests_2".to_owned(),
                    words: 512,
                    before: Digest([0; 32]),
                    after: Digest([0xff; 32]),
                },
            ],
        ),
        Seal::Stark(StarkSeal::new(Preset::S128, 3, heights, (0..=40).collect()).unwrap()),
        Attestation {
            provider: [0x22; 32],
            request: Some(Digest([0x33; 32])),
            finished: 1_767_225_599,
            signature: [0x44; 64],
        },
    )
    .with_inclusion(Inclusion::new("c2sp.org/tlog-proof@v1\n".to_owned()).unwrap())
    .unwrap();
    let races = Races::NotChecked;
    let run = Receipt::attested(
        small.claim().clone(),
        Seal::Execution(ExecutionSeal::new("cuda", "H200", Digest([0x55; 32]), races).unwrap()),
        Attestation {
            provider: [0x66; 32],
            request: None,
            finished: 0,
            signature: [0x77; 64],
        },
    );
    [
        (
            small,
            include_str!("../../tests/vectors/small.hex"),
            include_str!("../../tests/vectors/small.txt"),
        ),
        (
            large,
            include_str!("../../tests/vectors/large.hex"),
            include_str!("../../tests/vectors/large.txt"),
        ),
        (
            run,
            include_str!("../../tests/vectors/run.hex"),
            include_str!("../../tests/vectors/run.txt"),
        ),
    ]
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).unwrap() as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

#[test]
fn the_test_vectors_hold() {
    for (receipt, hex, dump) in vectors() {
        let bytes = from_hex(hex);
        assert_eq!(receipt.encode(), bytes);
        let decoded = Receipt::decode(&bytes).unwrap();
        assert_eq!(decoded, receipt);
        assert_eq!(decoded.to_string(), dump.trim_end());
    }
}

#[test]
fn every_cut_and_every_extension_is_refused() {
    for (receipt, _, _) in vectors() {
        let bytes = receipt.encode();
        for end in 0..bytes.len() {
            assert!(Receipt::decode(&bytes[..end]).is_err(), "{end}");
        }
        for extra in [vec![0], vec![0xff; 9]] {
            let longer = [bytes.as_slice(), &extra].concat();
            assert_eq!(
                Receipt::decode(&longer),
                Err(DecodeError::TrailingBytes { count: extra.len() })
            );
        }
    }
}

#[test]
fn every_changed_bit_is_seen() {
    for (receipt, _, _) in vectors() {
        let bytes = receipt.encode();
        for bit in 0..8 * bytes.len() {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // Either the bytes are refused, or they are another receipt with this one encoding.
            if let Ok(other) = Receipt::decode(&changed) {
                assert_ne!(other, receipt, "{bit}");
                assert_eq!(other.encode(), changed, "{bit}");
            }
        }
    }
}

/// Decodes a receipt after a change of one byte.
fn with(receipt: &Receipt, at: usize, value: u8) -> Result<Receipt, DecodeError> {
    let mut changed = receipt.encode();
    changed[at] = value;
    Receipt::decode(&changed)
}

#[test]
fn unknown_tags_are_refused_by_name() {
    let [(receipt, _, _), _, _] = vectors();
    let bytes = receipt.encode();
    let with = |at, value| with(&receipt, at, value).unwrap_err();
    assert_eq!(with(0, b'a'), DecodeError::NotAReceipt);
    for got in [1, 3] {
        let error = DecodeError::UnknownVersion {
            got: got.into(),
            known: 2,
        };
        assert_eq!(with(8, got), error);
    }
    // From the end: endorsement, proof length (4), one height, table count (2), AIR version (4), preset, kind of seal.
    let endorsement = bytes.len() - 1;
    assert_eq!(
        with(endorsement, 3),
        DecodeError::UnknownEndorsement {
            at: endorsement,
            code: 3
        }
    );
    let seal = bytes.len() - 14;
    assert_eq!(
        with(seal, 0),
        DecodeError::UnknownSeal { at: seal, code: 0 }
    );
    assert_eq!(
        with(seal + 1, 3),
        DecodeError::UnknownPreset {
            at: seal + 1,
            code: 3
        }
    );
    let height = bytes.len() - 6;
    assert_eq!(
        with(height, 25),
        DecodeError::BadHeight {
            at: height,
            got: 25
        }
    );
    // Before the seal: two digests, a length, and the name.
    let name = seal - 64 - 4 - 1;
    assert_eq!(with(name, b'1'), DecodeError::BadName { at: name });
}

#[test]
fn a_run_is_worth_nothing_without_a_signature() {
    let [_, _, (receipt, _, _)] = vectors();
    let bytes = receipt.encode();
    let endorsement = bytes.len() - Attestation::BYTES - 1;
    let mut bare = bytes[..=endorsement].to_vec();
    bare[endorsement] = Receipt::PLAIN;
    assert_eq!(
        Receipt::decode(&bare),
        Err(DecodeError::Unattested { at: endorsement })
    );
    // Before it: races, the fingerprint, and the device.
    let races = endorsement - 1;
    assert_eq!(
        with(&receipt, races, 2),
        Err(DecodeError::UnknownRaces { at: races, code: 2 })
    );
    let device = races - 32 - 4;
    for hidden in [0x1b, 0x7f, 0x80, b'\n'] {
        assert!(
            matches!(with(&receipt, device + 1, hidden), Err(DecodeError::BadText { at, .. }) if at == device)
        );
    }
    let empty = with(&receipt, device - 2, 0);
    assert!(matches!(empty, Err(DecodeError::BadText { .. })));
    let long = with(&receipt, device - 1, 2);
    assert!(matches!(long, Err(DecodeError::TooMany { got: 0x204, .. })));
}

#[test]
fn an_inclusion_proof_is_short_text_beside_an_attestation() {
    let [(plain, _, _), (logged, _, _), _] = vectors();
    let inclusion = logged.inclusion().unwrap().clone();
    assert_eq!(plain.with_inclusion(inclusion), Err(NotAttested));
    assert!(Inclusion::new(String::new()).is_err());
    assert!(Inclusion::new("x".repeat(Inclusion::MAX_BYTES)).is_ok());
    assert!(Inclusion::new("x".repeat(Inclusion::MAX_BYTES + 1)).is_err());
    let bytes = logged.encode();
    let text = bytes.len() - logged.inclusion().unwrap().text().len();
    assert!(matches!(
        with(&logged, text, 0xff),
        Err(DecodeError::BadText { at, .. }) if at == text
    ));
    assert!(matches!(
        with(&logged, text - 1, 0xff),
        Err(DecodeError::TooMany { .. })
    ));
    assert!(matches!(
        with(&logged, text - 2, 0),
        Err(DecodeError::BadText { .. })
    ));
}

#[test]
fn attestations_are_over_claim_and_seal() {
    let [(plain, _, _), (logged, _, _), (run, _, _)] = vectors();
    assert_eq!(plain.check_attestation(|_, _, _| false), Ok(None));
    for receipt in [logged, run] {
        let attestation = receipt.attestation().unwrap();
        let expected = attestation.message(receipt.claim().digest(), receipt.seal().digest());
        let mut seen = false;
        let checked = receipt.check_attestation(|key, message, signature| {
            seen = true;
            *key == attestation.provider
                && message == expected
                && *signature == attestation.signature
        });
        assert_eq!(checked, Ok(Some(attestation)));
        assert!(seen);
        assert!(receipt.check_attestation(|_, _, _| false).is_err());
    }
}

#[test]
fn seal_digests_tell_all_seals_apart() {
    let stark = |preset, version, heights: &[Option<u8>], proof: &[u8]| {
        Seal::Stark(StarkSeal::new(preset, version, heights.to_vec(), proof.to_vec()).unwrap())
    };
    let run = |backend, device, fingerprint, races| {
        Seal::Execution(
            ExecutionSeal::new(backend, device, Digest([fingerprint; 32]), races).unwrap(),
        )
    };
    let seals = [
        stark(Preset::S100, 3, &[Some(1)], &[1]),
        stark(Preset::S128, 3, &[Some(1)], &[1]),
        stark(Preset::S100, 4, &[Some(1)], &[1]),
        stark(Preset::S100, 3, &[None], &[1]),
        stark(Preset::S100, 3, &[Some(1)], &[2]),
        run("b", "d", 1, Races::Checked),
        run("c", "d", 1, Races::Checked),
        run("b", "e", 1, Races::Checked),
        run("b", "d", 2, Races::Checked),
        run("b", "d", 1, Races::NotChecked),
    ];
    let digests: std::collections::HashSet<Digest> = seals.iter().map(Seal::digest).collect();
    assert_eq!(digests.len(), seals.len());
}

#[test]
fn huge_lengths_are_refused_before_anything_is_read() {
    let [(receipt, _, _), _, _] = vectors();
    let mut bytes = receipt.encode();
    bytes.pop();
    let at = bytes.len() - 4;
    bytes[at..].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(
        Receipt::decode(&bytes),
        Err(DecodeError::TooMany { .. })
    ));
    bytes[at..].copy_from_slice(&1_000_000u32.to_le_bytes());
    assert!(matches!(
        Receipt::decode(&bytes),
        Err(DecodeError::CutShort { left: 0, .. })
    ));
    let too_large = vec![0; Receipt::MAX_BYTES as usize + 1];
    assert!(matches!(
        Receipt::decode(&too_large),
        Err(DecodeError::TooLarge { .. })
    ));
}

#[test]
fn two_buffers_of_one_name_are_refused() {
    let [_, (receipt, _, _), _] = vectors();
    let mut buffers = receipt.claim().buffers().to_vec();
    let name = buffers[0].name.clone();
    buffers[1].name = name;
    let claim = Claim::from_parts(
        receipt.claim().workload(),
        receipt.claim().workgroups(),
        receipt.claim().limits(),
        receipt.claim().usage(),
        buffers,
    );
    let seal = StarkSeal::new(Preset::S100, 3, vec![], vec![]).unwrap();
    let bytes = Receipt::proven(claim, seal).encode();
    assert!(matches!(
        Receipt::decode(&bytes),
        Err(DecodeError::DuplicateName { .. })
    ));
}

#[test]
fn seals_have_limits() {
    let seal = |heights, proof| StarkSeal::new(Preset::S100, 1, heights, proof);
    assert!(seal(vec![None; StarkSeal::MAX_TABLES], vec![]).is_ok());
    assert!(seal(vec![None; StarkSeal::MAX_TABLES + 1], vec![]).is_err());
    assert!(seal(vec![Some(24)], vec![]).is_ok());
    assert!(seal(vec![Some(25)], vec![]).is_err());
    assert!(seal(vec![], vec![0; StarkSeal::MAX_PROOF_BYTES + 1]).is_err());
    // The largest claim and the largest seal together are a receipt that decodes.
    let claim = 92 + 64 * (2 + 256 + 4 + 64);
    let seal = 1 + 1 + 4 + 2 + StarkSeal::MAX_TABLES + 4;
    let endorsement = 1 + Attestation::BYTES + 2 + Inclusion::MAX_BYTES;
    let rest = 8 + 2 + claim + seal + endorsement;
    assert!(rest + StarkSeal::MAX_PROOF_BYTES <= Receipt::MAX_BYTES as usize);
}

#[test]
fn files_load_with_a_cap() {
    let seal = StarkSeal::new(Preset::S100, 1, vec![], vec![1, 2, 3]).unwrap();
    let receipt = Receipt::proven(testing::claim(), seal);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&receipt.encode()).unwrap();
    assert_eq!(Receipt::load(file.path()).unwrap(), receipt);
    file.as_file().set_len(Receipt::MAX_BYTES + 1).unwrap();
    assert!(matches!(
        Receipt::load(file.path()),
        Err(LoadError::Decode(DecodeError::TooLarge { .. }))
    ));
    assert!(matches!(
        Receipt::load(Path::new("no such file")),
        Err(LoadError::Open(_))
    ));
}
