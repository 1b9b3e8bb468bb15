//! From a receipt's bytes to its verdict under `s100`, on each example. Compiling the tables is part of it.

use std::hint::black_box;
use std::time::Duration;

use arknet_benches::examples;
use arknet_receipt::{Preset, Receipt, verify};
use arknet_stark::prove;
use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut group = criterion.benchmark_group("verify");
    for name in examples::NAMES {
        let job = examples::example(name);
        let proven = prove(&job, Preset::S100, &mut |_, _| ()).expect("it is proven");
        let bytes = proven.receipt.encode();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let receipt = Receipt::decode(black_box(&bytes)).expect("it is a receipt");
                verify(&receipt, &job, &proven.outputs).expect("it holds")
            });
        });
    }
    group.finish();
    criterion.final_summary();
}
