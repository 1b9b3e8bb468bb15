//! The targets on the committed corpus and on mutations of it, on every machine. `ARKNET_FUZZ_CASES` sets how many
//! mutations each target gets; `ARKNET_WRITE_SEEDS=1` writes the seeds that are made by code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use arknet_fuzz_targets::seeds::{Seed, seeds};
use arknet_fuzz_targets::{TARGETS, Target};

/// Mutations that each target gets.
const CASES: u64 = 2_000;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../corpus")
        .join(target)
}

/// The names and contents of the files in a corpus, by name. What a fuzzer added has a hash for its name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = folder(target);
    let entries = folder
        .read_dir()
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(name, _)| name.len() != 40)
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// The kernels of the front end's corpus.
fn kernels() -> Vec<(String, String)> {
    let text = |(name, bytes): (String, Vec<u8>)| {
        let name = name.strip_suffix(".wgsl").unwrap().to_owned();
        (name, String::from_utf8(bytes).unwrap())
    };
    corpus("front_end").into_iter().map(text).collect()
}

#[test]
fn the_corpus_has_the_seeds_that_are_made_by_code() {
    let seeds = seeds(&kernels());
    let write = std::env::var("ARKNET_WRITE_SEEDS").is_ok_and(|value| value == "1");
    for seed in &seeds {
        let path = folder(seed.target).join(&seed.name);
        if write {
            fs::create_dir_all(folder(seed.target)).unwrap();
            fs::write(&path, &seed.bytes).unwrap();
        }
        let same = fs::read(&path).is_ok_and(|bytes| bytes == seed.bytes);
        assert!(
            same,
            "{} is another; a format changed, or run with ARKNET_WRITE_SEEDS=1",
            path.display()
        );
    }
    for target in seeds
        .iter()
        .map(|seed| seed.target)
        .collect::<BTreeSet<_>>()
    {
        for (name, _) in corpus(target) {
            let is_made = |seed: &Seed| seed.target == target && seed.name == name;
            assert!(seeds.iter().any(is_made), "{target}/{name} is no seed");
        }
    }
}

#[test]
fn each_seed_is_understood() {
    for Target { name, run } in TARGETS {
        let corpus = corpus(name);
        assert!(corpus.len() > 1, "{name}");
        for (file, bytes) in corpus {
            assert!(run(&bytes), "{name}/{file}");
        }
    }
}

#[test]
fn mutated_seeds_do_no_harm() {
    let cases = std::env::var("ARKNET_FUZZ_CASES").map_or(CASES, |cases| {
        let cases = cases.parse();
        cases.expect("ARKNET_FUZZ_CASES must be a number")
    });
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for Target { name, run } in TARGETS {
        let seeds: Vec<Vec<u8>> = corpus(name).into_iter().map(|(_, bytes)| bytes).collect();
        let mut understood = 0;
        for _ in 0..cases {
            let bytes = mutated(&seeds, &mut random);
            understood += u64::from(run(&bytes));
        }
        eprintln!("{name}: {understood} of {cases} understood");
        // Were none, nothing behind the parser would have been tried.
        assert!(cases < 1000 || understood > 0, "{name}");
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32) % below.max(1) as u64) as usize
    }
}

/// A seed with a change, or up to four; some bring in pieces of other seeds.
fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    let more = if random.below(2) == 0 {
        0
    } else {
        random.below(4)
    };
    for _ in 0..=more {
        let at = random.below(bytes.len());
        let other = &seeds[random.below(seeds.len())];
        let from = random.below(other.len());
        let piece = &other[from..other.len().min(from + 1 + random.below(24))];
        match random.below(7) {
            0 => bytes.truncate(at),
            1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            2 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            3 if at < bytes.len() => bytes[at] = bytes[at].wrapping_add(1),
            4 => {
                let end = bytes.len().min(at + random.below(16));
                bytes.drain(at..end);
            }
            5 => {
                let end = bytes.len().min(at + piece.len());
                bytes.splice(at..end, piece.iter().copied());
            }
            _ => {
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
    bytes
}
