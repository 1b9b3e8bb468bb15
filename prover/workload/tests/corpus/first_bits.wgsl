// feature: `firstLeadingBit`, `firstTrailingBit`
// expect: ok
// workgroups: 15 1 1
// buffer: a = 0 1 2 5 31 32 255 2147483647 2147483648 4294967294 4294967295 192 305419896 4042322160 65536
// buffer: out = 0 x 15
// after: out = 72286143 1175552 69058625 3698690 4321284 341176645 913415 31580190 2111862751 68440159 4293935135 410001799 230953180 296747295 3204183056

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let v = vec2(a[id.x], a[14u - id.x]);
    let first = firstLeadingBit(v) + firstTrailingBit(v) * 64u;
    let signed = firstLeadingBit(bitcast<i32>(v.x)) + 64 * firstTrailingBit(bitcast<i32>(v.x));
    out[id.x] = first.x ^ (first.y << 12u) ^ u32(signed << 20u);
}
