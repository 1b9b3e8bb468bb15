// expect: refused: `workgroupUniformLoad` in control flow that may differ

@group(0) @binding(0) var<storage, read_write> out: array<u32>;
var<workgroup> n: u32;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    if i == 0u { out[0] = workgroupUniformLoad(&n); }
}
