// feature: `switch`: selectors, default anywhere, `break`
// expect: ok
// workgroups: 11 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295
// buffer: out = 0 x 11
// after: out = 11 11 21 55 62 63 286 2147483678 2147483679 29 30

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
fn f(x: u32) -> u32 {
    var r = 0u;
    switch x {
        case 0u, 1u: { r = 10u; }
        default: { r = x + 30u; if x == 31u { break; } r += 0u; }
        case 2u: { r = 20u; }
        case 5u: { return 55u; }
    }
    return r + 1u;
}

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[id.x] = f(a[id.x]);
}
