// expect: trap: race
// workgroups: 1 1 1
// buffer: c = 0
// buffer: out = 0 0

@group(0) @binding(0) var<storage, read_write> c: atomic<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(2)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    atomicAdd(&c, 1u);
    out[i] = atomicLoad(&c);
}
