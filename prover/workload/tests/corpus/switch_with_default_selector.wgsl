// expect: ok
// workgroups: 11 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295
// buffer: out = 0 x 11
// after: out = 1 1 2 1 1 1 1 3 1 1 1

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
fn f(x: i32) -> i32 {
    switch x { case -1, default, 7: { return 1; } case 2: { return 2; } case 0x7fffffff: { return 3; } }
}

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[id.x] = u32(f(i32(a[id.x])));
}
