// expect: trap: race
// workgroups: 2 1 1
// buffer: out = 0 0

@group(0) @binding(0) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    if group.x == 0u { out[0] = i; }
    storageBarrier();
    if group.x == 1u { out[1] = out[0]; }
}
