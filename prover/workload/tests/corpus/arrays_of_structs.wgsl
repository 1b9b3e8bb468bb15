// feature: arrays of structs
// expect: ok
// workgroups: 4 1 1
// buffer: a = 0 1 2 3
// buffer: out = 0 0 0 0
// after: out = 10 21 18 12

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
struct Pair { key: u32, value: i32 }
const PAIRS = array(Pair(3u, -1), Pair(5u, -2), Pair(7u, -3));

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var pairs = array<Pair, 4>();
    for (var i = 0u; i < 3u; i++) { pairs[i + 1u] = PAIRS[2u - i]; pairs[i].key *= 2u; }
    let p = pairs[a[id.x]];
    out[id.x] = p.key + u32(p.value + 10);
}
