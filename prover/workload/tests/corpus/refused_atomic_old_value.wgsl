// expect: refused: the old value that an atomic operation gives; it depends on how invocations are scheduled

@group(0) @binding(0) var<storage, read_write> c: atomic<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[atomicAdd(&c, 1u)] = id.x;
}
