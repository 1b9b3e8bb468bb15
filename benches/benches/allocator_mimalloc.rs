//! The prover on mimalloc.

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    arknet_benches::allocator::report("mimalloc");
}
