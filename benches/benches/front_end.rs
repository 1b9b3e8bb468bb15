//! From WGSL to a workload, and from a statement to its tables, on each example.

use std::hint::black_box;
use std::time::Duration;

use arknet_air::Machine;
use arknet_benches::examples;
use arknet_benches::run::Run;
use arknet_workload::wgsl::{FrontEndLimits, compile};
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
    group.finish();
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
