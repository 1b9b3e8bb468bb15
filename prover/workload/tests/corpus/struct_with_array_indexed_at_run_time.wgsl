// expect: ok
// workgroups: 3 1 1
// buffer: a = 1 2 3
// buffer: out = 0 0 0
// after: out = 6108 3608 4608

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
struct State { sum: u32, ring: array<u32, 4>, last: vec2<u32> }

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var s: State;
    for (var i = 0u; i < 10u; i++) {
        s.ring[(i * a[id.x]) % 4u] += i;
        s.sum += s.ring[i % 4u];
        s.last = vec2(s.last.y, i);
    }
    out[id.x] = s.sum * 100u + s.last.x;
}
