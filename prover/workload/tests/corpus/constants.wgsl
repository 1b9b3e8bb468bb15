// feature: `const`, `alias`, `const_assert`
// expect: ok
// workgroups: 4 1 1
// buffer: out = 0 0 0 0
// after: out = 47 52 67 51

@group(0) @binding(0) var<storage, read_write> out: array<u32>;
const N = 4u;
const M: i32 = -3 * 7;
const V = vec3(1u, 2u, 3u) * N;
struct S { a: u32, b: vec2<i32> }
const T = S(N << 2u, vec2(M, 5));
alias Row = array<u32, N>;
const ROW = Row(1u, 2u, 3u, N + 1u);
const_assert N == 4u;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    const LOCAL = ROW[1] + V.y;
    var r = Row();
    r[2] = LOCAL;
    out[id.x] = ROW[id.x] + V[id.x % 3u] + T.a + u32(T.b.y - T.b.x) + r[id.x];
}
