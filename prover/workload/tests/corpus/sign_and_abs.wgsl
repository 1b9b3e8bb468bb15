// feature: `sign`, `abs`, `min`, `max`, `clamp`
// expect: ok
// workgroups: 11 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295
// buffer: out = 0 x 11
// after: out = 18 24 27 36 110 113 782 2147483662 2147483649 13 14

@group(0) @binding(0) var<storage, read> a: array<i32>;
@group(0) @binding(1) var<storage, read_write> out: array<i32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = a[id.x];
    out[id.x] = sign(x) * 3 + abs(x) + i32(abs(u32(x))) + max(x, 9) - min(x, -9) + clamp(x, -5, 5);
}
