// expect: trap: out of bounds
// workgroups: 5 1 1
// buffer: grid = 0 x 16

@group(0) @binding(0) var<storage, read_write> grid: array<array<u32, 4>, 4>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    grid[0][id.x] = 1u;
}
