// feature: `u32` arithmetic
// expect: ok
// workgroups: 11 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295
// buffer: out = 0 x 11
// after: out = 8 5 2 4294967288 4294967213 4294967227 4294966691 3512030552 3512030556 2729093801 2729093803

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = a[id.x];
    var r = x * 3u + 7u;
    r ^= x >> 5u;
    r -= x | 16u;
    r += x / 3u;
    r += x % 7u;
    out[id.x] = ~r;
}
