@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@group(0) @binding(2) var<storage, read_write> totals: array<atomic<u32>, 4>;
var<workgroup> w: array<u32, 8>;
var<workgroup> most: atomic<i32>;
var<workgroup> rounds: u32;
@compute @workgroup_size(4, 2)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) g: vec3<u32>) {
    if i == 0u { rounds = a[g.x] % 4u; }
    w[i] = a[i % 2u];
    atomicMax(&most, i32(w[i]));
    let n = workgroupUniformLoad(&rounds);
    for (var k = 0u; k < n; k++) {
        let other = w[(i + 1u) % 8u];
        workgroupBarrier();
        w[i] += other;
        workgroupBarrier();
    }
    atomicAdd(&totals[w[i] % 4u], 1u);
    out[8u * g.x + i] = w[7u - i] + u32(atomicLoad(&most));
    storageBarrier();
}
