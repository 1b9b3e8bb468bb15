// feature: division by zero and overflow
// expect: ok
// workgroups: 1 1 1
// buffer: a = 0 4294967295 2147483648
// buffer: out = 0 x 6
// after: out = 7 0 2147483648 0 3 4294967295

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let zero = a[0];
    let minus = bitcast<i32>(a[1]);
    let lowest = bitcast<i32>(a[2]);
    out[0] = 7u / zero;
    out[1] = 7u % zero;
    out[2] = bitcast<u32>(lowest / minus);
    out[3] = bitcast<u32>(lowest % minus);
    out[4] = bitcast<u32>(-7 / (minus - 1));
    out[5] = bitcast<u32>(-7 % (minus - 1));
}
