//! The jobs to measure: the examples as they are, and larger ones of the same kernels.

use std::path::Path;
use std::time::Duration;

use arknet_workload::job::{Job, Limits, folder};
use arknet_workload::wgsl::{FrontEndLimits, compile};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Names of the examples.
pub const NAMES: [&str; 4] = ["sha256", "collatz", "matmul", "mandelbrot"];

/// Words of a SHA-256 block.
pub const BLOCK_WORDS: usize = 16;
/// Words of a SHA-256 digest.
pub const DIGEST_WORDS: usize = 8;
/// Invocations of a workgroup of the `collatz` example.
const COLLATZ_GROUP: u32 = 64;

/// Invocations of a workgroup of the `matmul` example along each side.
const MATMUL_GROUP: u32 = 8;

/// Limits that no measured job comes near.
const LIMITS: Limits = Limits {
    steps: 100_000,
    memory: 1 << 30,
    time: Duration::from_secs(600),
};

/// An example as it lies in `examples/`.
///
/// # Panics
///
/// If the example is missing or broken.
pub fn example(name: &str) -> Job {
    let folder = folder_of(name);
    let workload = compile(folder.source(), folder.entry(), &FrontEndLimits::default())
        .unwrap_or_else(|error| panic!("example `{name}`: {error:?}"));
    let job = folder.assemble(workload);
    job.unwrap_or_else(|error| panic!("example `{name}`: {error}"))
        .job()
        .clone()
}

/// The WGSL of an example and the name of its entry point.
///
/// # Panics
///
/// If the example is missing.
pub fn source(name: &str) -> (String, String) {
    let folder = folder_of(name);
    (folder.source().to_owned(), folder.entry().to_owned())
}

fn folder_of(name: &str) -> folder::JobFolder {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(name);
    folder::load(&path).unwrap_or_else(|error| panic!("example `{name}`: {error}"))
}

/// The `sha256` example's kernel on this many random blocks.
///
/// # Panics
///
/// If there are more blocks than workgroups in a row of a dispatch.
pub fn sha256(blocks: u32) -> Job {
    let mut random = StdRng::seed_from_u64(u64::from(blocks));
    let words = (0..BLOCK_WORDS * blocks as usize)
        .map(|_| random.random())
        .collect();
    let digests = vec![0; DIGEST_WORDS * blocks as usize];
    resized("sha256", [blocks, 1, 1], vec![words, digests])
}

/// The `collatz` example's kernel on the numbers from 1 to `values`.
///
/// # Panics
///
/// If there are more values than a dispatch has room for in a row.
pub fn collatz(values: u32) -> Job {
    let groups = values.div_ceil(COLLATZ_GROUP);
    resized("collatz", [groups, 1, 1], vec![(1..=values).collect()])
}

/// The `matmul` example's kernel on square matrices.
///
/// # Panics
///
/// If the side is no multiple of 8.
pub fn matmul(side: u32) -> Job {
    assert!(side.is_multiple_of(MATMUL_GROUP), "whole workgroups");
    let mut random = StdRng::seed_from_u64(u64::from(side));
    let words = side as usize * side as usize;
    let mut matrix = || (0..words).map(|_| random.random_range(0..1000)).collect();
    let buffers = vec![vec![side; 3], matrix(), matrix(), vec![0; words]];
    let groups = side / MATMUL_GROUP;
    resized("matmul", [groups, groups, 1], buffers)
}

/// The `mandelbrot` example's picture with so many times the pixels along each side, and more rounds.
///
/// # Panics
///
/// If the example is missing.
pub fn mandelbrot(scale: u32) -> Job {
    let small = example("mandelbrot");
    let [width, height, left, top, step, _] = small.buffers()[0][..] else {
        panic!("a view has six words");
    };
    let [x, y, _] = small.dispatch().workgroups();
    let pixels = vec![0; (width * height * scale * scale) as usize];
    let view = vec![width * scale, height * scale, left, top, step / scale, 255];
    resized("mandelbrot", [x * scale, y * scale, 1], vec![view, pixels])
}

fn resized(name: &str, workgroups: [u32; 3], buffers: Vec<Vec<u32>>) -> Job {
    let workload = example(name).workload().clone();
    Job::new(workload, workgroups, buffers, LIMITS)
        .unwrap_or_else(|error| panic!("a larger `{name}`: {error}"))
}
