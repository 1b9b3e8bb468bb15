//! The prover on jemalloc.

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() {
    arknet_benches::allocator::report("jemalloc");
}
