// expect: ok
// workgroups: 1 1 1
// buffer: a = 11 48 85 21 58 95 31 68 4 41 78 14 51 88 24 61
// buffer: out = 0 x 16
// after: out = 11 59 144 165 223 318 349 417 421 462 540 554 605 693 717 778

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
var<workgroup> sums: array<u32, 16>;

@compute @workgroup_size(16)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    sums[i] = a[i];
    workgroupBarrier();
    for (var step = 1u; step < 16u; step *= 2u) {
        var left = 0u;
        if i >= step { left = sums[i - step]; }
        workgroupBarrier();
        sums[i] += left;
        workgroupBarrier();
    }
    out[i] = sums[i];
}
