// expect: trap: out of bounds
// workgroups: 1 1 1
// buffer: points = 0 x 8

@group(0) @binding(0) var<storage, read_write> points: array<vec4<u32>>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    points[id.x + 0x40000000u].x = 1u;
}
