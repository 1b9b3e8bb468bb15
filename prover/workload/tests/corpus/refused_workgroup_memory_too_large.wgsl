// expect: refused: too large: more than 4096 words in all workgroup variables

@group(0) @binding(0) var<storage, read_write> out: array<u32>;
var<workgroup> w: array<vec4<u32>, 1025>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    w[0].x = 1u;
    out[0] = w[0].x;
}
