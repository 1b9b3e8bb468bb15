// feature: atomics on workgroup memory
// expect: ok
// workgroups: 2 1 1
// buffer: a = 11 48 85 21 58 95 31 68 4 41 78 14 51 88 24 61
// buffer: out = 0 x 16
// after: out = 2 2 1 3 45 0 0 0 3 2 2 1 38 0 0 0

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
var<workgroup> bins: array<atomic<u32>, 4>;
var<workgroup> most: atomic<i32>;

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let x = a[8u * group.x + i];
    atomicAdd(&bins[x % 4u], 1u);
    atomicMax(&most, i32(x) - 50);
    workgroupBarrier();
    if i < 4u { out[8u * group.x + i] = atomicLoad(&bins[i]); }
    if i == 4u { out[8u * group.x + i] = u32(atomicLoad(&most)); }
}
