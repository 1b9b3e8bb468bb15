@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
fn f(x: u32, p: ptr<function, u32>) -> u32 {
    if x == 0u { return 7u; }
    *p += x;
    switch x % 4u {
        case 0u, 2u: { return *p; }
        case 1u: { *p <<= 1u; }
        default: { break; }
    }
    return *p ^ x;
}
@compute @workgroup_size(2)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var s = 0u;
    var n = a[id.x];
    loop {
        if n == 0u { break; }
        if n % 3u == 1u { n -= 1u; continue; }
        s += f(n, &s);
        continuing { n /= 2u; break if s > 9000u; }
    }
    for (var i = 0u; i < 3u && s != 0u; i++) { s -= 1u; }
    while s > 100u { s >>= 1u; }
    out[id.x] = s;
}
