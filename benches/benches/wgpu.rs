//! A whole run through wgpu (print, compile, upload, run, download) of each example, in steps per second, on
//! the best adapter that is there. Says so where there is none.

use std::hint::black_box;
use std::time::Duration;

use arknet_benches::examples;
use arknet_benches::run::Run;
use arknet_sandbox::{Selection, WgpuRunner};
use criterion::{Criterion, Throughput};

fn main() {
    let runner = match WgpuRunner::new(Selection::Any) {
        Ok(runner) => runner,
        Err(error) => {
            println!("wgpu: not measured: {error}");
            return;
        }
    };
    println!("wgpu: {} ({:?})", runner.adapter(), runner.adapter().kind);
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut group = criterion.benchmark_group("wgpu");
    for name in examples::NAMES {
        let run = Run::new(examples::example(name));
        let first = runner.run(&run.job).expect("it runs");
        assert_eq!(
            first.execution, run.execution,
            "{name}: not the interpreter's result"
        );
        println!(
            "wgpu/{name}: the first run took {:?} to compile and {:?} to run",
            first.compile_time, first.run_time
        );
        group.throughput(Throughput::Elements(run.total_steps(name)));
        group.bench_function(name, |bencher| {
            bencher.iter(|| runner.run(black_box(&run.job)).expect("it runs"));
        });
    }
    group.finish();
    criterion.final_summary();
}
