// expect: ok
// workgroups: 1 1 1
// buffer: a = 4294967288 4294967289 4294967290 4294967291 4294967292 4294967293 4294967294 4294967295 0 1 2 3 4 5 6 7
// buffer: b = 4294967276 4294967277 4294967280 4294967285 4294967292 5 16 29 44 61 80 101 124 149 176 205
// buffer: c = 0 x 16
// after: c = 4294966600 4294966302 4294965952 4294965550 4294967176 4294967086 4294966976 4294966846 456 574 704 846 1032 1358 1728 2142

struct Matrix { rows: array<vec4<i32>, 4> }
@group(0) @binding(0) var<storage, read> a: Matrix;
@group(0) @binding(1) var<storage, read> b: Matrix;
@group(0) @binding(2) var<storage, read_write> c: Matrix;

@compute @workgroup_size(4, 4)
fn main(@builtin(local_invocation_id) id: vec3<u32>) {
    let column = vec4(b.rows[0][id.x], b.rows[1][id.x], b.rows[2][id.x], b.rows[3][id.x]);
    c.rows[id.y][id.x] = dot(a.rows[id.y], column);
}
