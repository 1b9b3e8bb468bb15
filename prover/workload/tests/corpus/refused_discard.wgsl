// expect: refused: invalid WGSL

@group(0) @binding(0) var<storage, read_write> out: array<u32>;
fn f() { discard; }

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    f();
    out[0] = 1u;
}
