// expect: ok
// workgroups: 1 1 1
// buffer: data = 11 48 85 21 58 95 31 68 4 41 78 14 51 88 24 61
// after: data = 4 11 14 21 24 31 41 48 51 58 61 68 78 85 88 95

@group(0) @binding(0) var<storage, read_write> data: array<u32, 16>;
var<workgroup> v: array<u32, 16>;

@compute @workgroup_size(16)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    v[i] = data[i];
    workgroupBarrier();
    for (var size = 2u; size <= 16u; size <<= 1u) {
        for (var stride = size >> 1u; stride > 0u; stride >>= 1u) {
            let other = i ^ stride;
            let mine = v[i];
            let theirs = v[other];
            workgroupBarrier();
            let ascending = (i & size) == 0u;
            v[i] = select(max(mine, theirs), min(mine, theirs), (i < other) == ascending);
            workgroupBarrier();
        }
    }
    data[i] = v[i];
}
