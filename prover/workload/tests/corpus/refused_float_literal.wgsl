// expect: refused: floating point (`f32`); use fixed-point arithmetic

@group(0) @binding(0) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = 1.5;
    out[0] = u32(x);
}
