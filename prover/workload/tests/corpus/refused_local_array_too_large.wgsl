// expect: refused: words in a local variable

@group(0) @binding(0) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var t: array<u32, 5000>;
    t[id.x] = 1u;
    out[0] = t[0];
}
