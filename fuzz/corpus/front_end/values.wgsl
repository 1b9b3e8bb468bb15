struct Inner { v: vec3<i32>, b: bool }
struct Outer { inner: Inner, list: array<vec2<u32>, 3> }
struct Cell { @align(16) k: u32, @size(16) w: vec2<i32> }
@group(0) @binding(0) var<storage, read_write> cells: array<Cell>;
const K = array(3u, 1u, 4u, 1u, 5u);
override scale: u32 = 2;
var<private> p: Outer;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let c = cells[id.x];
    p.inner.v = vec3(c.w, -1).zyx * 2;
    p.inner.b = all(p.inner.v < vec3(5));
    p.list[c.k % 3u] = select(vec2(c.k), vec2(7u), p.inner.b);
    var o = p;
    o.list[1].y = K[c.k % 5u] * scale;
    let q = &o.list[1];
    cells[id.x].w = bitcast<vec2<i32>>((*q).yx + dot(o.list[0], *q));
    cells[id.x].k = arrayLength(&cells);
}
