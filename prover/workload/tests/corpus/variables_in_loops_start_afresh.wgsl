// expect: ok
// workgroups: 2 1 1
// buffer: a = 0 1
// buffer: out = 9 9
// after: out = 0 0

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var sum = 0u;
    for (var i = 0u; i < 3u; i++) {
        var v: vec3<u32>;
        var t: array<vec2<u32>, 2>;
        sum += v.x + v[(a[id.x] + i) % 3u] + t[(a[id.x] + i) % 2u].y;
        v = vec3(100u);
        t[(a[id.x] + i + 1u) % 2u] = vec2(7u);
    }
    out[id.x] = sum;
}
