// feature: built-in ids in one dimension
// expect: ok
// workgroups: 3 1 1
// buffer: out = 0 x 12
// after: out = 30000 1030001 2030002 3030003 30100 1030101 2030102 3030103 30200 1030201 2030202 3030203

@group(0) @binding(0) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(4, 1, 1)
fn main(
    @builtin(global_invocation_id) global: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let size = groups * vec3(4u, 1u, 1u);
    let flat = global.x + size.x * (global.y + size.y * global.z);
    let workgroup = group.x + groups.x * (group.y + groups.y * group.z);
    out[flat] = index + 100u * workgroup + 10000u * (groups.x * groups.y * groups.z) + 1000000u * dot(local, vec3(1u));
}
