//! From WGSL to a workload, and from a statement to its tables, on each example and on the largest kernel of the
//! corpus; and WGSL to a workload on a source that is as long as the front end takes.

use std::hint::black_box;
use std::time::Duration;

use arknet_air::Machine;
use arknet_benches::examples;
use arknet_benches::run::Run;
use arknet_workload::testing::corpus::{Case, corpus};
use arknet_workload::wgsl::{FrontEndLimits, compile, compile_with};
use criterion::Criterion;

fn workload(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("workload");
    for name in examples::NAMES {
        let (source, entry) = examples::source(name);
        let limits = FrontEndLimits::default();
        group.bench_function(name, |bencher| {
            bencher.iter(|| compile(black_box(&source), &entry, &limits).expect("it compiles"));
        });
    }
    let limits = FrontEndLimits::default();
    let longest = longest_source(limits.source_bytes);
    group.bench_function("longest_source", |bencher| {
        bencher.iter(|| compile(black_box(&longest), "main", &limits).expect("it compiles"));
    });
    let largest = largest_case();
    let name = format!("corpus_{}", largest.name);
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            compile_with(
                black_box(largest.source),
                "main",
                &largest.constants,
                &limits,
            )
            .expect("it compiles")
        });
    });
    group.finish();
}

/// A kernel of almost so many bytes.
fn longest_source(bytes: usize) -> String {
    const END: &str = "    data[id.x] = x;\n}\n";
    const LINE: &str = "    x = (x ^ 0x9e3779b9u) * 0x85ebca6bu + (x >> 7u);\n";
    let mut source = String::from(
        "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var x = data[id.x];
",
    );
    while source.len() + LINE.len() + END.len() <= bytes {
        source.push_str(LINE);
    }
    source.push_str(END);
    source
}

/// The kernel of the corpus with the longest source, of those that compile.
fn largest_case() -> Case {
    let mut cases = corpus();
    cases.retain(|case| case.compile().is_ok());
    let largest = cases.into_iter().max_by_key(|case| case.source.len());
    largest.expect("the corpus has kernels")
}

fn tables(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tables");
    for name in examples::NAMES {
        let statement = Run::new(examples::example(name)).statement;
        group.bench_function(name, |bencher| {
            bencher.iter_with_large_drop(|| {
                Machine::compile(black_box(&statement)).expect("it has tables")
            });
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    workload(&mut criterion);
    tables(&mut criterion);
    criterion.final_summary();
}
