// expect: ok
// workgroups: 2 2 1
// buffer: size = 4 4
// buffer: cells = 0 1 0 0 0 0 1 0 1 1 1 0 0 0 0 0
// buffer: next = 0 x 16
// after: next = 0 0 0 0 1 0 1 1 0 1 1 1 1 0 1 0

struct Size { width: u32, height: u32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> cells: array<u32>;
@group(0) @binding(2) var<storage, read_write> next: array<u32>;
fn alive(p: vec2<i32>) -> u32 {
    let s = vec2<i32>(i32(size.width), i32(size.height));
    let w = (p + s) % s;
    return cells[w.y * s.x + w.x];
}

@compute @workgroup_size(2, 2)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let p = vec2<i32>(id.xy);
    var n = 0u;
    for (var y = -1; y <= 1; y++) { for (var x = -1; x <= 1; x++) { if any(vec2(x, y) != vec2(0)) { n += alive(p + vec2(x, y)); } } }
    next[id.y * size.width + id.x] = u32(n == 3u || (n == 2u && alive(p) == 1u));
}
