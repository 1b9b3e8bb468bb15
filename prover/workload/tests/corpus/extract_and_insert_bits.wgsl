// feature: `extractBits`, `insertBits`
// expect: ok
// workgroups: 11 1 1
// buffer: ranges = 0 0 0 32 0 40 5 7 31 1 31 9 32 0 32 5 99 99 16 16 4 0
// buffer: out = 0 x 33
// after: out = 0 0 3735928559 3735928559 3735928559 305419896 3735928559 3735928559 305419896 119 4294967287 3735928591 1 4294967295 1588444911 1 4294967295 1588444911 0 0 3735928559 0 0 3735928559 0 0 3735928559 57005 4294958765 1450753775 0 0 3735928559

@group(0) @binding(0) var<storage, read> ranges: array<vec2<u32>>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let r = ranges[id.x];
    let x = 0xdeadbeefu;
    var o = 3u * id.x;
    out[o] = extractBits(x, r.x, r.y);
    out[o + 1u] = bitcast<u32>(extractBits(bitcast<i32>(x), r.x, r.y));
    out[o + 2u] = insertBits(x, 0x12345678u, r.x, r.y);
}
