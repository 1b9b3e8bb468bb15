// feature: workgroup structs, vectors and truth values
// expect: ok
// workgroups: 1 1 1
// buffer: a = 11 48 85 21
// buffer: out = 0 0 0 0
// after: out = 7125 7188 7050 7012

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
struct Cell { lo: u32, pair: vec2<i32>, on: bool }
var<workgroup> cells: array<Cell, 4>;
var<workgroup> total: vec3<u32>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    cells[i] = Cell(a[i], vec2(i32(i), -1), i > 1u);
    if i == 3u { total.z = 7u; }
    workgroupBarrier();
    let c = cells[3u - i];
    out[i] = c.lo + u32(c.pair.x - c.pair.y) + 100u * u32(c.on) + 1000u * total.z + total.x;
}
