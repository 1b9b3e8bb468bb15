//! The prover on one memory allocator; the three benches `allocator_*` differ in nothing else.
//!
//! Each job is proven once by a process that has not proven it before, as the command line does: what an
//! allocator asks of the system counts. Repeat the three in turns and compare medians:
//!
//! ```sh
//! for turn in 1 2 3 4 5; do cargo bench -q -p arknet-benches \
//!     --bench allocator_system --bench allocator_jemalloc --bench allocator_mimalloc; done
//! ```

use arknet_receipt::Preset;
use arknet_stark::prove;

use crate::examples;
use crate::turns::measure;

/// Proves two jobs on the allocator of this process and prints what it took.
///
/// # Panics
///
/// If a job cannot be proven.
pub fn report(allocator: &str) {
    for (name, job) in [
        ("sha256, 512 blocks", examples::sha256(512)),
        ("collatz, 1 to 4,096", examples::collatz(4_096)),
    ] {
        let proof = || prove(&job, Preset::S100, &mut |_, _| ()).expect("the job is proven");
        let (_, cost) = measure(proof);
        let (wall, cpu) = (cost.wall.as_secs_f64(), cost.cpu.as_secs_f64());
        println!("{allocator:<9} {name:<20} {wall:6.2} s wall  {cpu:6.2} s CPU");
    }
}
