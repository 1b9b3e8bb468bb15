// feature: atomics on storage
// expect: ok
// workgroups: 4 1 1
// buffer: a = 11 48 85 21 58 95 31 68 4 41 78 14 51 88 24 61
// buffer: cells = 5 0 0 0 4294967295 0 0
// after: cells = 799 4294967280 95 127 64 102 4294966518

struct Cells { sum: atomic<u32>, low: atomic<i32>, high: atomic<u32>, bits: atomic<u32>, mask: atomic<u32>, parity: atomic<u32>, down: atomic<i32> }
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> cells: Cells;

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = a[id.x];
    atomicAdd(&cells.sum, x);
    atomicMin(&cells.low, i32(x) - 20);
    atomicMax(&cells.high, x);
    atomicOr(&cells.bits, x);
    atomicAnd(&cells.mask, x | 64u);
    atomicXor(&cells.parity, x);
    _ = atomicSub(&cells.down, i32(x));
    let unused = atomicAdd(&cells.sum, 1u);
}
