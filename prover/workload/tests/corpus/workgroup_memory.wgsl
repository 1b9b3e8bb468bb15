// feature: `var<workgroup>` and `workgroupBarrier`
// expect: ok
// workgroups: 2 1 1
// buffer: a = 11 48 85 21 58 95 31 68 4 41 78 14 51 88 24 61
// buffer: out = 0 x 16
// after: out = 116 116 116 116 116 116 116 22 102 102 102 102 102 102 102 8

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
var<workgroup> tile: array<u32, 8>;

@compute @workgroup_size(8)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    tile[i] = a[8u * group.x + i];
    workgroupBarrier();
    out[8u * group.x + i] = tile[7u - i] + tile[(i + 1u) % 8u];
}
