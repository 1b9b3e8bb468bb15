// expect: ok
// workgroups: 1 1 1
// buffer: a = 11 48 85 21 58 95 31 68 4 41 78 14 51 88 24 61
// buffer: out = 0 x 8
// after: out = 3 1 1 2 2 3 2 2

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
var<workgroup> bins: array<atomic<u32>, 8>;

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    for (var k = i; k < arrayLength(&a); k += 8u) { atomicAdd(&bins[a[k] & 7u], 1u); }
    workgroupBarrier();
    out[i] = atomicLoad(&bins[i]);
}
