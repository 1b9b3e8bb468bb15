// Product of two integer matrices, row by row: c (m × n) = a (m × k) · b (k × n). One element per invocation.

struct Shape {
    m: u32,
    n: u32,
    k: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> a: array<i32>;
@group(0) @binding(2) var<storage, read> b: array<i32>;
@group(0) @binding(3) var<storage, read_write> c: array<i32>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.y;
    let column = id.x;
    if row >= shape.m || column >= shape.n {
        return;
    }
    var sum = 0i;
    for (var i = 0u; i < shape.k; i++) {
        sum += a[row * shape.k + i] * b[i * shape.n + column];
    }
    c[row * shape.n + column] = sum;
}
