// expect: ok
// workgroups: 3 1 1
// buffer: a = 5 4294967289 4294967196 2 0 3
// buffer: out = 0 x 6
// after: out = 4294967290 4294967288 4294967246 4294967246 0 1

@group(0) @binding(0) var<storage, read> a: array<vec2<i32>>;
@group(0) @binding(1) var<storage, read_write> out: array<vec2<i32>>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let v = a[id.x];
    out[id.x] = clamp(min(v, v.yx) + sign(v), vec2(-50), abs(v));
}
