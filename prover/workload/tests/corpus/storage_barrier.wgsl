// feature: `storageBarrier`
// expect: ok
// workgroups: 1 1 1
// buffer: a = 11 48 85 21
// buffer: out = 0 0 0 0
// after: out = 118 266 212 64

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    out[i] = a[i] * 2u;
    storageBarrier();
    let next = out[(i + 1u) % 4u];
    storageBarrier();
    out[i] += next;
}
