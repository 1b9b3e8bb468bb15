// feature: `i32` arithmetic
// expect: ok
// workgroups: 11 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295
// buffer: out = 0 x 11
// after: out = 0 4294967293 4294967290 4294967286 4294967228 4294967230 4294966719 3796444303 1648960661 4294967287 4294967291

@group(0) @binding(0) var<storage, read> a: array<i32>;
@group(0) @binding(1) var<storage, read_write> out: array<i32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = a[id.x];
    var r = -x * 3;
    r += x / -7;
    r -= x % 5;
    r ^= x >> 3u;
    if x < 0 { out[id.x] = r; } else { out[id.x] = r + abs(x); }
}
