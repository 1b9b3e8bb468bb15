// feature: `reverseBits`
// expect: ok
// workgroups: 15 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295 192 305419896 4042322160 65536
// buffer: out = 0 x 15
// after: out = 2147483648 3221225472 2147483648 3221225472 4227858432 2147483648 4286578688 4294967295 2147483648 2147483648 4294967295 2147483648 2147483648 2147483648 2147483648

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[id.x] = reverseBits(a[id.x]) ^ bitcast<u32>(reverseBits(bitcast<i32>(a[id.x]) + 1));
}
