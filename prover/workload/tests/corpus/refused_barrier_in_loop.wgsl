// expect: refused: a barrier in control flow that may differ

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    for (var k = 0u; k < a[i]; k++) { storageBarrier(); }
    out[i] = i;
}
