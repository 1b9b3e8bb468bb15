// feature: arrays of vectors, with their padding
// expect: ok
// workgroups: 2 1 1
// buffer: points = 1 2 3 0 4 5 6 0
// buffer: out = 0 0
// after: out = 2061 2034

@group(0) @binding(0) var<storage, read> points: array<vec3<u32>>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let n = arrayLength(&points);
    out[id.x] = points[id.x].x + 10u * points[n - 1u - id.x].z + 1000u * n;
}
