// feature: built-in ids in two dimensions
// expect: ok
// workgroups: 2 3 1
// buffer: out = 0 x 24
// after: out = 60000 1060001 60100 1060101 1060002 2060003 1060102 2060103 60200 1060201 60300 1060301 1060202 2060203 1060302 2060303 60400 1060401 60500 1060501 1060402 2060403 1060502 2060503

@group(0) @binding(0) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(2, 2, 1)
fn main(
    @builtin(global_invocation_id) global: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let size = groups * vec3(2u, 2u, 1u);
    let flat = global.x + size.x * (global.y + size.y * global.z);
    let workgroup = group.x + groups.x * (group.y + groups.y * group.z);
    out[flat] = index + 100u * workgroup + 10000u * (groups.x * groups.y * groups.z) + 1000000u * dot(local, vec3(1u));
}
