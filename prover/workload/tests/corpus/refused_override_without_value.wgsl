// expect: refused: the constant `n`: the WGSL gives this `override` no value

override n: u32;
@group(0) @binding(0) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[0] = n;
}
