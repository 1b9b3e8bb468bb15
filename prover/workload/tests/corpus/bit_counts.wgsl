// feature: `countOneBits`, `countLeadingZeros`, `countTrailingZeros`
// expect: ok
// workgroups: 15 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295 192 305419896 4042322160 65536
// buffer: out = 0 x 15
// after: out = 64323200 32003101 32013001 31002902 32002705 32052601 32002408 32000131 32310001 32010031 32000032 32062402 19030313 20040016 32161501

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = a[id.x];
    let i = bitcast<i32>(x);
    out[id.x] = countOneBits(x) + 100u * countLeadingZeros(x) + 10000u * countTrailingZeros(x)
        + u32(countOneBits(i) + countLeadingZeros(i) + countTrailingZeros(i)) * 1000000u;
}
