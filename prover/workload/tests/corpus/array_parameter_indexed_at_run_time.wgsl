// expect: ok
// workgroups: 4 1 1
// buffer: a = 10 20
// buffer: out = 0 0 0 0
// after: out = 16 45 45 16

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
fn at(t: array<u32, 4>, i: u32) -> u32 { return t[i]; }

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let t = array(a[0], a[1] * 2u, 5u, 6u);
    out[id.x] = at(t, id.x) + t[3u - id.x];
}
