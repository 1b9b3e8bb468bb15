// feature: loops: `loop`, `continuing`, `break if`, `while`, `for`
// expect: ok
// workgroups: 11 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295
// buffer: out = 0 x 11
// after: out = 0 0 7 2820 2814 2820 22 0 7 7 22

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
fn f(n: u32) -> u32 {
    var r = 0u;
    var i = 0u;
    loop {
        i++;
        if i % 3u == 0u { r += i; continue; }
        var k = n;
        while k != 0u {
            k--;
            if k % 2u == 0u { continue; }
            r = r * 3u + k;
            if r % 7u == 0u { break; }
        }
        continuing { let done = i > n; break if done; }
    }
    for (var z = 0u; z < 0u; z++) { r = 0u; }
    return r;
}

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[id.x] = f(a[id.x] % 9u);
}
