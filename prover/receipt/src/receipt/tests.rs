use std::io::Write as _;

use super::*;
use crate::claim::{BufferClaim, ClaimedLimits, Usage};
use crate::digest::Digest;
use crate::testing;

/// The receipts of `tests/vectors`: synthetic, their proofs are no proofs.
fn vectors() -> [(Receipt, &'static str, &'static str); 2] {
    let seal = |heights, proof| Seal::Stark(StarkSeal::new(3, heights, proof).unwrap());
    let small = Receipt {
        preset: Preset::S100,
        claim: Claim::from_parts(
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
        seal: seal(vec![Some(0)], vec![]),
    };
    let large = Receipt {
        preset: Preset::S128,
        claim: Claim::from_parts(
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
        seal: seal(vec![Some(16), None, Some(21)], (0..=40).collect()),
    };
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

#[test]
fn unknown_tags_are_refused_by_name() {
    let [(receipt, _, _), _] = vectors();
    let bytes = receipt.encode();
    let with = |at: usize, value: u8| {
        let mut changed = bytes.clone();
        changed[at] = value;
        Receipt::decode(&changed).unwrap_err()
    };
    assert_eq!(with(0, b'a'), DecodeError::NotAReceipt);
    assert_eq!(with(8, 2), DecodeError::UnknownVersion { got: 2, known: 1 });
    assert_eq!(with(10, 3), DecodeError::UnknownPreset { at: 10, code: 3 });
    // From the end: proof length (4), one height, table count (2), AIR version (4), kind of seal.
    let seal = bytes.len() - 12;
    assert_eq!(
        with(seal, 0),
        DecodeError::UnknownSeal { at: seal, code: 0 }
    );
    let height = bytes.len() - 5;
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
fn huge_lengths_are_refused_before_anything_is_read() {
    let [(receipt, _, _), _] = vectors();
    let mut bytes = receipt.encode();
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
    let [_, (receipt, _, _)] = vectors();
    let mut buffers = receipt.claim.buffers().to_vec();
    let name = buffers[0].name.clone();
    buffers[1].name = name;
    let claim = Claim::from_parts(
        receipt.claim.workload(),
        receipt.claim.workgroups(),
        receipt.claim.limits(),
        receipt.claim.usage(),
        buffers,
    );
    let bytes = Receipt { claim, ..receipt }.encode();
    assert!(matches!(
        Receipt::decode(&bytes),
        Err(DecodeError::DuplicateName { .. })
    ));
}

#[test]
fn seals_have_limits() {
    assert!(StarkSeal::new(1, vec![None; StarkSeal::MAX_TABLES], vec![]).is_ok());
    assert!(StarkSeal::new(1, vec![None; StarkSeal::MAX_TABLES + 1], vec![]).is_err());
    assert!(StarkSeal::new(1, vec![Some(24)], vec![]).is_ok());
    assert!(StarkSeal::new(1, vec![Some(25)], vec![]).is_err());
    assert!(StarkSeal::new(1, vec![], vec![0; StarkSeal::MAX_PROOF_BYTES + 1]).is_err());
    // The largest claim and the largest seal together are a receipt that decodes.
    let rest = 8 + 2 + 1 + 92 + 64 * (2 + 256 + 4 + 64) + 1 + 4 + 2 + StarkSeal::MAX_TABLES + 4;
    assert!(rest + StarkSeal::MAX_PROOF_BYTES <= Receipt::MAX_BYTES as usize);
}

#[test]
fn files_load_with_a_cap() {
    let receipt = Receipt {
        preset: Preset::S100,
        claim: testing::claim(),
        seal: Seal::Stark(StarkSeal::new(1, vec![], vec![1, 2, 3]).unwrap()),
    };
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
