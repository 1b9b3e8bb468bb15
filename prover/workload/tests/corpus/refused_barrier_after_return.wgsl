// expect: refused: a barrier in control flow that may differ

@group(0) @binding(0) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x > 5u { return; }
    workgroupBarrier();
    out[id.x] = 1u;
}
