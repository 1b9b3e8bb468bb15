@group(0) @binding(0) var<storage, read_write> out: array<u32>;
var<workgroup> w: array<u32, 2>;
@compute @workgroup_size(3)
fn main(@builtin(local_invocation_id) id: vec3<u32>) {
    var t: array<vec2<i32>, 3>;
    t[out[0]].x = 1;
    w[id.x] = 1u;
    loop { out[id.x + 5u] += u32(t[id.x][out[1]]); }
}
