//! The interpreter, in steps (loop iterations of an invocation) per second, on each example.

use std::hint::black_box;
use std::time::Duration;

use arknet_benches::examples;
use arknet_benches::run::Run;
use arknet_workload::interpreter;
use criterion::{Criterion, Throughput};

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = criterion.benchmark_group("interpreter");
    for name in examples::NAMES {
        let run = Run::new(examples::example(name));
        group.throughput(Throughput::Elements(run.total_steps(name)));
        group.bench_function(name, |bencher| {
            bencher.iter(|| interpreter::run(black_box(&run.job)).expect("it runs"));
        });
    }
    group.finish();
    criterion.final_summary();
}
