//! From a job to its receipt under `s100`, in all (criterion) and by phase (medians of the same runs), in
//! committed cells (main and bus columns) per second, on each example.

use std::hint::black_box;
use std::time::Duration;

use arknet_benches::examples;
use arknet_benches::run::Run;
use arknet_benches::turns::{measure, middle};
use arknet_receipt::Preset;
use arknet_stark::{Phase, Proven, prove};
use criterion::{Criterion, Throughput};

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(5))
        .configure_from_args();
    let mut tables = String::new();
    let mut group = criterion.benchmark_group("prove");
    for name in examples::NAMES {
        let run = Run::new(examples::example(name));
        let cells = run.batch().cells().total();
        let mut proofs = Vec::new();
        group.throughput(Throughput::Elements(cells));
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                let proving = (0..iterations).map(|_| {
                    let (proven, cost) = measure(|| {
                        prove(black_box(&run.job), Preset::S100, &mut |_, _| ())
                            .expect("it is proven")
                    });
                    proofs.push(Timed::new(&proven));
                    cost.wall
                });
                proving.sum()
            });
        });
        if !proofs.is_empty() {
            tables += &phase_table(name, cells, &proofs);
        }
    }
    group.finish();
    criterion.final_summary();
    print!("{tables}");
}

/// What is kept of a proof.
struct Timed {
    phases: Vec<(Phase, Duration)>,
    bytes: usize,
}

impl Timed {
    fn new(proven: &Proven) -> Self {
        Self {
            phases: proven.phases.clone(),
            bytes: proven.receipt.encode().len(),
        }
    }
}

fn phase_table(name: &str, cells: u64, proofs: &[Timed]) -> String {
    let bytes = proofs[0].bytes;
    let mut table = format!(
        "\n{name}: {cells} cells, receipt of {:.1} KiB, medians of {} proofs\n",
        bytes as f64 / 1024.0,
        proofs.len()
    );
    for phase in Phase::ALL {
        let of_phase = |proof: &Timed| -> Duration {
            let times = proof.phases.iter().filter(|(p, _)| *p == phase);
            times.map(|(_, time)| *time).sum()
        };
        let mut times: Vec<Duration> = proofs.iter().map(of_phase).collect();
        let time = middle(&mut times).as_secs_f64();
        let rate = cells as f64 / time / 1e6;
        table += &format!(
            "  {:<9} {:9.2} ms {rate:9.1} M cells/s\n",
            phase.to_string(),
            1e3 * time
        );
    }
    table
}
