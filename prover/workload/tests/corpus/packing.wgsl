// feature: `pack4x` and `unpack4x` of integers
// expect: ok
// workgroups: 3 1 1
// buffer: a = 1 4294967294 300 4294966896 127 128 4294967168 4294967167 255 256 4294967295 0
// buffer: out = 0 x 18
// after: out = 1881996801 1881996801 2155871745 4294967041 577 1089 2139127935 2139127935 2155904895 4294934655 4294967291 1275 16711935 16711935 16744319 16777215 4294967292 1020

@group(0) @binding(0) var<storage, read> a: array<vec4<i32>>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let v = a[id.x];
    let o = 6u * id.x;
    out[o] = pack4xI8(v);
    out[o + 1u] = pack4xU8(bitcast<vec4<u32>>(v));
    out[o + 2u] = pack4xI8Clamp(v);
    out[o + 3u] = pack4xU8Clamp(bitcast<vec4<u32>>(v));
    let i = unpack4xI8(pack4xI8(v));
    out[o + 4u] = bitcast<u32>(i.x + 2 * i.y + 3 * i.z + 4 * i.w);
    out[o + 5u] = dot(unpack4xU8(pack4xU8(bitcast<vec4<u32>>(v))), vec4(1u, 2u, 3u, 4u));
}
