// expect: ok
// workgroups: 2 1 1
// buffer: out = 5 x 8
// after: out = 0 x 8

@group(0) @binding(0) var<storage, read_write> out: array<u32>;
var<workgroup> w: array<u32, 4>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    out[4u * group.x + i] = w[i];
    w[i] = 9u;
}
