// expect: refused: invalid WGSL

@group(0) @binding(0) var<storage, read_write> out: array<u32>;
fn f(x: u32) -> u32 { if x == 0u { return 0u; } return f(x - 1u); }

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[0] = f(3u);
}
