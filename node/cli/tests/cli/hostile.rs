//! Input made to break things: each ends in an error, soon, without a panic or a crash.

use std::time::{Duration, Instant};

use crate::arknet::{Folder, arknet};

/// Generous, for a busy machine and a debug build; the point is that nothing explodes.
const SOON: Duration = Duration::from_secs(20);

fn refused(wgsl: impl AsRef<[u8]>) {
    let folder = Folder::with_data("", 1, 4);
    folder.write("kernel.wgsl", wgsl);
    let start = Instant::now();
    for arguments in [["run", "--backend=cpu"], ["inspect", "--quiet"]] {
        let path = folder.path().to_str().expect("a plain path");
        let outcome = arknet([arguments[0], path, arguments[1]]);
        assert!(matches!(outcome.code, 2 | 3), "{outcome:#?}");
        let code = outcome.code;
        outcome.expect(code);
    }
    assert!(start.elapsed() < SOON, "took {:?}", start.elapsed());
}

fn body(statements: &str) -> String {
    format!(
        "@group(0) @binding(0) var<storage, read_write> data: array<u32>;\n\
         @compute @workgroup_size(1) fn main() {{ {statements} }}\n"
    )
}

#[test]
fn bombs_are_refused() {
    refused(body(&format!(
        "data[0] = {}1u{};",
        "(".repeat(10_000),
        ")".repeat(10_000)
    )));
    refused(body(&format!("data[0] = 1u{};", "+1u".repeat(300_000))));
    refused(body(&format!("data[0] = {}1u;", "-".repeat(500_000))));
    refused(body(&"{".repeat(100_000)));
    refused(body(&"if true {".repeat(10_000)));
    let functions: String = (0..10_000).map(|i| format!("fn f{i}() {{ }}\n")).collect();
    refused(functions);
    let doubling: String = (0..40)
        .map(|i| format!("fn f{}() -> u32 {{ return f{i}() + f{i}(); }}\n", i + 1))
        .collect();
    refused(format!(
        "fn f0() -> u32 {{ return 1u; }}\n{doubling}{}",
        body("data[0] = f40();")
    ));
    refused(body(&format!(
        "var a: {}u32{};",
        "array<".repeat(5_000),
        ", 2>".repeat(5_000)
    )));
    refused(body("var a: array<u32, 4000000000>; a[data[0]] = 1u;"));
    refused("\0\u{1}\u{7f}".repeat(1000));
    refused(b"\xff\xfe\x00\x00");
    refused("");
}

#[test]
fn damaged_kernels_never_crash() {
    let wgsl = std::fs::read(crate::arknet::example("mandelbrot").join("mandelbrot.wgsl"))
        .expect("the example");
    let folder = Folder::copy_of("mandelbrot");
    let path = folder.path().to_str().expect("a plain path").to_owned();
    for seed in 0..40usize {
        let mut damaged = wgsl.clone();
        let at = seed * 7919 % damaged.len();
        match seed % 3 {
            0 => damaged.truncate(at),
            1 => damaged[at] ^= 1 << (seed % 7),
            _ => drop(damaged.drain(at..(at + 20).min(wgsl.len()))),
        }
        folder.write("mandelbrot.wgsl", damaged);
        let outcome = arknet(["run", &path, "--backend", "cpu"]);
        assert!(matches!(outcome.code, 0 | 2 | 3 | 4), "{outcome:#?}");
        assert!(!outcome.stderr.contains("panicked"), "{outcome:#?}");
    }
}

#[test]
fn damaged_job_files_never_crash() {
    let folder = Folder::copy_of("sha256");
    let path = folder.path().to_str().expect("a plain path").to_owned();
    let job = folder.read("job.toml");
    for seed in 0..40usize {
        let mut damaged = job.clone();
        let at = seed * 7919 % damaged.len();
        match seed % 3 {
            0 => damaged.truncate(at),
            1 => damaged[at] ^= 1 << (seed % 7),
            _ => drop(damaged.drain(at..(at + 9).min(job.len()))),
        }
        folder.write("job.toml", damaged);
        let outcome = arknet(["inspect", &path]);
        assert!(matches!(outcome.code, 0 | 2..=5), "{outcome:#?}");
    }
}

#[test]
fn what_is_no_receipt_is_an_error() {
    let job = Folder::copy_of("sha256");
    job.write("digests.out", vec![0; 2048]);
    let path = job.path().to_str().expect("a plain path");
    let file = job.file("receipt");
    let receipt = file.to_str().expect("a plain path");
    let noise: Vec<u8> = (0..100_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for contents in [&[][..], b"x", &[0; 1000], &[0xff; 1000], &noise] {
        job.write("receipt", contents);
        arknet(["verify", receipt, path]).expect(1);
        let outcome = arknet(["inspect", receipt]);
        assert!(matches!(outcome.code, 1 | 2), "{outcome:#?}");
    }
    let large = std::fs::File::create(&file).expect("a file");
    large.set_len(1 << 40).expect("a sparse file");
    arknet(["verify", receipt, path]).expect(1);
}
