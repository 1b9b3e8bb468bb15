//! Proven Collatz iterations per CPU second under `s100`, everything from the job to its receipt included.
//!
//! Tables have a power of two of rows, so how full the loop's table is matters as much as how fast it is
//! proven. Each job is therefore given with the share of the rows that do something.

use arknet_benches::examples;
use arknet_benches::run::Run;
use arknet_benches::turns::{Cost, measure, take_turns};
use arknet_receipt::Preset;
use arknet_stark::prove;
use p3_matrix::Matrix;

const ROUNDS: usize = 3;

fn main() {
    for values in [4_096, 11_950] {
        let run = Run::new(examples::collatz(values));
        let iterations = run.collatz_iterations();
        let batch = run.batch();
        let rows = batch.traces.iter().map(Matrix::height).max().unwrap_or(0);
        let cells = batch.cells().total();
        drop(batch);
        let mut turn =
            || measure(|| prove(&run.job, Preset::S100, &mut |_, _| ()).expect("it is proven")).1;
        let [Cost { wall, cpu }] = take_turns(ROUNDS, [&mut turn]);
        let steps = run.total_steps("collatz");
        println!(
            "collatz, 1 to {values}: {iterations} iterations, {steps} steps in a table of {rows} rows, \
             {:.1} cells an iteration; {:.2} s wall, {:.2} s CPU; {:.0} iterations per CPU second",
            cells as f64 / iterations as f64,
            wall.as_secs_f64(),
            cpu.as_secs_f64(),
            iterations as f64 / cpu.as_secs_f64()
        );
    }
}
