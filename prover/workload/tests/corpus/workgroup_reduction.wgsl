// feature: barriers in uniform loops
// expect: ok
// workgroups: 2 1 1
// buffer: a = 11 48 85 21 58 95 31 68 4 41 78 14 51 88 24 61
// buffer: out = 0 0
// after: out = 417 361

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
var<workgroup> sums: array<u32, 8>;

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    sums[i] = a[8u * group.x + i];
    workgroupBarrier();
    for (var half = 4u; half > 0u; half /= 2u) {
        if i < half { sums[i] += sums[i + half]; }
        workgroupBarrier();
    }
    if i == 0u { out[group.x] = sums[0]; }
}
