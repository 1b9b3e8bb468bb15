//! Machine code for several generations of devices.

use std::sync::OnceLock;

use arknet_sandbox::cuda::{Compiler, CompilerError};
use arknet_workload::emit;
use arknet_workload::job::Job;
use arknet_workload::testing::Shape;
use arknet_workload::testing::corpus::corpus;

use crate::{examples, random};

/// Random programs of each kind that are compiled, each for all architectures.
const CASES: usize = 20;

/// The compiler. `None` where it is not installed, unless the environment says that it must be.
fn compiler() -> Option<&'static Compiler> {
    static COMPILER: OnceLock<Option<Compiler>> = OnceLock::new();
    let load = || match Compiler::load() {
        Ok(compiler) => Some(compiler),
        Err(error) => {
            let required = std::env::var("ARKNET_REQUIRE_NVRTC").is_ok_and(|value| value == "1");
            assert!(!required, "{error}");
            eprintln!("NOT TESTED: {error} (`ci/install-cuda-nvrtc` and `. .nvrtc/env` do)");
            None
        }
    };
    COMPILER.get_or_init(load).as_ref()
}

/// The oldest that is supported, that of data centres, and the newest known.
fn architectures(compiler: &Compiler) -> [u32; 3] {
    let newest = compiler.architectures().last().copied();
    [80, 90, newest.expect("it knows some")]
}

fn assert_compiles(compiler: &Compiler, job: &Job) {
    let source = emit::cuda(job.workload()).source;
    for architecture in architectures(compiler) {
        let code = compiler
            .compile(&source, architecture)
            .unwrap_or_else(|error| panic!("sm_{architecture}: {error}\n{source}"));
        // Machine code is an ELF file of a machine of its own.
        assert_eq!(&code[..4], b"\x7fELF");
        assert_eq!(u16::from_le_bytes([code[18], code[19]]), 190);
    }
}

#[test]
fn the_examples_compile() {
    let Some(compiler) = compiler() else { return };
    for job in examples() {
        assert_compiles(compiler, &job);
    }
}

#[test]
fn the_corpus_compiles() {
    let Some(compiler) = compiler() else { return };
    for case in corpus() {
        if case.compile().is_ok() {
            assert_compiles(compiler, &case.job());
        }
    }
}

#[test]
fn random_programs_compile() {
    let Some(compiler) = compiler() else { return };
    for shape in [Shape::default(), Shape::default().with_sharing()] {
        for job in random(shape, CASES) {
            assert_compiles(compiler, &job);
        }
    }
}

#[test]
fn the_newest_device_is_newer_than_the_oldest() {
    let Some(compiler) = compiler() else { return };
    let [oldest, hopper, newest] = architectures(compiler);
    assert!(oldest < hopper && hopper < newest);
}

#[test]
fn a_text_that_is_no_kernel_is_refused_with_the_reason() {
    let Some(compiler) = compiler() else { return };
    let error = compiler.compile("__global__ void run() { nonsense; }", 90);
    let Err(CompilerError::Refused { log }) = error else {
        panic!("{error:?}");
    };
    assert!(log.contains("nonsense"), "{log}");
    let missing = compiler.compile("#include <stdio.h>\n__global__ void run() {}", 90);
    assert!(matches!(missing, Err(CompilerError::Refused { .. })));
    let zero = compiler.compile("__global__ void run() {}\0", 90);
    assert!(matches!(zero, Err(CompilerError::Refused { .. })));
}

#[test]
fn an_unknown_architecture_is_an_error() {
    let Some(compiler) = compiler() else { return };
    let error = compiler.compile("__global__ void run() {}", 7);
    assert!(error.is_err(), "{error:?}");
}
