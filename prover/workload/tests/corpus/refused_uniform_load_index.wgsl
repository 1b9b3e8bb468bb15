// expect: refused: `workgroupUniformLoad` at an index that may differ

@group(0) @binding(0) var<storage, read_write> out: array<u32>;
var<workgroup> n: array<u32, 4>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    out[i] = workgroupUniformLoad(&n[i]);
}
