// feature: vectors: swizzles and component writes
// expect: ok
// workgroups: 1 1 1
// buffer: a = 1 2 3 4
// buffer: out = 0 x 5
// after: out = 3 101 1 13 10

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let v = vec4<u32>(a[0], a[1], a[2], a[3]);
    let p = v.zyx;
    let q = v.rg.yxyx;
    var r = vec4(p, 9u);
    r.y = q.w + 100u;
    r.w += v.abgr.x;
    out[0] = r.x; out[1] = r.y; out[2] = r.z; out[3] = r.w;
    out[4] = dot(v.xyz, p);
}
