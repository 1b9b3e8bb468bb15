//! The prover on the system's allocator.

fn main() {
    arknet_benches::allocator::report("system");
}
