@group(0) @binding(0) var<uniform> u: vec4<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32, 4>;
@compute @workgroup_size(1)
fn main() {
    let v = countOneBits(u) ^ reverseBits(u) ^ firstLeadingBit(u) ^ firstTrailingBit(u);
    let s = bitcast<vec4<i32>>(v);
    let w = extractBits(s, u.x, u.y % 9u) + clamp(s, vec4(-9), vec4(9)) + sign(s) * abs(s);
    out[0] = pack4xI8Clamp(w) + pack4xU8(v) + dot4U8Packed(u.x, u.y);
    out[1] = insertBits(u.x, u.y, u.z, 7u) / (u.w % 3u) + (u.x << (u.y & 31u));
    out[2] = u32(dot4I8Packed(u.z, u.w)) + dot(v, u) + unpack4xU8(u.x).y;
    out[u.x % 4u] = u32(any(v == u) && !all(s >= w)) + (v % u).z;
}
