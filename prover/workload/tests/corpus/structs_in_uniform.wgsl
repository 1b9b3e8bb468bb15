// feature: structs: uniform layout
// expect: ok
// workgroups: 8 1 1
// buffer: params = 3 90 91 92 1 2 3 4 5 6 7 8 4294967295 4294967294 4294967293 10
// buffer: out = 0 x 8
// after: out = 12 14 16 21 23 25 30 32

struct Params { scale: u32, @align(16) offsets: array<vec4<u32>, 2>, small: vec3<i32>, last: i32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    out[i] = params.scale * params.offsets[i / 4u][i % 4u] + u32(params.small[i % 3u] + params.last);
}
