//! Filling the tables, in main cells per second, on each example.

use std::hint::black_box;
use std::time::Duration;

use arknet_benches::examples;
use arknet_benches::run::Run;
use criterion::{Criterion, Throughput};

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut group = criterion.benchmark_group("witness");
    for name in examples::NAMES {
        let run = Run::new(examples::example(name));
        group.throughput(Throughput::Elements(run.batch().cells().main));
        group.bench_function(name, |bencher| {
            bencher.iter_with_large_drop(|| {
                black_box(&run.machine).witness().expect("it has a witness")
            });
        });
    }
    group.finish();
    criterion.final_summary();
}
