// feature: shifts
// expect: ok
// workgroups: 11 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295
// buffer: out = 0 x 33
// after: out = 0 0 0 32 0 0 2048 0 0 163840 0 0 32505856 0 0 1073741824 0 0 3221225472 0 0 4294967288 268435455 268435455 0 8388608 4286578688 4294950912 524287 4294967295 4294705152 16383 4294967295

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = a[id.x];
    let n = id.x * 5u;
    out[id.x * 3u] = x << n;
    out[id.x * 3u + 1u] = x >> n;
    out[id.x * 3u + 2u] = bitcast<u32>(bitcast<i32>(x) >> n);
}
