// feature: functions: early return at any depth
// expect: ok
// workgroups: 11 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295
// buffer: out = 0 x 11
// after: out = 55295 55294 33000 2002 55255 55032 1255 1647 1648 1294 1295

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
fn f(x: u32, y: u32) -> vec2<u32> {
    if x > 100u { return vec2(1u, x); }
    for (var i = 0u; i < 10u; i++) {
        if i * i > y { return vec2(i, y); }
        switch i {
            case 3u: { if x == 2u { return vec2(33u, 0u); } }
            case 5u: { if x == 5u { break; } return vec2(55u, y); }
            default: {}
        }
    }
    { if y == 255u { return vec2(7u); } }
    return vec2(2u, 2u);
}

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let r = f(a[id.x], a[10u - id.x]);
    out[id.x] = r.x * 1000u + r.y % 1000u;
}
