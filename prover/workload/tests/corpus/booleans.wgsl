// feature: `bool` and short circuits
// expect: ok
// workgroups: 11 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295
// buffer: out = 0 x 11
// after: out = 4 2 6 7 7 2 7 7 2 2 7

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = a[id.x];
    let p = x > 4u;
    let q = (x & 1u) == 1u;
    var r = (p && !q) || (q != (p & q));
    r = r != (p | q);
    out[id.x] = u32(r) + 2u * u32(bool(x)) + select(0u, 4u, p == q);
}
