// expect: refused: floating point (`mat2x2<f32>`)

@group(0) @binding(0) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var m: mat2x2<f32>;
    out[0] = u32(m[0].x);
}
