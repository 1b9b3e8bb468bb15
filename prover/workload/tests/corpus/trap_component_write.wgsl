// expect: trap: out of bounds
// workgroups: 1 1 1
// buffer: a = 1 2 3 7
// buffer: out = 0

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var v = vec3(a[0], a[1], a[2]); v[a[3]] = 5u; out[0] = v.x;
}
