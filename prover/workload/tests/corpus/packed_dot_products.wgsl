// feature: `dot4U8Packed`, `dot4I8Packed`
// expect: ok
// workgroups: 3 1 1
// buffer: a = 16909060 84281096 4286578815 2164227841 4294967295 4294967295
// buffer: out = 0 x 6
// after: out = 70 70 65407 383 260100 4

@group(0) @binding(0) var<storage, read> a: array<vec2<u32>>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let v = a[id.x];
    out[2u * id.x] = dot4U8Packed(v.x, v.y);
    out[2u * id.x + 1u] = bitcast<u32>(dot4I8Packed(v.x, v.y));
}
