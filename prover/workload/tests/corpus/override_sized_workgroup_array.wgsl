// expect: ok
// constant: n = 8
// workgroups: 1 1 1
// buffer: out = 0 x 8
// after: out = 70 60 50 40 30 20 10 0

@group(0) @binding(0) var<storage, read_write> out: array<u32>;
override n: u32 = 4u;
var<workgroup> tile: array<u32, n * 2u>;
@compute @workgroup_size(n)
fn main(@builtin(local_invocation_index) i: u32) {
    tile[i] = i; tile[i + n] = 10u * i;
    workgroupBarrier();
    out[i] = tile[2u * n - 1u - i];
}
