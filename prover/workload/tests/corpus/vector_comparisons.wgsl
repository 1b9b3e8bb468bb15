// feature: vectors: `any`, `all`, `select`, `dot`
// expect: ok
// workgroups: 1 1 1
// buffer: a = 1 4 9
// buffer: out = 0 x 6
// after: out = 10 70 71 9 9 5

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let v = vec3<u32>(a[0], a[1], a[2]);
    let small = v < vec3(5u);
    let flags = !small | (v == vec3(1u, 1u, 1u));
    out[0] = u32(all(small)) + 2u * u32(any(small)) + 4u * u32(all(flags)) + 8u * u32(any(flags.yz));
    let picked = select(v, vec3(70u, 71u, 72u), small);
    out[1] = picked.x; out[2] = picked.y; out[3] = picked.z;
    let both = select(v, v.zyx, a[0] == 1u);
    out[4] = both.x;
    let words = vec3<u32>(flags);
    out[5] = words.x + 2u * words.y + 4u * words.z;
}
