// feature: `switch`: many cases
// expect: ok
// workgroups: 12 1 1
// buffer: a = 0 1 2 3 4 5 6 7 8 9 10 11
// buffer: out = 0 x 12
// after: out = 107 94 714 14 6 1 111 108 7 109 110 99

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
fn f(op: u32, x: u32, y: u32) -> u32 {
    switch op {
        case 0u: { return x + y; } case 1u: { return x - y; } case 2u: { return x * y; }
        case 3u: { return x / y; } case 4u: { return x % y; } case 5u: { return x & y; }
        case 6u: { return x | y; } case 7u: { return x ^ y; } case 8u: { return min(x, y); }
        case 9u, 10u: { return max(x, y); }
        default: { return 99u; }
    }
}

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[id.x] = f(a[id.x], 100u + id.x, 7u);
}
