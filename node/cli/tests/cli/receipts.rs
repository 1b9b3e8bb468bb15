//! Proving and verifying the examples, and what a changed bit does.

use std::path::PathBuf;

use crate::arknet::{Folder, Outcome, arknet};
use crate::data::examples;

/// An example that was proven in a folder of its own.
struct Proven {
    folder: Folder,
    receipt: PathBuf,
}

impl Proven {
    fn new(example: &str, more: &[&str]) -> Self {
        let folder = Folder::copy_of(example);
        let receipt = folder.file("receipt");
        let mut arguments = vec!["--receipt", receipt.to_str().expect("a plain path")];
        arguments.extend(more);
        let outcome = folder.run("prove", &arguments).expect(0);
        assert!(outcome.stdout.contains("bits"), "{outcome:#?}");
        Self { folder, receipt }
    }

    fn verify(&self, more: &[&str]) -> Outcome {
        let mut arguments = vec![
            "verify",
            self.receipt.to_str().expect("a plain path"),
            self.folder.path().to_str().expect("a plain path"),
        ];
        arguments.extend(more);
        arknet(arguments)
    }

    /// Flips one bit of a file, which must make the receipt invalid, and puts it back.
    fn flip(&self, file: &str, byte: usize, bit: usize) {
        let good = self.folder.read(file);
        let mut bad = good.clone();
        bad[byte] ^= 1 << bit;
        self.folder.write(file, &bad);
        let outcome = self.verify(&[]);
        assert_eq!(
            outcome.code, 1,
            "{file}, byte {byte}, bit {bit}: {outcome:#?}"
        );
        outcome.expect(1);
        self.folder.write(file, &good);
    }
}

/// `count` offsets spread over a file, the first and the last byte among them.
fn spread(length: usize, count: usize) -> impl Iterator<Item = usize> {
    let count = count.min(length);
    (0..count).map(move |i| i * (length - 1) / (count - 1).max(1))
}

/// Proves an example, verifies it, and flips bits of everything that the receipt is about.
fn any_change_is_found(example: &str) {
    changes_are_found(example, 1);
}

/// The same with a fraction of the flips, for receipts that take long to check.
fn changes_are_found(example: &str, fraction: usize) {
    let cases = examples();
    let case = cases
        .iter()
        .find(|case| case.name == example)
        .expect("an example");
    let proven = Proven::new(case.name, &[]);
    for (file, expected) in &case.outputs {
        assert!(proven.folder.words(file) == *expected, "{file} is wrong");
    }
    let outcome = proven.verify(&["--min-bits", "100"]).expect(0);
    assert!(outcome.stdout.contains("VALID"), "{outcome:#?}");
    proven
        .verify(&["--min-bits", "200"])
        .expect(1)
        .says(&["200"]);

    let inputs = case.inputs.iter().map(|(file, _)| *file);
    let outputs = case.outputs.iter().map(|(file, _)| *file);
    for file in inputs.chain(outputs) {
        let length = proven.folder.read(file).len();
        for (index, byte) in spread(length, 12 / fraction).enumerate() {
            proven.flip(file, byte, index % 8);
        }
    }
    // The claim is at the start. Denser flips, without a process each, are arknet-receipt's tests.
    let length = proven.folder.read("receipt").len();
    let claim = (0..200).step_by(5 * fraction);
    for byte in claim.chain(spread(length, 40 / fraction)) {
        proven.flip("receipt", byte, byte % 8);
    }
    proven.verify(&[]).expect(0);
}

#[test]
fn sha256_is_proven_and_any_change_is_found() {
    any_change_is_found("sha256");
}

#[test]
fn collatz_is_proven_and_any_change_is_found() {
    any_change_is_found("collatz");
}

#[test]
fn matmul_is_proven_and_any_change_is_found() {
    any_change_is_found("matmul");
}

#[test]
fn mandelbrot_is_proven_and_any_change_is_found() {
    any_change_is_found("mandelbrot");
}

#[test]
fn histogram_is_proven_and_any_change_is_found() {
    any_change_is_found("histogram");
}

#[test]
fn scan_is_proven_and_changes_are_found() {
    changes_are_found("scan", 4);
}

#[test]
fn bitonic_sort_is_proven_and_changes_are_found() {
    changes_are_found("bitonic_sort", 4);
}

#[test]
fn life_is_proven_and_changes_are_found() {
    changes_are_found("life", 4);
}

#[test]
fn chacha20_is_proven_and_changes_are_found() {
    changes_are_found("chacha20", 4);
}

#[test]
fn int8_mlp_is_proven_and_changes_are_found() {
    changes_are_found("int8_mlp", 4);
}

#[test]
fn a_receipt_belongs_to_one_job() {
    let proven = Proven::new("collatz", &[]);
    let folder = &proven.folder;
    let (job, wgsl) = (folder.read("job.toml"), folder.read("collatz.wgsl"));
    let replaced = |bytes: &[u8], from: &str, to: &str| {
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        assert!(text.contains(from), "the example has no `{from}`");
        text.replace(from, to)
    };

    for (from, to) in [
        ("steps = 1000", "steps = 1001"),
        ("64KiB", "65KiB"),
        ("60s", "61s"),
        ("[100, 1, 1]", "[101, 1, 1]"),
    ] {
        folder.write("job.toml", replaced(&job, from, to));
        proven.verify(&[]).expect(1);
    }
    folder.write("job.toml", &job);

    folder.write("collatz.wgsl", replaced(&wgsl, "3u * n", "5u * n"));
    proven.verify(&[]).expect(1);
    // Comments and spaces are not part of what is claimed.
    folder.write(
        "collatz.wgsl",
        format!("// new\n{}", replaced(&wgsl, "    ", "\t")),
    );
    proven.verify(&[]).expect(0);
    folder.write("collatz.wgsl", &wgsl);

    let mut output = folder.read("values.out");
    output.truncate(output.len() - 4);
    folder.write("values.out", &output);
    proven.verify(&[]).expect(1);
    std::fs::remove_file(folder.file("values.out")).expect("the output is there");
    proven.verify(&[]).expect(2);

    let other = Proven::new("mandelbrot", &[]);
    let receipt = other.receipt.to_str().expect("a plain path");
    folder.run("run", &["--backend", "cpu"]).expect(0);
    proven.verify(&[]).expect(0);
    let path = folder.path().to_str().expect("a plain path");
    arknet(["verify", receipt, path]).expect(1);
}

#[test]
fn the_stronger_preset_has_its_bits() {
    let proven = Proven::new("matmul", &["--preset", "s128"]);
    proven.verify(&["--min-bits", "128"]).expect(0);
    let json = proven.verify(&["--json"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["valid"], true);
    assert_eq!(json["seal"]["preset"], "s128");
    assert!(
        json["security"]["bits"]
            .as_u64()
            .is_some_and(|bits| bits >= 128),
        "{json}"
    );
}

#[test]
fn a_truncated_or_longer_receipt_is_invalid() {
    let proven = Proven::new("matmul", &[]);
    let good = proven.folder.read("receipt");
    for length in [0, 1, 4, 100, good.len() / 2, good.len() - 1] {
        proven.folder.write("receipt", &good[..length]);
        proven.verify(&[]).expect(1);
    }
    let mut longer = good.clone();
    longer.push(0);
    proven.folder.write("receipt", &longer);
    proven.verify(&[]).expect(1);
}

#[test]
fn proving_needs_a_file_for_every_output() {
    let folder = Folder::copy_of("collatz");
    let job = String::from_utf8(folder.read("job.toml")).expect("text");
    folder.write("job.toml", job.replace("output = \"values.out\"", ""));
    let receipt = folder.file("receipt");
    let outcome = folder.run(
        "prove",
        &["--receipt", receipt.to_str().expect("a plain path")],
    );
    outcome
        .expect(2)
        .says(&["buffer `values` has no `output`", "job.toml:"]);
}
