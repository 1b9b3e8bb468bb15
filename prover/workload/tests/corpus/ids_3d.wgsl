// feature: built-in ids in three dimensions
// expect: ok
// workgroups: 2 1 2
// buffer: out = 0 x 24
// after: out = 40000 40100 1040001 1040101 1040002 1040102 2040003 2040103 2040004 2040104 3040005 3040105 40200 40300 1040201 1040301 1040202 1040302 2040203 2040303 2040204 2040304 3040205 3040305

@group(0) @binding(0) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1, 2, 3)
fn main(
    @builtin(global_invocation_id) global: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let size = groups * vec3(1u, 2u, 3u);
    let flat = global.x + size.x * (global.y + size.y * global.z);
    let workgroup = group.x + groups.x * (group.y + groups.y * group.z);
    out[flat] = index + 100u * workgroup + 10000u * (groups.x * groups.y * groups.z) + 1000000u * dot(local, vec3(1u));
}
