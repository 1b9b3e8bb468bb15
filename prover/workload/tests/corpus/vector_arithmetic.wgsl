// feature: vectors: construction and arithmetic
// expect: ok
// workgroups: 1 1 1
// buffer: a = 10 200 3000 4294967295
// buffer: out = 0 x 7
// after: out = 74 2 75 8 4294967293 4294967032 1620

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let v = vec4<u32>(a[0], a[1], a[2], a[3]);
    let w = v * 2u + vec4(1u, 2u, 3u, 4u);
    let t = (w ^ v.wzyx) % 100u;
    out[0] = t.x; out[1] = t.y; out[2] = t.z; out[3] = t.w;
    let i = -vec2<i32>(v.xy) / 3;
    out[4] = bitcast<u32>(i.x);
    out[5] = u32(i.y << 2u);
    let shifted = v.xy << vec2(1u, 3u);
    out[6] = shifted.x + shifted.y;
}
