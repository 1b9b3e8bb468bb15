// expect: refused: floating point

@group(0) @binding(0) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[0] = pack4x8unorm(vec4(1.0, 0.5, 0.0, 0.0));
}
