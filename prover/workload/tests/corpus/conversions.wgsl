// feature: conversions and `bitcast`
// expect: ok
// workgroups: 11 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295
// buffer: out = 0 x 11
// after: out = 1 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = a[id.x];
    let i = i32(x);
    out[id.x] = u32(i) ^ bitcast<u32>(bitcast<i32>(x)) ^ u32(bool(i)) ^ u32(i32(true)) ^ x;
}
