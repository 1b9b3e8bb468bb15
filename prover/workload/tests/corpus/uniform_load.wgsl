// feature: `workgroupUniformLoad`
// expect: ok
// workgroups: 2 1 1
// buffer: a = 3 6
// buffer: out = 0 x 8
// after: out = 408 407 406 409 305 303 305 307

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
var<workgroup> n: u32;
var<workgroup> range: vec2<i32>;
var<workgroup> w: array<u32, 4>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    if i == 2u { n = a[group.x] % 4u; range = vec2(-1, i32(n)); }
    let rounds = workgroupUniformLoad(&n);
    let r = workgroupUniformLoad(&range);
    for (var k = 0u; k < rounds; k++) {
        w[(i + k) % 4u] += i + 1u;
        workgroupBarrier();
    }
    out[4u * group.x + i] = w[i] + 100u * u32(r.y - r.x);
}
