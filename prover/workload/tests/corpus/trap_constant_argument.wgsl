// expect: trap: out of bounds
// workgroups: 1 1 1
// buffer: out = 0

@group(0) @binding(0) var<storage, read_write> out: array<u32>;
fn at(i: u32) -> u32 { let t = array(1u, 2u, 3u); return t[i]; }

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[0] = at(7u);
}
