//! Compiled SHA-256 and the hand-written `p3-sha256-air`, side by side under `s100`.
//!
//! Both prove the same compressions. *Prove* is `prove_batch` alone; *all* is everything from the input words
//! to the proof: for us running, compiling, filling the tables and proving, for the peer filling its table and
//! proving. Ours also ties the blocks and the digests to public data, and its 2^16-row number table is a fixed
//! cost, so the cells that one more compression takes are given too.

use arknet_benches::batch::{Batch, BatchAir, Cells};
use arknet_benches::run::Run;
use arknet_benches::turns::{Cost, measure, ratio, take_turns};
use arknet_benches::{examples, peer};

const ROUNDS: usize = 5;

fn main() {
    let mut before: Option<(u32, Cells, Cells)> = None;
    for blocks in [64, 256, 1024] {
        let run = Run::new(examples::sha256(blocks));
        let (ours, theirs) = (run.batch(), peer::sha256(&run));
        let (our_cells, their_cells) = (ours.cells(), theirs.cells());
        println!("\n{blocks} compressions");
        print_cells("ours", our_cells, blocks);
        print_cells("p3-sha256-air", their_cells, blocks);
        let of = |cells: Cells| cells.total() as f64;
        println!(
            "  ours over theirs {:19.2}",
            of(our_cells) / of(their_cells)
        );
        if let Some((blocks_before, ours_before, theirs_before)) = before {
            let more = f64::from(blocks - blocks_before);
            let (ours, theirs) = (
                of(our_cells) - of(ours_before),
                of(their_cells) - of(theirs_before),
            );
            println!(
                "  each one more    {:9.0} ours, {:.0} theirs, ratio {:.2}",
                ours / more,
                theirs / more,
                ours / theirs
            );
        }
        before = Some((blocks, our_cells, their_cells));

        let costs = take_turns(
            ROUNDS,
            [
                &mut || measure(|| ours.prove()).1,
                &mut || measure(|| theirs.prove()).1,
                &mut || measure(|| Run::new(run.job.clone()).batch().prove()).1,
                &mut || measure(|| peer::sha256(&run).prove()).1,
            ],
        );
        let [our_proof, their_proof, our_all, their_all] = costs;
        print_costs("prove", our_proof, their_proof, blocks);
        print_costs("all", our_all, their_all, blocks);
        print_verified("ours", &ours);
        print_verified("p3-sha256-air", &theirs);
    }
}

fn print_cells(whose: &str, cells: Cells, compressions: u32) {
    let each = |cells: u64| cells as f64 / f64::from(compressions);
    println!(
        "  {whose:<14} {:9.0} cells each: {:.0} main, {:.0} bus",
        each(cells.total()),
        each(cells.main),
        each(cells.auxiliary)
    );
}

fn print_costs(what: &str, ours: Cost, theirs: Cost, compressions: u32) {
    let each = |cost: Cost| {
        let micros = |time: std::time::Duration| 1e6 * time.as_secs_f64() / f64::from(compressions);
        format!(
            "{:.0} µs wall, {:.0} µs CPU",
            micros(cost.wall),
            micros(cost.cpu)
        )
    };
    println!(
        "  {what:<6} each: ours {}; theirs {}; ratio {}",
        each(ours),
        each(theirs),
        ratio(ours, theirs)
    );
}

fn print_verified<A: BatchAir>(whose: &str, batch: &Batch<A>) {
    let proof = batch.prove();
    let (bytes, cost) = measure(|| batch.verify(&proof));
    println!(
        "  {whose:<14} proof of {:.0} KiB, verified in {:.0} ms",
        bytes as f64 / 1024.0,
        1e3 * cost.wall.as_secs_f64()
    );
}
