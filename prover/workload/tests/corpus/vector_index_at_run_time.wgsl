// feature: vectors: components chosen at run time
// expect: ok
// workgroups: 1 1 1
// buffer: a = 11 12 13 14 2
// buffer: out = 0 x 5
// after: out = 1 2 114 9 15

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let v = vec4<u32>(a[0], a[1], a[2], a[3]);
    var w = vec3<u32>(1u, 2u, 3u);
    let i = a[4];
    w[i] = v[i + 1u];
    w[i] += 100u;
    const K = vec4(7u, 8u, 9u, 10u);
    out[0] = w.x; out[1] = w.y; out[2] = w.z; out[3] = K[i];
    out[4] = v[2] + w[1];
}
