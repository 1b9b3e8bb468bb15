// feature: structs: nested, as values
// expect: ok
// workgroups: 3 1 1
// buffer: a = 1 3 5
// buffer: out = 0 0 0
// after: out = 23077 42101 68131

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
struct Inner { x: u32, flag: bool, y: vec2<u32> }
struct Outer { inner: Inner, rest: array<u32, 3> }
fn make(x: u32) -> Outer { return Outer(Inner(x, x > 2u, vec2(x + 1u, x + 2u)), array(x, x * x, 7u)); }
fn sum(o: Outer) -> u32 { return o.inner.x + u32(o.inner.flag) + o.inner.y.x + o.inner.y.y + o.rest[0] + o.rest[1] + o.rest[2]; }

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var o = make(a[id.x]);
    let before = sum(o);
    o.inner.y.x = 50u;
    o.rest[1] = before;
    let copy = o;
    o.inner = Inner();
    out[id.x] = sum(o) * 1000u + sum(copy);
}
