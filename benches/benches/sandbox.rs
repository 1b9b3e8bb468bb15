//! What a worker process costs: starting one until it is locked in, and a small job in one that is ready, beside the
//! same job on a device of this process. Says so where there is no adapter.

use std::hint::black_box;
use std::time::Duration;

use arknet_benches::examples;
use arknet_benches::run::Run;
use arknet_sandbox::{Selection, WgpuRunner, Worker, WorkerSettings, worker};
use criterion::Criterion;

fn main() {
    // This program is its own worker.
    worker::enter_if_asked();
    let settings = WorkerSettings {
        selection: Selection::Any,
        ..WorkerSettings::default()
    };
    let mut warm = match Worker::start(&settings) {
        Ok(worker) => worker,
        Err(error) => {
            println!("sandbox: not measured: {error}");
            return;
        }
    };
    println!("sandbox: {}; {}", warm.adapter(), warm.walls());
    let runner = WgpuRunner::new(Selection::Any).expect("the worker found an adapter");
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(5))
        .configure_from_args();
    let mut group = criterion.benchmark_group("sandbox");
    group.bench_function("cold_start", |bencher| {
        bencher.iter(|| Worker::start(black_box(&settings)).expect("it starts"));
    });
    let run = Run::new(examples::example("matmul"));
    let ran = warm.run(&run.job).expect("it runs");
    assert_eq!(ran.execution, run.execution, "not the interpreter's result");
    group.bench_function("warm_job", |bencher| {
        bencher.iter(|| warm.run(black_box(&run.job)).expect("it runs"));
    });
    group.bench_function("in_process_job", |bencher| {
        bencher.iter(|| runner.run(black_box(&run.job)).expect("it runs"));
    });
    group.bench_function("cold_start_and_job", |bencher| {
        bencher.iter(|| {
            let mut worker = Worker::start(&settings).expect("it starts");
            worker.run(black_box(&run.job)).expect("it runs")
        });
    });
    group.finish();
    criterion.final_summary();
}
