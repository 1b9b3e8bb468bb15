// expect: refused: 64-bit integers (`u64`); use pairs of `u32`

@group(0) @binding(0) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = u64(out[0]);
    out[0] = u32(x >> 3u);
}
