// feature: `switch` in loops, with `continue`
// expect: ok
// workgroups: 11 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295
// buffer: out = 0 x 11
// after: out = 0 1 12 57 1864 3728 14920 232 464 7458 14920

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
fn f(n: u32) -> u32 {
    var t = 0u;
    var i = 0u;
    loop {
        if i == n { break; }
        switch i % 4u {
            case 0u: { t += 1u; continue; }
            case 1u: { if t > 20u { break; } t += 5u; }
            case 2u: { for (var j = 0u; j < 3u; j++) { if j == 1u { continue; } t += j; } }
            default: {}
        }
        t *= 2u;
        continuing { i++; }
    }
    return t;
}

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[id.x] = f(a[id.x] % 20u);
}
