// Counts the bytes of a text by value: each invocation takes one word, four bytes, and adds to the counts that
// all invocations share.
@group(0) @binding(0) var<storage, read> bytes: array<u32>;
@group(0) @binding(1) var<storage, read_write> counts: array<atomic<u32>, 256>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= arrayLength(&bytes) {
        return;
    }
    for (var shift = 0u; shift < 32u; shift += 8u) {
        let value = (bytes[id.x] >> shift) & 0xffu;
        atomicAdd(&counts[value], 1u);
    }
}
