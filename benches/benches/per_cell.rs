//! Nanoseconds per committed cell: the whole of `prove`, `prove_batch` on our tables, and `prove_batch` on
//! static AIRs of the same shape, taking turns.
//!
//! The static AIRs are a lower bound ([`arknet_benches::shaped`]), so a ratio of 1 means that constraints as data and
//! the stages before the proof cost nothing.

use arknet_benches::run::Run;
use arknet_benches::turns::{Cost, measure, ratio, take_turns};
use arknet_benches::{examples, peer, shaped};
use arknet_receipt::Preset;
use arknet_stark::prove;

const ROUNDS: usize = 5;

fn main() {
    for (name, job) in [
        ("sha256, 512 blocks", examples::sha256(512)),
        ("collatz, 1 to 4,096", examples::collatz(4_096)),
    ] {
        let run = Run::new(job);
        let ours = run.batch();
        let shape = shaped::like(&ours);
        let cells = ours.cells().total();
        let [whole, tables, shape] = take_turns(
            ROUNDS,
            [
                &mut || {
                    measure(|| prove(&run.job, Preset::S100, &mut |_, _| ()).expect("it is proven"))
                        .1
                },
                &mut || measure(|| ours.prove()).1,
                &mut || measure(|| shape.prove()).1,
            ],
        );
        println!("\n{name}: {:.1} M cells", cells as f64 / 1e6);
        print_cost("prove", whole, cells);
        print_cost("prove_batch, our tables", tables, cells);
        print_cost("prove_batch, static AIRs", shape, cells);
        println!("  prove over static              {}", ratio(whole, shape));
        println!("  our tables over static         {}", ratio(tables, shape));
    }
    hand_written();
}

/// The peer's AIR, whose constraints do as much arithmetic as ours.
fn hand_written() {
    let run = Run::new(examples::sha256(512));
    let (ours, theirs) = (run.batch(), peer::sha256(&run));
    let [our_cost, their_cost] = take_turns(
        ROUNDS,
        [&mut || measure(|| ours.prove()).1, &mut || {
            measure(|| theirs.prove()).1
        }],
    );
    println!("\nsha256, 512 blocks, against p3-sha256-air");
    print_cost("prove_batch, our tables", our_cost, ours.cells().total());
    print_cost(
        "prove_batch, p3-sha256-air",
        their_cost,
        theirs.cells().total(),
    );
}

fn print_cost(what: &str, cost: Cost, cells: u64) {
    let nanos = |time: std::time::Duration| 1e9 * time.as_secs_f64() / cells as f64;
    println!(
        "  {what:<27} {:7.1} ns a cell wall, {:7.1} ns CPU",
        nanos(cost.wall),
        nanos(cost.cpu)
    );
}
