// expect: trap: race
// workgroups: 1 1 1
// buffer: a = 0 1 2 4
// buffer: out = 0 0 0 0

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
var<workgroup> w: array<u32, 4>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    w[i] = a[i];
    out[i] = w[3u - i];
}
