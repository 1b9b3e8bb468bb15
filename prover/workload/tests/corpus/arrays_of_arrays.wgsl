// feature: arrays of arrays
// expect: ok
// workgroups: 1 1 1
// buffer: a = 10 20 30 1
// buffer: out = 0 0 0 0
// after: out = 16 25 34 2

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
const TABLE = array(array(1u, 2u, 3u), array(4u, 5u, 6u));

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var grid: array<array<u32, 3>, 2>;
    grid[1] = array(a[0], a[1], a[2]);
    for (var i = 0u; i < 2u; i++) {
        for (var j = 0u; j < 3u; j++) { grid[i][j] += TABLE[i][2u - j]; }
    }
    let row = grid[a[3]];
    out[0] = row[0]; out[1] = row[1]; out[2] = row[2]; out[3] = grid[0][a[3]];
}
